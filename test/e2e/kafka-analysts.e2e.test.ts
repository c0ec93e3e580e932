/** The way of docs/analysts.md on a real Kafka, on topics as they are found there: transactions with aborted records and markers, compressed batches, the broker's timestamps. */
import { readFileSync, writeFileSync } from 'node:fs';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { Finished } from '../cli/cli-process.js';
import { records } from '../cli/cli-process.js';
import { oracleDigest, oracleProfiles, type OracleProfile } from '../oracle/profile.js';
import { decisionsInLog } from '../support/e2e-decisions.js';
import { generatedEvents, oracleEvents, STREAM_AS_OF_MS, type ProduceLine } from '../support/e2e-events.js';
import { Load } from '../support/e2e-load.js';
import { ownersDigest, soleOwner, untilAllApplied } from '../support/e2e-state.js';
import { Stream } from '../support/e2e-stream.js';
import { rowsOfCsv, rowsOfParquet } from '../support/exported.js';
import { configureTopics, kafkaAdmin, kcatLines, TransactionalProducer } from '../support/kafka-inputs.js';
import { sharedBroker } from '../support/kafka-shared.js';
import { kcatInstalled } from '../support/kafka-tools.js';
import { changeState, queryFile } from '../support/e2e-files.js';
import type { ScoredEvent } from '../../src/topics.js';

const brokers = await sharedBroker();
const withKcat = await kcatInstalled();
const AS_OF = ['--as-of', String(STREAM_AS_OF_MS)];
const DAY_MS = 86_400_000;
const ndjson = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

