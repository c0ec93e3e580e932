/**
 * `start --until-caught-up`: ends with 0 when everything that the log held is applied and published, and with 1 when a partition
 * cannot be.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { recordOf } from '../support/embedded/service.js';
import { EmbeddedDirectory } from '../support/embedded/process.js';
import { traffic } from '../support/embedded/traffic.js';

let directory: EmbeddedDirectory;
afterEach(() => directory.close());

const partitionFile = (partition: number) => join(directory.data, `state/gen-000001/partition-000${partition}.db`);

describe('start --until-caught-up', () => {
  it('ends at once on a log that is empty, and on one that holds nothing valid', async () => {
    directory = await EmbeddedDirectory.open();
    await directory.catchUp();
    expect(JSON.parse((await directory.run('digest', '--json')).stdout)).toMatchObject({ users: 0 });
    await directory.log.append([
      { topic: 'tip.served', key: Buffer.from('a'), value: null },
      { topic: 'tip.feedback', key: null, value: Buffer.from('not json') },
      { topic: 'tip.candidates', key: Buffer.from('a'), value: Buffer.from('{}') },
      { topic: 'policy.control', key: null, value: Buffer.from('[]') },
    ]);
    await directory.catchUp();
    for (const topic of ['tip.served', 'tip.feedback', 'tip.candidates', 'policy.control'])
      expect(await directory.records(`${topic}-dlt`)).toHaveLength(1);
    await directory.catchUp();
    expect(await directory.records('tip.served-dlt')).toHaveLength(1);
    expect((await directory.run('lag', '--json')).stdout).not.toMatch(/"lag_records":[1-9]/);
  });

  it('publishes what a crashed run owed, under the bytes it had decided on', async () => {
    directory = await EmbeddedDirectory.open();
    await directory.log.append([recordOf('tip.served', { user_id: 'a', tip_id: 't', served_at_ms: 1 })]);
    await directory.catchUp();
    // What a crash between commit and publishing leaves.
    const owed = Buffer.from('{"decision_id":"d1"}');
    const file = new Database(partitionFile(0));
    file
      .prepare('INSERT INTO outbox (topic, key, value, headers) VALUES (?, ?, ?, ?)')
      .run('tip.scored-dlt', Buffer.from('a'), owed, JSON.stringify([['why', Buffer.from('x').toString('base64')]]));
    file.close();
    await directory.catchUp();
    expect((await directory.records('tip.scored-dlt')).map(({ key, value, headers }) => ({ key, value, headers }))).toEqual([
      { key: Buffer.from('a'), value: owed, headers: [['why', Buffer.from('x')]] },
    ]);
    await directory.catchUp();
    expect(await directory.records('tip.scored-dlt')).toHaveLength(1);
  });

  it('ends with 1 and says why and what to do when a partition cannot run', async () => {
    directory = await EmbeddedDirectory.open();
    await directory.log.append(traffic(5).next(400));
    await directory.catchUp();
    writeFileSync(partitionFile(2), 'Dear diary');
    const { code, stderr } = await directory.start('--until-caught-up').ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/partition-0002\.db is damaged.*\[state_corrupt\]/);
    expect(stderr).toContain('tipstream rebuild');
    // Readers say the same, rather than leave users out.
    const digest = await directory.run('digest', '--json');
    expect([digest.code, JSON.parse(digest.stdout)]).toMatchObject([1, { error: { code: 'state_corrupt' } }]);
  });

  it('applies and publishes everything of the other partitions before it ends with 1 because of one', async () => {
    directory = await EmbeddedDirectory.open();
    const stream = traffic(6);
    await directory.log.append(stream.next(400));
    await directory.catchUp();
    writeFileSync(partitionFile(2), 'Dear diary');
    await directory.log.append(stream.next(8_000));
    const { code, stderr } = await directory.start('--until-caught-up').ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/partition-0002\.db is damaged.*\[state_corrupt\]/)]);
    for (const partition of [0, 1, 3]) {
      const file = new Database(partitionFile(partition), { readonly: true });
      const applied = new Map(file.prepare<[], [string, number]>('SELECT topic, next_offset FROM position').raw().all());
      file.close();
      for (const topic of ['tip.served', 'tip.feedback', 'tip.candidates'])
        expect(applied.get(topic), `${topic}/${partition}`).toBe((await directory.log.offsets(topic)).get(partition)!.end);
    }
    const asked = (await directory.records('tip.candidates')).filter(({ partition }) => partition !== 2);
    const answered = new Set(
      (await directory.records('tip.scored')).map(({ value }) => (JSON.parse(value!.toString()) as { decision_id: string }).decision_id),
    );
    expect(
      asked.map(({ value }) => (JSON.parse(value!.toString()) as { decision_id: string }).decision_id).filter((id) => !answered.has(id)),
    ).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('when %s comes before it has caught up, ends with %i, and goes on the next time', async (signal, wanted) => {
    directory = await EmbeddedDirectory.open();
    const stream = traffic(7);
    await directory.log.append(stream.next(60_000));
    const running = directory.start('--until-caught-up', '--max-batch-records', '100');
    await running.joined;
    running.child.kill(signal);
    const { code, stderr } = await running.ended;
    expect(code, stderr).toBe(wanted);
    await directory.catchUp();
  });

  it('ends with 1 on state that was folded under another number of partitions', async () => {
    directory = await EmbeddedDirectory.open();
    await directory.catchUp();
    const file = new Database(partitionFile(1));
    file.exec("UPDATE meta SET value = '8' WHERE name = 'partitions'");
    file.close();
    for (const args of [['--until-caught-up'], []]) {
      const { code, stderr } = await directory.start(...args).ended;
      expect(code, stderr).toBe(1);
      expect(stderr).toContain('[partition_count_changed]');
    }
  });

  it('catches up with what was there when it began, however much comes meanwhile', async () => {
    directory = await EmbeddedDirectory.open();
    const stream = traffic(9);
    await directory.log.append(stream.next(500));
    let loading = true;
    const load = (async () => {
      for (; loading; await new Promise((resolve) => setTimeout(resolve, 2))) await directory.log.append(stream.next(5));
    })();
    const outcome = await Promise.race([
      directory.catchUp().then(() => 'caught up'),
      new Promise((resolve) => setTimeout(() => resolve('still busy'), 60_000)),
    ]);
    loading = false;
    await load;
    expect(outcome).toBe('caught up');
  }, 120_000);
});
