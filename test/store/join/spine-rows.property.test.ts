/** Rows of a spine come out as they went in, and by user and time, in memory and in scratch files alike. */
import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpineRows } from '../../../src/store/join/spine-rows.js';
import type { SpineRow } from '../../../src/store/join/rows-of-spine.js';

const text = fc.oneof(fc.constantFrom('a', 'b', 'ü', '\ud800', 'a\u0000'), fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }));
const row: fc.Arbitrary<SpineRow> = fc.record({
  line: fc.integer({ min: 1, max: 9 }),
  userId: text,
  asOfMs: fc.oneof(fc.constantFrom(0, 5), fc.integer({ min: 0, max: 253_402_300_799_999 })),
  decisionId: fc.oneof(fc.constant(''), text),
  others: fc.oneof(fc.constant(null), fc.constantFrom('{"a":1.0}', '{"b":"\\ud800"}')),
  known: fc.constantFrom(null, '{"tip.served":3}'),
});

function inFolder<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-rows-'));
  try {
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('the rows of a spine', () => {
  it('are all answered, by user and by time, and come back in their order', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.nat({ max: 40 }), fc.nat({ max: 5 }), (rows, mostHeld, every) =>
        inFolder((directory) => {
          const kept = new SpineRows(() => directory, mostHeld);
          for (const each of rows) kept.add(each);
          expect(readdirSync(directory).length > 0).toBe(rows.length > mostHeld);

          const timed = [...kept.byUserAndTime()];
          expect(timed.map(({ seq }) => seq).sort((a, b) => a - b)).toHaveLength(rows.length);
          const users = timed.map(({ userId }) => userId).filter((user, i, all) => user !== all[i - 1]);
          expect(new Set(users).size).toBe(users.length);
          timed.forEach((each, i) => {
            const before = timed[i - 1];
            if (before?.userId === each.userId) expect(before.asOfMs).toBeLessThanOrEqual(each.asOfMs);
          });
          timed.forEach(({ seq, userId, asOfMs }, i) => i % (every + 1) === 0 || kept.answer(seq, [userId, asOfMs, null]));

          const out = [...kept.inOrder()];
          expect(out.map(({ features: _features, ...given }) => given)).toEqual(rows);
          expect(out.filter(({ features }) => features !== null)).toHaveLength(timed.filter((_, i) => i % (every + 1) !== 0).length);
          for (const { features, userId, asOfMs } of out) if (features !== null) expect(features).toEqual([userId, asOfMs, null]);
          expect([...kept.before(5)].map(({ line, userId }) => [line, userId])).toEqual(
            rows.filter(({ asOfMs }) => asOfMs < 5).map(({ line, userId }) => [line, userId]),
          );
          kept.close();
        }),
      ),
      { numRuns: 150 },
    );
  });

  it('of one user at one time, more than are read at once, are each there once', () => {
    inFolder((directory) => {
      const kept = new SpineRows(() => directory, 0);
      const rows = 5_000;
      for (let line = 1; line <= rows; line++) kept.add({ line, userId: 'a', asOfMs: 7, decisionId: '', others: null, known: null });
      const seqs = [...kept.byUserAndTime()].map(({ seq }) => seq);
      expect(new Set(seqs).size).toBe(rows);
      for (const seq of seqs) kept.answer(seq, [seq]);
      expect([...kept.inOrder()].every(({ line, features }) => features?.[0] === line)).toBe(true);
      kept.close();
    });
  });
});
