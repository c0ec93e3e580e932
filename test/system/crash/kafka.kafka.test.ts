/**
 * A member on a real broker is killed where the state file and the log may differ, and started again in its directory:
 * docs/semantics.md, "What a crash leaves". Each case has a stream of its own, and all run at the same time, because the broker waits
 * ten seconds for a member that died. SIGSTOP for longer than the session and SIGCONT: test/system/group.kafka.test.ts.
 */
import { describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../../src/fault-points.js';
import type { LogRecord } from '../../../src/log/port.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { oracleDigest, oracleProfiles } from '../../oracle/profile.js';
import { crashChild } from '../../support/crash/child.js';
import { decisionsInLog, decisionsKept } from '../../support/e2e/decisions.js';
import { decisionIds, generatedEvents, oracleEvents, STREAM_AS_OF_MS, toRecords, type ProduceLine } from '../../support/e2e/events.js';
import { ownersDigest, soleOwner } from '../../support/e2e/state.js';
import { Stream } from '../../support/e2e/stream.js';
import { sharedBroker } from '../../support/broker/shared.js';

const brokers = await sharedBroker();

interface Case {
  readonly point: FaultPoint;
  readonly passing: number;
  readonly afterMs?: number;
}

const CASES: readonly Case[] = [
  { point: 'batch: after commit', passing: 4 },
  { point: 'publish: before', passing: 2 },
  { point: 'publish: under way', passing: 1 },
  { point: 'publish: under way', passing: 3, afterMs: 2 },
  { point: 'publish: after', passing: 3 },
  { point: 'offsets: before commit', passing: 1 },
];
const DIRECTORY = 'killed';
const BAD = Buffer.from('{"tip_id": "cut');

function lines(count: number, seed: number): ProduceLine[] {
  const events = generatedEvents(seed);
  return Array.from({ length: count }, () => events.next().value as ProduceLine);
}

/** What it is called by -> its contents. */
function contents(records: readonly LogRecord[], idOf: (record: LogRecord) => string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const record of records) {
    const id = idOf(record);
    found.set(id, (found.get(id) ?? new Set()).add(JSON.stringify([record.key, record.value, record.headers])));
  }
  return found;
}

const decisionId = ({ value }: LogRecord) => (JSON.parse(value!.toString()) as ScoredEvent).decision_id;
const refusedAt = ({ headers }: LogRecord) =>
  ['partition', 'offset'].map((name) => headers.find(([header]) => header === `__dlq.errors.${name}`)![1]!.toString()).join('/');

async function expectRight(stream: Stream, written: readonly ProduceLine[], what: string): Promise<void> {
  const owners = soleOwner(stream, DIRECTORY);
  expect(ownersDigest(owners, STREAM_AS_OF_MS).digest, what).toBe(oracleDigest(oracleProfiles(oracleEvents(written), STREAM_AS_OF_MS)));
  const asked = decisionIds(written);
  for (const topic of ['tip.scored', 'tip.scored.shadow'] as const) {
    const published = contents(await stream.records(stream.topic(topic)), decisionId);
    expect(new Set(published.keys()), `${what}: ${topic}`).toEqual(asked);
    for (const [id, { size }] of published) expect(size, `${what}: ${topic} of ${id}`).toBe(1);
  }
  const { first } = await decisionsInLog(stream);
  const kept = decisionsKept(owners);
  for (const [id, record] of first) expect(kept.get(id), `${what}: ${id}`).toEqual(JSON.parse(record));
  const refused = (await stream.records(stream.topic('tip.served')))
    .filter(({ value }) => value!.equals(BAD))
    .map(({ partition, offset }) => `${partition}/${offset}`);
  expect(refused).toHaveLength(3);
  const letters = contents(await stream.records(stream.topic('tip.served-dlt')), refusedAt);
  expect([...letters.keys()].sort(), what).toEqual(refused.sort());
  for (const [address, { size }] of letters) expect(size, `${what}: dead letter of ${address}`).toBe(1);
  for (const topic of stream.inputs) {
    const committed = await stream.log.committed(stream.group, topic);
    for (const [partition, { end }] of await stream.log.offsets(topic))
      expect(committed.get(partition), `${what}: ${topic}/${partition} committed`).toBe(end);
  }
}

describe.skipIf(brokers === null)('a member on Kafka', () => {
  it(
    'is killed between the commit of a batch and that of its offsets: the next one sends ' +
      'what was owed, and everything is answered once',
    async () => {
      const cases = await Promise.all(CASES.map(async (one) => ({ ...one, stream: await Stream.open(brokers!, { partitions: 2 }) })));
      const outcomes = await Promise.allSettled(
        cases.map(async ({ point, passing, afterMs, stream }, index) => {
          const what = `killed at ${point}, passing ${passing}`;
          const events = lines(500, index + 1);
          const append = async (from: number, to: number) => {
            await stream.log.append([
              ...toRecords(stream.prefix, events.slice(from, to)),
              { topic: stream.topic('tip.served'), key: Buffer.from(`user-${index}`), value: BAD },
            ]);
          };
          await append(0, 200);
          await append(200, 400);
          const { signal, stdout, stderr } = await crashChild({
            action: 'start',
            directory: stream.directory(DIRECTORY),
            clockMs: Date.now(),
            point,
            passing,
            maxBatchRecords: 60,
            kafka: { brokers: stream.brokers, prefix: stream.prefix, group: stream.group },
            ...(afterMs === undefined ? {} : { afterMs }),
          });
          expect({ signal, stdout }, `${what}: ${stderr}`).toEqual({ signal: 'SIGKILL', stdout: `died at ${point}, passing ${passing}\n` });
          await append(400, 500);
          const { code, stderr: said } = await stream.catchUp(DIRECTORY, ['--shadow', 'egreedy-v2', '--shadow-learning']);
          expect(code, `${what}: ${said}`).toBe(0);
          await expectRight(stream, events, what);
        }),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    },
  );
});
