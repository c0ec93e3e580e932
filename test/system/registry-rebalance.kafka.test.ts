/** Members of one group that wait for the Schema Registry: one comes, one is killed, and when the registry is back nothing is missing. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import { sharedBroker } from '../support/broker/shared.js';
import { decisionsInLog, decisionsKept } from '../support/e2e/decisions.js';
import { decisionIds, generatedEvents, oracleEvents, STREAM_AS_OF_MS, toRecords, type ProduceLine } from '../support/e2e/events.js';
import type { Member } from '../support/e2e/member.js';
import { ownersDigest, untilAllApplied } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { FIXTURE_SCHEMAS, framed } from '../support/registry-fixtures.js';
import { StandInRegistry } from '../support/stand-in-registry.js';

const brokers = await sharedBroker();
/** Of type JSON in the fixtures. */
const SCHEMA_ID = 5;

function take(count: number): ProduceLine[] {
  const lines: ProduceLine[] = [];
  for (const line of generatedEvents()) if (lines.push(line) === count) break;
  return lines;
}

const waitsAlone = (member: Member, partitions: number) =>
  member.untilStatus(
    (status) =>
      status.partitions.length === partitions && status.partitions.every(({ silent }) => silent?.includes('waits for schema') === true),
    `${partitions} partitions that wait for the registry`,
  );

describe.skipIf(brokers === null)('members that wait for the Schema Registry', () => {
  it('hand over what waits, also when one is killed, and then every event is folded and every request answered once', async () => {
    const registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS });
    onTestFinished(() => registry.goAway());
    const stream = await Stream.open(brokers!);
    const lines = take(900);
    const records = toRecords(stream.prefix, lines).map((record, i) =>
      i % 3 === 0 ? { ...record, value: framed(SCHEMA_ID, record.value!) } : record,
    );
    await registry.goAway();
    const start = () => stream.start(['--schema-registry', registry.url]);
    const first = start();
    await first.untilRunning(4);
    await stream.log.append(records.slice(0, 600));
    await waitsAlone(first, 4);
    const second = start();
    await Promise.all([waitsAlone(first, 2), waitsAlone(second, 2)]);
    await stream.log.append(records.slice(600));
    await first.kill();
    await waitsAlone(second, 4);
    await registry.comeBack();

    const asked = decisionIds(lines);
    await expect.poll(async () => (await decisionsInLog(stream)).first.size, { timeout: 60_000 }).toBe(asked.size);
    const owners = await untilAllApplied(stream, [second]);
    expect(ownersDigest(owners, STREAM_AS_OF_MS).digest).toBe(oracleDigest(oracleProfiles(oracleEvents(lines), STREAM_AS_OF_MS)));
    const { first: answers, repeated } = await decisionsInLog(stream);
    expect([new Set(answers.keys()), repeated, new Set(decisionsKept(owners).keys())]).toEqual([asked, 0, asked]);
    for (const topic of ['tip.served', 'tip.feedback', 'tip.candidates'] as const)
      expect(await stream.records(stream.topic(`${topic}-dlt`))).toEqual([]);
    expect(await second.stop()).toBe(0);
  }, 240_000);
});
