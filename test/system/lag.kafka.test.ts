/** `tipstream lag` against what Kafka's own tool says of the same group. */
import { describe, expect, it } from 'vitest';
import type { GroupLagRow } from '../../src/log/group-lag.js';
import { NOT_RUNNING, type LagRow } from '../../src/log/lag.js';
import { generatedEvents, toRecords, type ProduceLine } from '../support/e2e/events.js';
import { Stream } from '../support/e2e/stream.js';
import { sharedBroker } from '../support/broker/shared.js';
import { javaTool, javaToolsInstalled } from '../support/broker/tools.js';

const brokers = await sharedBroker();
const withJava = await javaToolsInstalled();
const LATE_MS = 40_000;

interface KafkaRow {
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
}

/** topic/partition -> what kafka-consumer-groups --describe prints; partitions without a commit are absent. */
async function describeGroup(group: string): Promise<Map<string, KafkaRow>> {
  const printed = await javaTool('consumer-groups', ['--bootstrap-server', brokers!, '--describe', '--group', group]);
  const rows = printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([name, , , committed]) => name === group && committed !== '-');
  return new Map(
    rows.map(([, topic, partition, committed, end, lag]) => [
      `${topic}/${partition}`,
      { committed: Number(committed), end: Number(end), lag: Number(lag) },
    ]),
  );
}

describe.skipIf(brokers === null || !withJava)('lag', () => {
  it("is what kafka-consumer-groups says, before and after more was written, and seconds are the oldest record's age", async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const events = generatedEvents(6);
    const some = (count: number): ProduceLine[] => Array.from({ length: count }, () => events.next().value as ProduceLine);
    const readLag = async (...args: readonly string[]): Promise<LagRow[]> =>
      JSON.parse((await stream.run(['lag', '--json', '--data', stream.directory('data'), ...args])).stdout) as LagRow[];

    await stream.log.append(toRecords(stream.prefix, some(100)));
    expect(await readLag()).toEqual(
      stream.inputs.flatMap((topic) =>
        [0, 1].map(
          (partition) =>
            expect.objectContaining({ topic, partition, applied_offset: null, committed_offset: null, status: 'unassigned' }) as LagRow,
        ),
      ),
    );
    const member = stream.start([], 'data');
    await member.untilRunning(2);
    await member.until(async () => {
      const rows = (await member.get('/v1/lag')).body as unknown as LagRow[];
      return (
        rows.every(({ lag_records: lag }) => lag === 0) &&
        rows.some(({ topic, log_end_offset: end }) => topic === stream.topic('tip.scored') && end > 0)
      );
    }, 'no lag');
    const running = await readLag();
    // Its group is known from the directory, and saying it changes nothing but that members are told.
    const named = await readLag('--group', stream.group);
    expect(named.map(({ status, group }) => `${status} ${group}`)).toEqual(running.map(({ status }) => `${status} ${stream.group}`));
    expect(new Set(named.map((row) => (row as unknown as GroupLagRow).host))).toEqual(new Set(['/127.0.0.1']));
    expect(new Set(running.map(({ status }) => status))).toEqual(new Set(['ok']));
    expect(await member.stop()).toBe(0);

    const stopped = await readLag();
    const described = await describeGroup(stream.group);
    expect(stopped).toHaveLength(stream.inputs.length * 2);
    for (const row of stopped) {
      expect(row).toMatchObject({ lag_records: 0, lag_seconds: 0, status: 'stop', rule: NOT_RUNNING });
      const kafka = described.get(`${row.topic}/${row.partition}`);
      if (row.log_end_offset > 0) expect(kafka, row.topic).toEqual({ committed: row.committed_offset, end: row.log_end_offset, lag: 0 });
      else expect(kafka?.committed ?? null).toBe(row.committed_offset);
    }

    const written = some(60);
    const beforeMs = Date.now();
    await stream.log.append(toRecords(stream.prefix, written).map((record) => ({ ...record, timestampMs: beforeMs - LATE_MS })));
    const behind = await readLag();
    const afterMs = Date.now();
    const later = await describeGroup(stream.group);
    expect(behind.reduce((sum, { lag_records: lag }) => sum + lag, 0)).toBe(written.length);
    for (const row of behind.filter(({ committed_offset: committed }) => committed !== null)) {
      expect(later.get(`${row.topic}/${row.partition}`), row.topic).toEqual({
        committed: row.committed_offset,
        end: row.log_end_offset,
        lag: row.lag_records,
      });
      if (row.lag_records === 0) continue;
      expect(row.status).toBe('stop');
      expect(row.lag_seconds).toBeGreaterThanOrEqual(LATE_MS / 1000);
      expect(row.lag_seconds).toBeLessThanOrEqual((LATE_MS + afterMs - beforeMs) / 1000);
    }
  });
});
