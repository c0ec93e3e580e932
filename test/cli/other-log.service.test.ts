/** Whether a log holds the records that a document was made from. */
import { describe, expect, it } from 'vitest';
import { otherLog, type KnownRecords } from '../../src/cli/other-log.js';
import { TipstreamError } from '../../src/errors.js';
import type { Log, LogRecord } from '../../src/log/port.js';
import { recordHash } from '../../src/log/record-hash.js';
import { sqliteLog, topicOf } from '../support/log/sqlite-logs.js';

const TOPIC = 'tip.scored';

async function filledLog(values: readonly string[]): Promise<Log> {
  const log = await sqliteLog();
  await log.createTopics([topicOf(TOPIC, 1)]);
  await log.append(values.map((value) => ({ topic: TOPIC, key: Buffer.from('ann'), value: Buffer.from(value), timestampMs: 1 })));
  return log;
}
async function recordAt(log: Log, offset: number): Promise<KnownRecords> {
  for await (const [record] of log.read({ topic: TOPIC, partition: 0, from: offset, to: offset + 1 }))
    return { [TOPIC]: { 0: { offset, hash: recordHash(record!) } } };
  throw new Error('no record');
}

describe('the records of a document', () => {
  it('are in the log that it was made from, however much was written since', async () => {
    const log = await filledLog(['a', 'b']);
    const known = await recordAt(log, 1);
    await log.append([{ topic: TOPIC, key: Buffer.from('ann'), value: Buffer.from('c'), timestampMs: 1 }]);
    expect(await otherLog(log, known)).toBeUndefined();
    expect(await otherLog(log, {})).toBeUndefined();
  });

  it('are not in another log, longer or shorter, or without the topic or partition', async () => {
    const known = await recordAt(await filledLog(['a', 'b']), 1);
    expect(await otherLog(await filledLog(['x', 'y', 'z']), known)).toBe('tip.scored partition 0 holds another record at offset 1 here');
    expect(await otherLog(await filledLog(['a']), known)).toBe(
      'tip.scored partition 0 ends at offset 1 here, and it knows the record at 1',
    );
    expect(await otherLog(await sqliteLog(), known)).toBe('tip.scored has no partition 0 here');
    expect(await otherLog(await filledLog(['a', 'b']), { [TOPIC]: { 7: known[TOPIC]![0]! } })).toBe('tip.scored has no partition 7 here');
  });
  it('are not called changed when retention deletes them while they are looked for', async () => {
    const log = await filledLog(['a', 'b']);
    const known = await recordAt(log, 0);
    const trimmed = new TipstreamError('offset_out_of_range', 'gone', { details: { low: 1 } });
    const racing = {
      offsets: () => log.offsets(TOPIC),
      async *read(): AsyncGenerator<LogRecord[]> {
        throw trimmed;
      },
    };
    expect(await otherLog(racing as unknown as Log, known)).toBeUndefined();
  });
});
