/** A rebuild changes nothing unless it swaps, and goes on where it was ended. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/fault-points.js';
import { currentGeneration } from '../../src/store/directory/layout.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { traffic } from '../support/embedded/traffic.js';
import { plant, verified } from '../support/planted-state.js';
import { answersOf, deadLetters, liveContents, NOW, request, withHistory } from '../support/rebuild-history.js';
import { rebuilt } from '../support/rebuilds.js';

function plantNew(embedded: EmbeddedService, sql: string): void {
  const live = readFileSync(join(embedded.directory, 'state', 'CURRENT'), 'utf8');
  writeFileSync(join(embedded.directory, 'state', 'CURRENT'), 'gen-000002\n');
  try {
    for (const user of ['user-0', 'user-1', 'user-2', 'user-3', 'user-4']) plant(embedded, user, sql);
  } finally {
    writeFileSync(join(embedded.directory, 'state', 'CURRENT'), live);
  }
}

describe('a rebuild that is ended', () => {
  it('at any batch goes on from there, and says so', async () => {
    const embedded = await withHistory();
    const before = liveContents(embedded);
    const notes: string[] = [];
    const runs: number[] = [];
    for (let done = false; !done; ) {
      const abort = new AbortController();
      let left = 12;
      const at = (point: FaultPoint) => {
        if (point === 'rebuild: batch committed' && --left === 0) abort.abort('SIGINT');
      };
      runs.push(notes.length);
      await rebuilt(embedded, { batchRecords: 20, signal: abort.signal, at, notes, dryRun: true }).then(
        () => (done = true),
        (error: unknown) => expect(error).toBe('SIGINT'),
      );
      expect(liveContents(embedded)).toEqual(before);
      expect(currentGeneration(embedded.directory)).toBe('gen-000001');
    }
    expect(runs.length).toBeGreaterThan(4);
    const shares = notes.map((note) => Number(/^resuming gen-000002 at (\d+) %$/.exec(note)![1]));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeGreaterThan(shares[0]!);
    expect(await rebuilt(embedded, { notes })).toMatchObject({ swapped: true, resumed: true, records: 0 });
    expect(liveContents(embedded)).toEqual(before);
  });

  it.each<FaultPoint>([
    'rebuild: replayed',
    'rebuild: compared',
    'swap: tail folded',
    'swap: carried over',
    'swap: before flip',
    'swap: after flip',
  ])('at "%s" has swapped wholly or not at all, and the next one, or the next start, is right', async (point) => {
    const events = traffic(9);
    const embedded = await withHistory(events);
    await embedded.append(...events.next(150));
    await embedded.produce('tip.candidates', ...Array.from({ length: 5 }, (_, i) => request(i)));
    const at = (reached: FaultPoint) => {
      if (reached === point) throw new Error('ended by the test');
    };
    const before = liveContents(embedded);
    await expect(rebuilt(embedded, { at })).rejects.toThrow('ended by the test');
    const live = currentGeneration(embedded.directory);
    expect(live).toBe(point === 'swap: after flip' ? 'gen-000002' : 'gen-000001');
    if (live === 'gen-000001') expect(liveContents(embedded)).toEqual(before);
    // A start in between, of which the new generation knows nothing.
    await embedded.append(...events.next(50));
    await embedded.catchUp();
    await embedded.stop();
    const after = embedded.digest(NOW).digest;
    expect(await rebuilt(embedded)).toMatchObject({ swapped: true, changed_users: 0 });
    expect(embedded.digest(NOW).digest).toBe(after);
    await embedded.catchUp();
    const letters = await deadLetters(embedded);
    expect(letters).toEqual([...new Set(letters)]);
    const answers = await answersOf(embedded);
    expect(answers).toEqual([...new Set(answers)]);
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
  });

  it('is gone on with only when it is of the same log and definitions, and was nowhere ahead', async () => {
    const embedded = await withHistory();
    await rebuilt(embedded, { dryRun: true });
    const note = join(embedded.directory, 'state', 'gen-000002', 'rebuild.json');
    writeFileSync(note, JSON.stringify({ ...(JSON.parse(readFileSync(note, 'utf8')) as object), feature_set: 'other' }));
    const notes: string[] = [];
    expect(await rebuilt(embedded, { dryRun: true, notes })).toMatchObject({ resumed: false, generation: 'gen-000002' });
    expect(notes).toEqual(['gen-000002, which an earlier run began, is removed: it is of other feature definitions']);
    // Of another log: the record applied last is not the one that is there.
    plantNew(embedded, "UPDATE position SET last_hash = 'ffff' WHERE topic = 'tip.served'");
    notes.length = 0;
    const document = await rebuilt(embedded, { dryRun: true, notes });
    expect(document.records).toBeGreaterThan(500);
    expect(notes.slice(1)).toEqual(
      [0, 1].map((partition) => `partition ${partition} is begun anew: what an earlier run left is of another log`),
    );
    plantNew(embedded, "UPDATE position SET next_offset = next_offset + 1 WHERE topic = 'tip.candidates'");
    notes.length = 0;
    expect((await rebuilt(embedded, { notes })).records).toBe(document.records);
    expect(notes[1]).toMatch(/^partition 0 is begun anew: what an earlier run left had gone beyond tip.candidates/);
  });
});
