import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeQueue } from '../../../src/consumers/worker/merge-queue.js';
import type { Delivery, LogRecord } from '../../../src/log/port.js';
import { runOf } from '../../../src/log/record-run.js';

const record = (topic: string, offset: number, timestampMs: number): LogRecord => ({
  topic,
  partition: 0,
  offset,
  timestampMs,
  key: null,
  value: null,
  headers: [],
});
const delivery = (topic: string, records: LogRecord[], more: Partial<Delivery> = {}): Delivery => ({
  topic,
  partition: 0,
  records: runOf(records),
  fromOffset: records[0]?.offset ?? 0,
  nextOffset: (records.at(-1)?.offset ?? -1) + 1,
  endOffset: (records.at(-1)?.offset ?? -1) + 1,
  ...more,
});
const queue = (options: { maxIdleMs?: number } = {}, ends: Record<string, number> = {}) =>
  new MergeQueue({ topics: ['facts', 'commands'], maxIdleMs: 100, ...options }, new Map(), new Map(Object.entries(ends)));
const names = (records: readonly LogRecord[]) => records.map(({ topic, offset }) => `${topic}:${offset}`);
const take = (merged: MergeQueue, limit: number, nowMs: number, closed?: ReadonlySet<string>) => {
  const { segments, positions } = merged.take(limit, nowMs, closed);
  const records = segments.flatMap(({ run, from, to }) => Array.from({ length: to - from }, (_, i) => run.recordAt(from + i)));
  return { records, positions };
};

