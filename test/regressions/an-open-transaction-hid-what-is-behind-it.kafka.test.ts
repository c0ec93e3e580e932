/** The wait of commands for the log left the high watermark out: behind an open transaction all was called applied, and the status OK. */
import { describe, expect, it } from 'vitest';
import type { LagRow } from '../../src/log/lag.js';
import { TransactionalProducer } from '../support/broker/inputs.js';
import { sharedBroker } from '../support/broker/shared.js';
import { toRecords, type ProduceLine } from '../support/e2e/events.js';
import type { Member } from '../support/e2e/member.js';
import { Stream } from '../support/e2e/stream.js';

const brokers = await sharedBroker();
const served = (n: number): ProduceLine => ({ topic: 'tip.served', value: { user_id: 'ana', tip_id: `tip-${n}`, served_at_ms: n } });

/** What the command says, and what the service does. */
async function rowsOf(stream: Stream, member: Member): Promise<LagRow[][]> {
  const printed = await stream.run(['lag', '--json', '--data', member.directory, '--group', stream.group]);
  expect(printed, printed.stderr).toMatchObject({ code: 0, stderr: '' });
  return [JSON.parse(printed.stdout) as LagRow[], (await member.get('/v1/lag')).body as unknown as LagRow[]];
}

describe.skipIf(brokers === null)('an open transaction', () => {
  it('is held, with what waits behind it, until it ends; then all is applied', async () => {
    const stream = await Stream.open(brokers!, { partitions: 1 });
    const topic = stream.topic('tip.served');
    await stream.log.append(toRecords(stream.prefix, [served(0), served(1)]));
    const member = stream.start();
    await member.untilRunning(1);
    const openedMs = Date.now();
    const transaction = await (await TransactionalProducer.connect(stream)).open([served(2), served(3)]);
    await stream.log.append(toRecords(stream.prefix, [served(4)]));

    const held = {
      topic,
      status: 'held',
      applied_offset: 2,
      last_stable_offset: 2,
      high_watermark: 5,
      lag_records: 3,
      lag_seconds: expect.any(Number) as number,
      catch_up_seconds: null,
      rule: 'last_stable_offset 2 < high_watermark 5',
      reason: expect.stringMatching(
        /^An open transaction holds back the records from offset 2 on \(3, the first for [\d.]+ s\)\.$/,
      ) as string,
    };
    await member.until(async () => {
      const [, answered] = await rowsOf(stream, member);
      return answered!.some((row) => row.topic === topic && row.applied_offset === 2);
    }, 'the records before the transaction');
    for (const rows of await rowsOf(stream, member)) {
      const row = rows.find((one) => one.topic === topic)!;
      expect(row).toMatchObject(held);
      expect(row.lag_seconds).toBeLessThanOrEqual((Date.now() - openedMs) / 1000);
      expect(new Set(rows.filter((row) => row.topic !== topic).map(({ status }) => status))).toEqual(new Set(['ok']));
    }
    const table = await stream.run(['lag', '--data', member.directory]);
    expect(table.stdout.split('\n')[1]).toMatch(/^HELD +0 +3 +[\d.]+ +.*An open transac/);

    await transaction.commit();
    // Its marker is an offset of its own.
    const all = { topic, status: 'ok', applied_offset: 6, last_stable_offset: 6, high_watermark: 6, lag_records: 0, lag_seconds: 0 };
    await member.until(async () => {
      const answers = await rowsOf(stream, member);
      return answers.every((rows) => rows.find((row) => row.topic === topic)!.status === 'ok');
    }, 'the rest');
    for (const rows of await rowsOf(stream, member)) expect(rows.find((row) => row.topic === topic)).toMatchObject(all);
    expect(await member.stop()).toBe(0);
  });
});
