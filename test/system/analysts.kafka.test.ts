/**
 * The way of docs/analysts.md on a real Kafka, on topics as they are found there: transactions with aborted records and markers,
 * compressed batches, the broker's timestamps.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { records } from '../support/cli-process.js';
import { oracleDigest, oracleProfiles, type OracleProfile } from '../oracle/profile.js';
import { decisionsInLog } from '../support/e2e/decisions.js';
import { oracleEvents, STREAM_AS_OF_MS } from '../support/e2e/events.js';
import { Load } from '../support/e2e/load.js';
import { untilAllApplied } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { rowsOfCsv, rowsOfParquet } from '../support/exported.js';
import { AS_OF, catchUp, digestOf, documentOf, expectProven, hardStream, inData, reactTo } from '../support/broker/analysts.js';
import { sharedBroker } from '../support/broker/shared.js';
import { kcatInstalled } from '../support/broker/tools.js';
import { changeState, queryFile } from '../support/e2e/files.js';
import { coreRegistry } from '../../src/projections/registry.js';

const brokers = await sharedBroker();
const withKcat = await kcatInstalled();
const DAY_MS = 86_400_000;
const ndjson = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

describe.skipIf(brokers === null)('an analyst on Kafka', () => {
  it('proves, travels, exports and asks', async () => {
    const { stream, lines } = await hardStream(brokers!, withKcat);
    await catchUp(stream);
    lines.push(...(await reactTo(stream)));
    await catchUp(stream);
    const oracle = oracleProfiles(oracleEvents(lines), STREAM_AS_OF_MS);
    expect(digestOf(stream)).toBe(oracleDigest(oracle));

    // prove
    const requests = lines.filter(({ topic }) => topic === 'tip.candidates').length;
    const proven = await expectProven(stream);
    expect(proven).toMatchObject({ events: lines.length - requests + 2 * requests }); // an answer and the shadow's for each request
    expect(proven['verified_users']).toBe(new Set(lines.map(({ value }) => value.user_id)).size);
    await expectProven(stream, ['--sample', '5']);
    expect(await inData(stream, ['verify', ...AS_OF])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^PARTITION [^]*\nequal: [\d,]+ users, \d+ partitions, as of [-\dT:.]+Z\n$/) as string,
    });

    // travel
    for (const asOfMs of [STREAM_AS_OF_MS - 3 * DAY_MS, STREAM_AS_OF_MS - 9 * DAY_MS]) {
      const digest = documentOf(await inData(stream, ['digest', '--json', '--as-of', String(asOfMs)]));
      expect(digest['digest']).toBe(oracleDigest(oracleProfiles(oracleEvents(lines), asOfMs)));
    }
    const [userId, profile] = [...oracle][0]!;
    expect(documentOf(await inData(stream, ['profile', userId, '--json', ...AS_OF]))).toMatchObject({ user_id: userId, features: profile });

    // export
    const sorted = [...oracle]
      .map(([user_id, features]): Record<string, unknown> => ({ user_id, as_of_ms: STREAM_AS_OF_MS, ...features }))
      .sort((a, b) => (String(a['user_id']) < String(b['user_id']) ? -1 : 1));
    for (const format of ['csv', 'ndjson', 'parquet'] as const) {
      const out = stream.directory(`profiles.${format}`);
      expect(await inData(stream, ['export', ...AS_OF, '--out', out])).toMatchObject({ code: 0 });
      const bytes = readFileSync(out);
      const rows =
        format === 'parquet' ? await rowsOfParquet(bytes) : format === 'csv' ? await rowsOfCsv(bytes) : records(bytes.toString());
      expect(rows).toEqual(format === 'csv' ? sorted.map(asTexts) : sorted);
    }
    const asked = Array.from({ length: 60 }, (_, row) => ({ user_id: `user-${row}`, as_of_ms: STREAM_AS_OF_MS - (row % 5) * DAY_MS, row }));
    writeFileSync(stream.directory('spine.ndjson'), ndjson([...asked, { user_id: 'nobody', as_of_ms: STREAM_AS_OF_MS, row: 60 }]));
    const spine = records((await inData(stream, ['export', '--spine', stream.directory('spine.ndjson'), '--json'])).stdout);
    expect(spine).toHaveLength(61);
    for (const { user_id, as_of_ms, row, ...features } of spine) {
      expect(features, `row ${String(row)}`).toMatchObject(
        oracleProfiles(oracleEvents(lines), as_of_ms as number).get(user_id as string) ?? UNKNOWN,
      );
    }
    const served = records((await inData(stream, ['export', '--as-served', '--json'])).stdout);
    expect(new Set(served.map(({ decision_id }) => decision_id))).toEqual(new Set((await decisionsInLog(stream)).first.keys()));

    // ask
    const learned = JSON.parse(
      (await inData(stream, ['sql', 'SELECT count(*) AS decisions, count(reward) AS rewarded FROM decisions', '--json'])).stdout,
    ) as [{ decisions: number; rewarded: number }];
    expect(learned[0].decisions).toBe(requests);
    expect(learned[0].rewarded).toBeGreaterThan(20);
    expect(await inData(stream, ['snapshot', stream.directory('tips.db'), ...AS_OF, '--json'])).toMatchObject({ code: 0 });
    const [snapshot] = queryFile<{ profiles: number; positions: number }>(
      stream.directory('tips.db'),
      'SELECT (SELECT count(*) FROM profiles) AS profiles, (SELECT sum(next_offset) FROM offsets) AS positions',
    );
    const ends = await Promise.all(
      stream.inputs.map(async (topic) => [...(await stream.log.offsets(topic)).values()].reduce((sum, { end }) => sum + end, 0)),
    );
    expect(snapshot).toEqual({ profiles: oracle.size, positions: ends.reduce((sum, end) => sum + end, 0) });
  });

  it('is told of a row that was tampered with, and where the events behind it lie', async () => {
    const { stream, lines } = await hardStream(brokers!, withKcat);
    await catchUp(stream);
    const last = lines.findLast(({ topic }) => topic === 'tip.served')!; // behind aborted records, in a transaction
    const { user_id, tip_id } = last.value as { user_id: string; tip_id: string };
    expect(
      changeState(
        stream.directory('data'),
        'UPDATE tip SET served_at_ms = served_at_ms - 1 WHERE tip_id = ? AND uid = (SELECT uid FROM user WHERE user_id = ?)',
        tip_id,
        user_id,
      ),
    ).toBe(1);
    const verified = await inData(stream, ['verify', '--json', ...AS_OF]);
    expect(verified).toMatchObject({ code: 2 });
    const { differences } = documentOf(verified) as {
      differences: {
        user_id: string;
        kind: string;
        id: string;
        feature: string;
        live: number;
        replayed: number;
        events: { topic: string; partition: number; offset: number }[];
      }[];
    };
    const difference = differences.find(({ kind, feature }) => kind === 'tip' && feature === 'served_at_ms')!;
    expect(difference).toMatchObject({ user_id, id: tip_id, live: difference.replayed - 1 });
    for (const { topic, partition, offset } of difference.events) {
      const found: string[] = [];
      for await (const some of stream.log.read({
        topic: stream.prefix + topic.replace(stream.prefix, ''),
        partition,
        from: offset,
        to: offset + 1,
      }))
        found.push(...some.map(({ value }) => value!.toString()));
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
    for (let round = 0; round < 2; round++) await expectProven(stream);
    expect(await inData(stream, ['export', ...AS_OF, '--json'])).toMatchObject({ code: 0 });
    expect(documentOf(await inData(stream, ['snapshot', stream.directory('live.db'), ...AS_OF, '--json']))).toMatchObject({
      as_of_ms: STREAM_AS_OF_MS,
    });
    await load.stop();
    await untilAllApplied(stream, [member]);
    await expectProven(stream);
    expect(digestOf(stream)).toBe(oracleDigest(oracleProfiles(oracleEvents(load.written), STREAM_AS_OF_MS)));
    expect(await member.stop()).toBe(0);
  });
});

const UNKNOWN: OracleProfile = coreRegistry.emptyValues();

const asTexts = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]));