describe('MergeQueue', () => {
  it('takes records in timestamp order across topics, and facts before commands of the same time', () => {
    const merged = queue();
    merged.add(delivery('commands', [record('commands', 0, 5), record('commands', 1, 7)]));
    merged.add(delivery('facts', [record('facts', 0, 5), record('facts', 1, 6), record('facts', 2, 9)]));
    const { records, positions } = take(merged, 10, 0);
    expect(names(records)).toEqual(['facts:0', 'commands:0', 'facts:1', 'commands:1', 'facts:2']);
    expect(Object.fromEntries(positions)).toEqual({ facts: 3, commands: 2 });
    expect(merged.empty).toBe(true);
  });

  it('keeps the order of a topic whose timestamps go backwards', () => {
    const merged = queue();
    merged.add(delivery('facts', [record('facts', 0, 9), record('facts', 1, 3)]));
    merged.add(delivery('commands', [record('commands', 0, 5)]));
    expect(names(take(merged, 10, 0).records)).toEqual(['commands:0', 'facts:0', 'facts:1']);
  });

  it('waits for an empty topic that holds more, until its patience is over', () => {
    const merged = queue({ maxIdleMs: 100 }, { facts: 1 });
    merged.add(delivery('commands', [record('commands', 0, 5)]));
    expect(take(merged, 10, 1_000).records).toEqual([]);
    expect(take(merged, 10, 1_099).records).toEqual([]);
    expect(names(take(merged, 10, 1_100).records)).toEqual(['commands:0']);
  });

  it('stops waiting when the topic has come', () => {
    const merged = queue({ maxIdleMs: 100 }, { facts: 1 });
    merged.add(delivery('commands', [record('commands', 0, 5)]));
    expect(take(merged, 10, 0).records).toEqual([]);
    merged.add(delivery('facts', [record('facts', 0, 4)]));
    expect(names(take(merged, 10, 1).records)).toEqual(['facts:0', 'commands:0']);
  });

  it('passes over closed topics and does not wait for them', () => {
    const merged = queue({}, { commands: 5 });
    merged.add(delivery('facts', [record('facts', 0, 9)]));
    expect(names(take(merged, 10, 0, new Set(['commands'])).records)).toEqual(['facts:0']);
  });

  it('moves past gaps and markers, also where nothing else follows', () => {
    const merged = queue({}, { facts: 7 });
    merged.add(delivery('facts', [record('facts', 2, 1)], { fromOffset: 0, nextOffset: 5, endOffset: 7 }));
    merged.add(delivery('facts', [], { fromOffset: 5, nextOffset: 7, endOffset: 7 }));
    const { records, positions } = take(merged, 10, 0);
    expect(names(records)).toEqual(['facts:2']);
    expect(positions.get('facts')).toBe(7);
    expect(merged.empty).toBe(true);
  });

  it('passes over what was taken before, and refuses a hole', () => {
    const merged = new MergeQueue({ topics: ['facts'], maxIdleMs: 100 }, new Map([['facts', 2]]), new Map());
    merged.add(delivery('facts', [record('facts', 0, 1), record('facts', 1, 1), record('facts', 2, 1)]));
    merged.add(delivery('facts', [record('facts', 1, 1), record('facts', 2, 1)], { fromOffset: 1 }));
    expect(names(take(merged, 10, 0).records)).toEqual(['facts:2']);
    expect(() => merged.add(delivery('facts', [record('facts', 5, 1)]))).toThrow('from offset 5, where 3 was next');
  });

  it('counts heavy topics for more, and takes one record at least', () => {
    const merged = new MergeQueue(
      { topics: ['facts', 'commands'], maxIdleMs: 0, weights: new Map([['commands', 50]]) },
      new Map(),
      new Map(),
    );
    merged.add(delivery('facts', [record('facts', 0, 1), record('facts', 1, 5)]));
    merged.add(
      delivery(
        'commands',
        [2, 3, 4].map((ms, offset) => record('commands', offset, ms)),
      ),
    );
    expect(names(take(merged, 60, 0).records)).toEqual(['facts:0', 'commands:0', 'commands:1']);
    expect(names(take(merged, 10, 0).records)).toEqual(['commands:2']);
    expect(names(take(merged, 10, 0).records)).toEqual(['facts:1']);
  });

  it('takes records of any number of topics in the order of a merge that looks at every head, whatever is taken at once', () => {
    const topics = ['first', 'second', 'third'];
    const times = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.tuple(times, times, times), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (lanes, limit, size) => {
        const merged = new MergeQueue({ topics, maxIdleMs: 0 }, new Map(), new Map());
        const waiting = lanes.map((lane, index) => lane.map((ms, offset) => record(topics[index]!, offset, ms)));
        for (const lane of waiting) {
          for (let from = 0; from < lane.length; from += size) {
            const records = lane.slice(from, from + size);
            merged.add(delivery(records[0]!.topic, records, { endOffset: lane.length }));
          }
        }
        const expected: string[] = [];
        for (;;) {
          const oldest = Math.min(...waiting.map(([head]) => head?.timestampMs ?? Infinity));
          const lane = waiting.find(([head]) => head?.timestampMs === oldest);
          if (lane === undefined) break;
          expected.push(...names([lane.shift()!]));
        }
        const taken: string[] = [];
        while (!merged.empty) taken.push(...names(take(merged, limit, 0).records));
        expect(taken).toEqual(expected);
      }),
    );
  });

  it('gives every record once, in offset order per topic, however it is delivered and taken', () => {
    const lane = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 2 }), time: fc.integer({ min: 0, max: 20 }) }), { maxLength: 30 });
    fc.assert(
      fc.property(lane, lane, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 }), (facts, commands, cuts) => {
        const build = (topic: string, steps: typeof facts) => {
          let offset = 0;
          return steps.map(({ gap, time }) => record(topic, (offset += gap + 1) - 1, time));
        };
        const lanes = { facts: build('facts', facts), commands: build('commands', commands) };
        const merged = queue({ maxIdleMs: 0 }, { facts: 99, commands: 99 });
        const taken: string[] = [];
        const standing = new Map<string, number>();
        const takeSome = (limit: number) => {
          const { records, positions } = take(merged, limit, 0);
          expect(records.length).toBeLessThanOrEqual(limit);
          taken.push(...names(records));
          for (const [topic, next] of positions) {
            expect(next).toBeGreaterThanOrEqual(standing.get(topic) ?? 0);
            standing.set(topic, next);
          }
        };
        const pending = { facts: [...lanes.facts], commands: [...lanes.commands] };
        const next: Record<string, number> = { facts: 0, commands: 0 };
        for (const [turn, size] of cuts.entries()) {
          const topic = turn % 2 === 0 ? 'facts' : 'commands';
          const records = pending[topic].splice(0, size);
          const nextOffset = records.length === 0 ? next[topic]! : records.at(-1)!.offset + 1;
          merged.add(delivery(topic, records, { fromOffset: next[topic]!, nextOffset, endOffset: 99 }));
          next[topic] = nextOffset;
          takeSome(size);
        }
        for (const topic of ['facts', 'commands'] as const)
          merged.add(
            delivery(topic, pending[topic], {
              fromOffset: next[topic]!,
              nextOffset: Math.max(next[topic]!, (pending[topic].at(-1)?.offset ?? -1) + 1),
              endOffset: 99,
            }),
          );
        while (!merged.empty) takeSome(5);
        for (const topic of ['facts', 'commands'] as const) {
          expect(taken.filter((name) => name.startsWith(topic))).toEqual(names(lanes[topic]));
          expect(standing.get(topic) ?? 0).toBeGreaterThanOrEqual((lanes[topic].at(-1)?.offset ?? -1) + 1);
        }
      }),
    );
  });
});
