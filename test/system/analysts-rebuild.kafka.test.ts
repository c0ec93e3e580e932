/**
 * Rebuilding on a real Kafka: from topics as they are found there, beside a running service, and from a log that no longer holds what
 * was folded.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RebuildJob } from '../../src/service/application.js';
import type { RebuildDocument } from '../../src/rebuild/rebuild.js';
import type { ScoredEvent } from '../../src/topics.js';
import { records, type Finished } from '../support/cli-process.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import { generatedEvents, oracleEvents, STREAM_AS_OF_MS, toRecords, type ProduceLine } from '../support/e2e/events.js';
import { changeState } from '../support/e2e/files.js';
import { Load } from '../support/e2e/load.js';
import type { Member } from '../support/e2e/member.js';
import { untilAllApplied } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { catchUp, digestOf, expectProven, hardStream, inData, reactTo } from '../support/broker/analysts.js';
import { configureTopics, kafkaAdmin, recreateTopic } from '../support/broker/inputs.js';
import { sharedBroker } from '../support/broker/shared.js';
import { deleteBefore } from '../support/broker/topics.js';
import { kcatInstalled } from '../support/broker/tools.js';

const brokers = await sharedBroker();
const withKcat = await kcatInstalled();
const PATIENCE_MS = 60_000;

describe.skipIf(brokers === null)('a rebuild on Kafka', () => {
  const documentOf = ({ stdout }: Finished) => records(stdout).findLast(({ done }) => done === true) as unknown as RebuildDocument;
  const expectedDigest = (lines: readonly ProduceLine[]): string => oracleDigest(oracleProfiles(oracleEvents(lines), STREAM_AS_OF_MS));
  const usersOf = (lines: readonly ProduceLine[]): string[] => [...new Set(lines.map(({ value }) => value.user_id))].sort();

  async function rebuilt(stream: Stream, code: number, args: readonly string[] = []): Promise<RebuildDocument> {
    const finished = await inData(stream, [
      'rebuild',
      '--json',
      '--shadow',
      'egreedy-v2',
      '--shadow-learning',
      '--group',
      stream.group,
      ...args,
    ]);
    expect(finished, finished.stderr).toMatchObject({ code });
    return documentOf(finished);
  }

  async function ends(stream: Stream, topics: readonly string[]): Promise<Record<string, number>> {
    return Object.fromEntries(
      await Promise.all(
        topics.map(
          async (topic) => [topic, [...(await stream.log.offsets(topic)).values()].reduce((sum, { end }) => sum + end, 0)] as const,
        ),
      ),
    );
  }

  /** Two partitions of facts, applied. */
  async function factStream(count = 240): Promise<{ stream: Stream; lines: ProduceLine[] }> {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const lines: ProduceLine[] = [];
    for (const line of generatedEvents(1)) {
      if (line.topic !== 'tip.candidates') lines.push(line);
      if (lines.length === count) break;
    }
    await stream.log.append(toRecords(stream.prefix, lines));
    await catchUp(stream);
    return { stream, lines };
  }

  async function jobOver(member: Member, userId: string): Promise<RebuildJob> {
    const begun = await fetch(`${await member.address()}/v1/profiles/${userId}/rebuild`, { method: 'POST' });
    expect(begun.status).toBe(202);
    const { job_id: id } = (await begun.json()) as RebuildJob;
    let job: RebuildJob | undefined;
    await member.until(
      async () => (job = (await member.get(`/v1/rebuilds/${id}`)).body as unknown as RebuildJob).state !== 'running',
      'the job to end',
    );
    return job!;
  }

  it('gives what is there, whether or not the service runs, and publishes nothing', async () => {
    const { stream, lines } = await hardStream(brokers!, withKcat);
    await catchUp(stream);
    lines.push(...(await reactTo(stream)));
    await catchUp(stream);
    const before = { digest: digestOf(stream), ends: await ends(stream, [...stream.inputs, stream.topic('profile.features')]) };
    expect(before.digest).toBe(expectedDigest(lines));

    const apart = await rebuilt(stream, 0);
    expect(apart).toMatchObject({
      swapped: true,
      changed_users: 0,
      incomplete: [],
      refused: null,
      generation: 'gen-000002',
      previous: 'gen-000001',
    });
    expect({ digest: digestOf(stream), ends: await ends(stream, Object.keys(before.ends)) }).toEqual(before);
    await expectProven(stream);

    // One user's tip is altered, and another has more of it: the log is right.
    const { user_id: altered, tip_id: tip } = lines.find(({ topic }) => topic === 'tip.served')!.value as {
      user_id: string;
      tip_id: string;
    };
    expect(
      changeState(
        stream.directory('data'),
        'UPDATE tip SET served_at_ms = served_at_ms - 86400000, done_at_ms = NULL WHERE tip_id = ? ' +
          'AND uid = (SELECT uid FROM user WHERE user_id = ?)',
        tip,
        altered,
      ),
    ).toBe(1);

    const member = stream.start(['--shadow', 'egreedy-v2', '--shadow-learning'], 'data');
    await member.untilRunning(2);
    const load = new Load(stream, 200, 21);
    await load.more(100);
    const beside = await rebuilt(stream, 0, ['--prune']);
    expect(beside).toMatchObject({ swapped: true, generation: 'gen-000003', incomplete: [] });
    expect(beside.changes.map(({ user_id }) => user_id)).toContain(altered);
    await load.more(100);
    await load.stop();
    await untilAllApplied(stream, [member]);
    lines.push(...load.written);
    expect(digestOf(stream)).toBe(expectedDigest(lines));
    await expectProven(stream);
    const answered = (await stream.records(stream.topic('tip.scored'))).map(
      ({ key, value }) => `${key!.toString()} ${(JSON.parse(value!.toString()) as ScoredEvent).decision_id}`,
    );
    expect(new Set(answered).size).toBe(answered.length);

    expect(await jobOver(member, altered)).toMatchObject({ state: 'done', user_id: altered });
    await expectProven(stream);
    expect(await member.stop()).toBe(0);
    expect(digestOf(stream)).toBe(expectedDigest(lines));
  });

  it('is refused when retention has taken what was folded, names the users, and is done with --force', async () => {
    const { stream, lines } = await factStream();
    const served = stream.topic('tip.served');
    const { end } = (await stream.log.offsets(served)).get(0)!;
    await deleteBefore(await kafkaAdmin(brokers!), served, { 0: end - 3 });
    const kept = new Set<number>();
    for (const { offset } of await stream.records(served)) kept.add(offset);
    const left = [...(await stream.records(served)), ...(await stream.records(stream.topic('tip.feedback')))].map(
      ({ topic, value }) =>
        ({ topic: topic.slice(stream.prefix.length), value: JSON.parse(value!.toString()) as ProduceLine['value'] }) as ProduceLine,
    );
    expect(left.length).toBeLessThan(lines.length);
    const changed = differing(lines, left);
    const before = digestOf(stream);

    const refused = await inData(stream, ['rebuild', '--group', stream.group]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') as string });
    expect(refused.stderr).toContain(`${served}/0 begins at ${end - 3}`);
    const document = await rebuilt(stream, 2);
    expect(document).toMatchObject({
      swapped: false,
      refused: { users: document.changed_users, incomplete: [expect.stringContaining(served) as string] },
    });
    for (const user of document.refused!.user_ids) expect(changed).toContain(user);
    expect(document.changed_users).toBeGreaterThanOrEqual(changed.length);
    expect(digestOf(stream)).toBe(before);

    expect(await rebuilt(stream, 0, ['--force'])).toMatchObject({ swapped: true, refused: null });
    expect(digestOf(stream)).toBe(expectedDigest(left));
    await catchUp(stream);
    expect(digestOf(stream)).toBe(expectedDigest(left));
  });

  it('is refused when an input was compacted, and names the users', async () => {
    const { stream, lines } = await factStream();
    const feedback = stream.topic('tip.feedback');
    const admin = await kafkaAdmin(brokers!);
    await configureTopics(admin, {
      [feedback]: [
        ['cleanup.policy', 'compact'],
        ['segment.ms', '100'],
        ['min.cleanable.dirty.ratio', '0.001'],
        ['min.compaction.lag.ms', '0'],
        ['max.compaction.lag.ms', '200'],
      ].map(([name, value]) => ({ name: name!, value: value! })),
    });
    const more = {
      topic: 'tip.feedback',
      value: { user_id: 'user-1', tip_id: 'late', action: 'done', reacted_at_ms: STREAM_AS_OF_MS - 1 },
    } as const satisfies ProduceLine;
    const users = usersOf(lines.filter(({ topic }) => topic === 'tip.feedback'));
    const ofUsers = async () => (await stream.records(feedback)).filter(({ key }) => key!.toString().startsWith('user-')).length;
    // Segments end when something is written after their time; the last one is never cleaned.
    for (const deadline = Date.now() + PATIENCE_MS; (await ofUsers()) > users.length; await delay(300)) {
      expect(Date.now(), 'the cleaner has not come').toBeLessThan(deadline);
      await stream.log.append(
        [0, 1].flatMap((partition) =>
          toRecords(stream.prefix, [more]).map((record) => ({ ...record, partition, key: Buffer.from(`filler-${partition}`) })),
        ),
      );
    }
    await catchUp(stream);
    const before = digestOf(stream);
    const document = await rebuilt(stream, 2);
    expect(document).toMatchObject({
      swapped: false,
      refused: { incomplete: expect.arrayContaining([`${feedback} is compacted`]) as string[] },
    });
    expect(document.changed_users).toBeGreaterThan(10);
    expect(usersOf(lines)).toEqual(expect.arrayContaining([...document.refused!.user_ids]));
    expect(digestOf(stream)).toBe(before);
    const unproven = JSON.parse((await inData(stream, ['verify', '--json'])).stdout) as { equal: boolean; unproven_count: number };
    expect(unproven.equal).toBe(true);
    expect(unproven.unproven_count).toBeGreaterThan(10);
  });

  it('is refused when the log is another one; with --force it folds that one, and the service goes on', async () => {
    const { stream, lines } = await factStream();
    const served = stream.topic('tip.served');
    await recreateTopic(stream, await kafkaAdmin(brokers!), served);
    const now = [...lines.filter(({ topic }) => topic === 'tip.served'), ...lines.filter(({ topic }) => topic === 'tip.served')].map(
      (line) => ({ ...line, value: { ...line.value, tip_id: `other-${String(line.value['tip_id'])}` } }),
    );
    await stream.log.append(toRecords(stream.prefix, now));
    expect(await stream.catchUp('data')).toMatchObject({ code: 1, stderr: expect.stringContaining('[log_changed]') as string });
    expect(await rebuilt(stream, 2)).toMatchObject({
      swapped: false,
      refused: { incomplete: expect.arrayContaining([expect.stringMatching(/another record/)]) as string[] },
    });
    expect(await rebuilt(stream, 0, ['--force'])).toMatchObject({ swapped: true });
    await catchUp(stream);
    expect(digestOf(stream)).toBe(expectedDigest([...lines.filter(({ topic }) => topic !== 'tip.served'), ...now]));
    await expectProven(stream);
  });
});

/** Users whose profile differs between two lists of events, at some time of interest. */
function differing(before: readonly ProduceLine[], after: readonly ProduceLine[]): string[] {
  const of = (lines: readonly ProduceLine[]) => {
    const byUser = new Map<string, string[]>();
    for (const { topic, value } of lines)
      byUser.set(value.user_id, [...(byUser.get(value.user_id) ?? []), `${topic} ${JSON.stringify(value)}`]);
    return new Map([...byUser].map(([user, events]) => [user, events.sort().join('\n')]));
  };
  const [then, now] = [of(before), of(after)];
  return [...then.keys()].filter((user) => then.get(user) !== now.get(user));
}