describe.skipIf(brokers === null)('an analyst on Kafka', () => {
  /** Two partitions of everything that is hard to read; answers what is in the log for whoever reads committed records. */
  async function writtenStream(): Promise<{ stream: Stream; lines: ProduceLine[] }> {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const admin = await kafkaAdmin(brokers!);
    const byBroker = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
    await configureTopics(admin, { [stream.topic('tip.feedback')]: byBroker, [stream.topic('tip.scored')]: byBroker });
    const events = generatedEvents(7);
    const take = (count: number): ProduceLine[] => Array.from({ length: count }, () => events.next().value as ProduceLine);
    const [plain, committed, zipped, squeezed, last] = [take(300), take(200), take(200), take(200), take(100)];
    const aborted = take(150);

    const produced = await stream.run(['produce', '-', '--json'], { input: ndjson(plain) });
    expect(JSON.parse(produced.stdout)).toMatchObject({ accepted: plain.length, rejected: 0 });
    const producer = await TransactionalProducer.connect(stream);
    await producer.write(aborted.slice(0, 75), 'abort');
    await producer.write(committed, 'commit', kafkajs.CompressionTypes.GZIP);
    for (const [codec, share] of [['gzip', zipped], ['zstd', squeezed]] as const) {
      if (withKcat) for (const topic of ['tip.served', 'tip.feedback', 'tip.candidates'] as const) await kcatLines(stream, topic, codec, share);
      else await producer.write(share, 'commit');
    }
    await producer.write(aborted.slice(75), 'abort', kafkajs.CompressionTypes.GZIP);
    await producer.write(last, 'commit'); // so that topics end in markers
    return { stream, lines: [...plain, ...committed, ...zipped, ...squeezed, ...last] };
  }

  async function caughtUp(stream: Stream): Promise<void> {
    const finished = await stream.catchUp('data', ['--shadow', 'egreedy-v2', '--shadow-learning']);
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
  }

  /** Every other answer is served, and two of three of those meet a reaction: something is learned. */
  async function reactTo(stream: Stream): Promise<ProduceLine[]> {
    const decisions = [...(await decisionsInLog(stream)).first.values()].map((text) => JSON.parse(text) as ScoredEvent).filter((_, index) => index % 2 === 0);
    const reactions = decisions.flatMap(({ user_id, decision_id, chosen_tip_id, profile: { as_of_ms } }, index): ProduceLine[] => {
      const tip = { user_id, tip_id: chosen_tip_id };
      const served: ProduceLine = { topic: 'tip.served', value: { ...tip, decision_id, served_at_ms: as_of_ms + 1_000, category: 'answers' } };
      return index % 3 === 0 ? [served] : [served, { topic: 'tip.feedback', value: { ...tip, action: index % 3 === 1 ? 'done' : 'dismiss', reacted_at_ms: as_of_ms + 60_000 } }];
    });
    expect(reactions.length).toBeGreaterThan(40);
    await (await TransactionalProducer.connect(stream)).write(reactions, 'commit');
    return reactions;
  }

  const inData = (stream: Stream, args: readonly string[]): Promise<Finished> => stream.run([...args, '--data', stream.directory('data')]);
  const documentOf = ({ stdout }: Finished) => JSON.parse(stdout) as Record<string, unknown>;
  const digestOf = (stream: Stream): string => ownersDigest(soleOwner(stream, 'data'), STREAM_AS_OF_MS).digest;

  async function expectEqual(stream: Stream, args: readonly string[] = []): Promise<Record<string, unknown>> {
    const verified = await inData(stream, ['verify', '--json', ...AS_OF, ...args]);
    expect(verified, verified.stderr).toMatchObject({ code: 0 });
    const document = documentOf(verified);
    expect(document).toMatchObject({ equal: true, difference_count: 0, unproven_count: 0 });
    return document;
  }

  it('proves, travels, exports and asks', async () => {
    const { stream, lines } = await writtenStream();
    await caughtUp(stream);
    lines.push(...(await reactTo(stream)));
    await caughtUp(stream);
    const oracle = oracleProfiles(oracleEvents(lines), STREAM_AS_OF_MS);
    expect(digestOf(stream)).toBe(oracleDigest(oracle));

    // prove
    const requests = lines.filter(({ topic }) => topic === 'tip.candidates').length;
    const proven = await expectEqual(stream);
    expect(proven).toMatchObject({ events: lines.length - requests + 2 * requests }); // an answer and the shadow's for each request
    expect(proven['verified_users']).toBe(new Set(lines.map(({ value }) => value.user_id)).size);
    await expectEqual(stream, ['--sample', '5']);
    expect(await inData(stream, ['verify', ...AS_OF])).toMatchObject({ code: 0, stdout: expect.stringMatching(/"differences":0,"differing_users":0,"unproven_users":0}\n$/) as string });

    // travel
    for (const asOfMs of [STREAM_AS_OF_MS - 3 * DAY_MS, STREAM_AS_OF_MS - 9 * DAY_MS]) {
      const digest = documentOf(await inData(stream, ['digest', '--json', '--as-of', String(asOfMs)]));
      expect(digest['digest']).toBe(oracleDigest(oracleProfiles(oracleEvents(lines), asOfMs)));
    }
    const [userId, profile] = [...oracle][0]!;
    expect(documentOf(await inData(stream, ['profile', userId, '--json', ...AS_OF]))).toMatchObject({ user_id: userId, features: profile });

    // export
    const sorted = [...oracle].map(([user_id, features]): Record<string, unknown> => ({ user_id, as_of_ms: STREAM_AS_OF_MS, ...features })).sort((a, b) => (String(a['user_id']) < String(b['user_id']) ? -1 : 1));
    for (const format of ['csv', 'ndjson', 'parquet'] as const) {
      const out = stream.directory(`profiles.${format}`);
      expect(await inData(stream, ['export', ...AS_OF, '--out', out])).toMatchObject({ code: 0 });
      const bytes = readFileSync(out);
      const rows = format === 'parquet' ? await rowsOfParquet(bytes) : format === 'csv' ? await rowsOfCsv(bytes) : records(bytes.toString());
      expect(rows).toEqual(format === 'csv' ? sorted.map(asTexts) : sorted);
    }
    const asked = Array.from({ length: 60 }, (_, row) => ({ user_id: `user-${row}`, as_of_ms: STREAM_AS_OF_MS - (row % 5) * DAY_MS, row }));
    writeFileSync(stream.directory('spine.ndjson'), ndjson([...asked, { user_id: 'nobody', as_of_ms: STREAM_AS_OF_MS, row: 60 }]));
    const spine = records((await inData(stream, ['export', '--spine', stream.directory('spine.ndjson'), '--json'])).stdout);
    expect(spine).toHaveLength(61);
    for (const { user_id, as_of_ms, row, ...features } of spine) {
      expect(features, `row ${String(row)}`).toMatchObject(oracleProfiles(oracleEvents(lines), as_of_ms as number).get(user_id as string) ?? UNKNOWN);
    }
    const served = records((await inData(stream, ['export', '--as-served', '--json'])).stdout);
    expect(new Set(served.map(({ decision_id }) => decision_id))).toEqual(new Set((await decisionsInLog(stream)).first.keys()));

    // ask
    const learned = JSON.parse((await inData(stream, ['sql', 'SELECT count(*) AS decisions, count(reward) AS rewarded FROM decisions', '--json'])).stdout) as [{ decisions: number; rewarded: number }];
    expect(learned[0].decisions).toBe(requests);
    expect(learned[0].rewarded).toBeGreaterThan(20);
    expect(await inData(stream, ['snapshot', stream.directory('tips.db'), ...AS_OF, '--json'])).toMatchObject({ code: 0 });
    const [snapshot] = queryFile<{ profiles: number; positions: number }>(stream.directory('tips.db'), 'SELECT (SELECT count(*) FROM profiles) AS profiles, (SELECT sum(next_offset) FROM offsets) AS positions');
    const ends = await Promise.all(stream.inputs.map(async (topic) => [...(await stream.log.offsets(topic)).values()].reduce((sum, { end }) => sum + end, 0)));
    expect(snapshot).toEqual({ profiles: oracle.size, positions: ends.reduce((sum, end) => sum + end, 0) });
  });

  it('is told of a row that was tampered with, and where the events behind it lie', async () => {
    const { stream, lines } = await writtenStream();
    await caughtUp(stream);
    const last = lines.findLast(({ topic }) => topic === 'tip.served')!; // behind aborted records, in a transaction
    const { user_id, tip_id } = last.value as { user_id: string; tip_id: string };
    expect(changeState(stream.directory('data'), "UPDATE tip SET served_at_ms = served_at_ms - 1 WHERE tip_id = ? AND uid = (SELECT uid FROM user WHERE user_id = ?)", tip_id, user_id)).toBe(1);
    const verified = await inData(stream, ['verify', '--json', ...AS_OF]);
    expect(verified).toMatchObject({ code: 2 });
    const { differences } = documentOf(verified) as { differences: { user_id: string; kind: string; id: string; feature: string; live: number; replayed: number; events: { topic: string; partition: number; offset: number }[] }[] };
    const difference = differences.find(({ kind, feature }) => kind === 'tip' && feature === 'served_at_ms')!;
    expect(difference).toMatchObject({ user_id, id: tip_id, live: difference.replayed - 1 });
    for (const { topic, partition, offset } of difference.events) {
      const found: string[] = [];
      for await (const some of stream.log.read({ topic: stream.prefix + topic.replace(stream.prefix, ''), partition, from: offset, to: offset + 1 })) found.push(...some.map(({ value }) => value!.toString()));
      expect(JSON.parse(found[0]!)).toMatchObject({ user_id, tip_id });
    }
    const events = lines.filter(({ topic, value }) => topic === 'tip.served' && value.user_id === user_id && value['tip_id'] === tip_id);
    expect(difference.events).toHaveLength(events.length);
  });

  it('proves and exports while the service runs and producers write', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const member = stream.start([], 'data');
    await member.untilRunning(2);
    const load = new Load(stream, 400, 11);
    await load.more(300);
    for (let round = 0; round < 2; round++) await expectEqual(stream);
    expect(await inData(stream, ['export', ...AS_OF, '--json'])).toMatchObject({ code: 0 });
    expect(documentOf(await inData(stream, ['snapshot', stream.directory('live.db'), ...AS_OF, '--json']))).toMatchObject({ as_of_ms: STREAM_AS_OF_MS });
    await load.stop();
    await untilAllApplied(stream, [member]);
    await expectEqual(stream);
    expect(digestOf(stream)).toBe(oracleDigest(oracleProfiles(oracleEvents(load.written), STREAM_AS_OF_MS)));
    expect(await member.stop()).toBe(0);
  });
});

const UNKNOWN: OracleProfile = {
  tip_volume_30d: 0, completion_rate_30d: null, dismiss_rate_30d: null, snooze_rate_30d: null, mean_dwell_ms_30d: null, preferred_hour: null, preferred_weekday: null, preferred_category: null,
};

const asTexts = (row: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]));
