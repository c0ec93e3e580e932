/** What a producer that died left unwritten of a control for everybody. */
import { describe, expect, it } from 'vitest';
import type { Log, NewRecord } from '../../src/log/port.js';
import { completeControls, missingRecords, type SharedControl } from '../../src/producer/control-completion.js';

const control = (text: string, ...partitions: number[]): SharedControl => ({ value: Buffer.from(text), partitions: new Set(partitions) });
const shown = (records: readonly NewRecord[]) => records.map(({ topic, partition, key, value }) => [topic, partition, key, String(value)]);

describe('controls for everybody', () => {
  it('lack a record in each partition that their producer did not come to, in the order of the controls', () => {
    expect(shown(missingRecords('policy.control', [control('a', 0), control('b', 0, 1, 2), control('c', 1, 2)], [0, 1, 2]))).toEqual([
      ['policy.control', 1, null, 'a'],
      ['policy.control', 2, null, 'a'],
      ['policy.control', 0, null, 'c'],
    ]);
  });

  it('are completed by one append, and by none when nothing is missing', async () => {
    const appended: (readonly NewRecord[])[] = [];
    const log = { append: async (records: readonly NewRecord[]) => void appended.push(records) } as unknown as Log;
    expect(await completeControls(log, 'policy.control', [control('a', 0), control('b')], [0, 1])).toBe(3);
    expect(await completeControls(log, 'policy.control', [control('a', 0, 1)], [0, 1])).toBe(0);
    expect(appended.map((records) => records.length)).toEqual([3]);
  });
});
