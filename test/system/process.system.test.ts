/**
 * `tipstream start` on the embedded log as operators meet it: one process a directory, signals, kills, and a restart after each that
 * loses and repeats nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { EmbeddedDirectory } from '../support/embedded/process.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';

let directory: EmbeddedDirectory;
afterEach(() => directory.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a data directory', () => {
  it('is run by one process: a second one is told which, and the first goes on', async () => {
    directory = await EmbeddedDirectory.open();
    const first = directory.start();
    await first.joined;
    const second = await directory.start().ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`in use by process ${first.child.pid}`);
    expect(second.stderr).toContain('--data');
    expect(second.stdout).toBe('');
    await directory.log.append(traffic(1).next(200));
    await expect.poll(async () => (await directory.run('lag', '--json')).stdout, { timeout: 60_000 }).not.toMatch(/"lag_records":[1-9]/);
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  it('is free again when its owner was killed, and goes to one of several that start at once', async () => {
    directory = await EmbeddedDirectory.open();
    const killed = directory.start();
    await killed.joined;
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(JSON.parse(readFileSync(join(directory.data, 'owner.json'), 'utf8'))).toMatchObject({ pid: killed.child.pid });
    const rivals = [directory.start(), directory.start(), directory.start()];
    const outcomes = await Promise.all(
      rivals.map((rival) =>
        Promise.race([
          rival.joined.then(
            () => 'runs',
            () => 'refused',
          ),
          rival.ended.then(() => 'refused'),
        ]),
      ),
    );
    expect(outcomes.sort()).toEqual(['refused', 'refused', 'runs']);
    for (const { child } of rivals) child.kill('SIGTERM');
    const codes = await Promise.all(rivals.map(({ ended }) => ended));
    expect(codes.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
    for (const { code, stderr } of codes) if (code === 1) expect(stderr).toContain('[data_in_use]');
  });

  it('can be read with sqlite3 and the commands while it is run', async () => {
    directory = await EmbeddedDirectory.open();
    const { child, joined, ended } = directory.start();
    await joined;
    const stream = traffic(2);
    const file = new Database(join(directory.data, 'state/gen-000001/partition-0001.db'), { readonly: true });
    for (let i = 0; i < 10; i++) {
      await directory.log.append(stream.next(300));
      file.prepare('SELECT user_id, name, value FROM user_profile_features LIMIT 50').all();
      file.prepare('SELECT count(*) FROM tip').get();
    }
    expect((await directory.run('digest', '--json')).code).toBe(0);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0 });
    file.close();
    await directory.catchUp();
    await directory.expectOracleDigest();
  });
});

describe('start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends soon after %s under load, with exit code 0, and the next one goes on from there',
    async (signal) => {
      directory = await EmbeddedDirectory.open();
      const stream = traffic(signal.length);
      await directory.log.append(stream.next(6_000));
      const { child, joined, ended, stderr } = directory.start('--shadow', 'egreedy-v2');
      await joined;
      let loading = true;
      const load = (async () => {
        for (; loading; await pause(5)) await directory.log.append(stream.next(60));
      })();
      await pause(150);
      const asked = performance.now();
      child.kill(signal);
      expect(await ended, stderr()).toMatchObject({ code: 0, signal: null });
      expect(performance.now() - asked).toBeLessThan(20_000); // the promise, and what a busy machine takes to end a process
      loading = false;
      await load;
      await directory.catchUp('--shadow', 'egreedy-v2');
      await directory.expectOracleDigest();
      await directory.expectAnswered();
      const scored = (await directory.records('tip.scored')).length;
      expect(scored).toBe(new Set((await directory.records('tip.candidates')).map(({ value }) => value!.toString())).size);
      await directory.catchUp();
      expect(await directory.records('tip.scored')).toHaveLength(scored);
    },
  );

  it('loses and repeats nothing when it is killed again and again', async () => {
    directory = await EmbeddedDirectory.open();
    const seed = Date.now() % 1_000_000;
    console.log(`kill test: seed ${seed}`);
    const stream = traffic(seed);
    await directory.log.append(stream.next(2_000));
    for (let kill = 0; kill < 6; kill++) {
      const { child, joined, ended } = directory.start('--max-batch-records', '700');
      await joined;
      const load = directory.log.append(stream.next(1_000));
      await pause(((seed + kill * 61) % 97) * 4);
      child.kill('SIGKILL');
      expect((await ended).signal).toBe('SIGKILL');
      await load;
    }
    await directory.catchUp();
    await directory.expectOracleDigest();
    await directory.expectOracleDigest(TRAFFIC_AS_OF_MS - 20 * 86_400_000);
    await directory.expectAnswered();
  });
});
