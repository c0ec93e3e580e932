/** Reading back from the end gives what a filter over the whole topic gives. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readTrail, type TrailQuery } from '../../src/audit-trail/read-trail.js';
import { AUDIT_ACTIONS, type AuditEvent } from '../../src/events/audit-event.js';
import { userDigest } from '../../src/events/user-digest.js';
import type { Log, LogRecord } from '../../src/log/port.js';

const NAMES = ['olga', 'otto', 'guardrail'];
const KINDS = ['token', 'command', 'service', 'loopback'] as const;
const HOUR_MS = 3_600_000;

/** Appended up to an hour of skewed clocks out of order, and later than its at_ms by what the log took. */
const appended = fc.record({
  minute: fc.integer({ min: 0, max: 2_000 }),
  delayMs: fc.integer({ min: 0, max: 5_000 }),
  kind: fc.constantFrom(...KINDS),
  name: fc.option(fc.constantFrom(...NAMES), { nil: null }),
  action: fc.constantFrom(...AUDIT_ACTIONS),
  isForeign: fc.boolean(),
});
const query: fc.Arbitrary<TrailQuery> = fc.record(
  {
    last: fc.constantFrom(1, 2, 5, 50, 5_000),
    sinceMs: fc.integer({ min: 0, max: 2_000 }).map((minute) => minute * 60_000),
    untilMs: fc.integer({ min: 0, max: 2_000 }).map((minute) => minute * 60_000),
    actor: fc.constantFrom(...NAMES, ...KINDS),
    action: fc.constantFrom<string>(...AUDIT_ACTIONS, 'policy', 'events'),
  },
  { requiredKeys: ['last'] },
);

interface Appended {
  readonly minute: number;
  readonly delayMs: number;
  readonly kind: (typeof KINDS)[number];
  readonly name: string | null;
  readonly action: (typeof AUDIT_ACTIONS)[number];
  readonly isForeign: boolean;
}

function recordOf({ minute, delayMs, kind, name, action, isForeign }: Appended, offset: number): LogRecord {
  const event: AuditEvent = { audit_id: `e${offset}`, at_ms: minute * 60_000, actor: { kind, name }, action, outcome: 'done' };
  const value = Buffer.from(isForeign && offset % 7 === 0 ? 'no entry' : JSON.stringify(event));
  return { topic: 'tipstream.audit', partition: 0, offset, timestampMs: event.at_ms + delayMs, key: null, value, headers: [] };
}

function logOf(records: readonly LogRecord[], low: number): Pick<Log, 'offsets' | 'read'> & { readonly reads: () => number } {
  let reads = 0;
  return {
    reads: () => reads,
    offsets: async () => new Map([[0, { low, end: records.length }]]),
    async *read({ from, to }) {
      reads++;
      yield records.slice(from, to);
    },
  };
}

function naively(records: readonly LogRecord[], low: number, { sinceMs = -1, untilMs = Infinity, actor, action, last }: TrailQuery) {
  const wanted = records.slice(low).flatMap(({ value, offset }) => {
    const text = value!.toString();
    if (text === 'no entry') return [];
    const event = JSON.parse(text) as AuditEvent;
    const isIn = event.at_ms >= sinceMs && event.at_ms < untilMs;
    const isBy = actor === undefined || event.actor.name === actor || event.actor.kind === actor;
    const isOf = action === undefined || event.action.split('.').some((_, words, all) => all.slice(0, words + 1).join('.') === action);
    return isIn && isBy && isOf ? [{ offset, atMs: event.at_ms }] : [];
  });
  return wanted.sort((a, b) => b.atMs - a.atMs || b.offset - a.offset).slice(0, last);
}

it('is what a filter over all records gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(appended, { maxLength: 60 }), query, fc.nat(20), async (all, asked, dropped) => {
      // In the order of the log, which clocks that differ by less than an hour disturb.
      const inOrder = [...all].sort((a, b) => Math.floor(a.minute / 50) - Math.floor(b.minute / 50));
      const records = inOrder.map(recordOf);
      const low = Math.min(dropped, records.length);
      const { entries, complete } = await readTrail(logOf(records, low), '', asked);
      const expected = naively(records, low, asked);
      expect(complete).toBe(true);
      expect(entries.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual(expected.map(({ offset }) => offset).sort((a, b) => a - b));
      expect(entries.map(({ at_ms: atMs }) => atMs)).toEqual(expected.map(({ atMs }) => atMs));
    }),
  );
});

const hourly = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    recordOf({ minute: at * 60, delayMs: 0, kind: 'token', name: 'olga', action: 'policy.reset', isForeign: false }, at),
  );

it('reads no further back than the newest that were asked for, and says that there are more', async () => {
  const log = logOf(hourly(10_000), 0);
  const { entries, more } = await readTrail(log, '', { last: 10 });
  expect([entries.length, entries[0]!.offset, more, log.reads()]).toEqual([10, 9_999, true, 1]);
});

it('reads no further back than the time that was asked for', async () => {
  const log = logOf(hourly(10_000), 0);
  const { entries, more } = await readTrail(log, '', { last: 5_000, sinceMs: 9_990 * HOUR_MS });
  expect([entries.length, more, log.reads() <= 2]).toEqual([10, false, true]);
});

it('says that it did not come to the end when time is up', async () => {
  const records = hourly(3_000);
  const late = new AbortController();
  const log = logOf(records, 0);
  const slow: Pick<Log, 'offsets' | 'read'> = {
    ...log,
    async *read(range) {
      if (log.reads() === 1) return late.abort();
      yield* log.read(range);
    },
  };
  const { entries, more, complete } = await readTrail(slow, '', { last: 2_500 }, late.signal);
  expect([entries.length, more, complete]).toEqual([1_000, true, false]);
});

it('passes over entries about a user who was forgotten since', async () => {
  const records = ['ana', 'otto', 'ana'].map((id, offset) => {
    const event: AuditEvent = {
      ...{ audit_id: `e${offset}`, at_ms: 10 + offset, actor: { kind: 'command', name: 'olga' } },
      ...{ action: 'policy.reset', target: { kind: 'user', id }, outcome: 'done' },
    };
    return {
      topic: 'tipstream.audit',
      partition: 0,
      offset,
      timestampMs: 20,
      key: null,
      value: Buffer.from(JSON.stringify(event)),
      headers: [],
    };
  });
  const shown = async (forgottenAtMs: number) => {
    const { entries } = await readTrail(logOf(records, 0), '', { last: 10, forgotten: new Map([[userDigest('ana'), forgottenAtMs]]) });
    return entries.map(({ offset }) => offset);
  };
  expect(await shown(9)).toEqual([2, 1, 0]);
  expect(await shown(11)).toEqual([2, 1]);
  expect(await shown(12)).toEqual([1]);
});
