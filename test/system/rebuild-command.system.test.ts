/** `tipstream rebuild` as a process of its own: beside `start` and without it, killed and run again, and what it prints. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { currentGeneration, generationDirectory, partitionFile, partitionsIn } from '../../src/store/directory/layout.js';
import { TOPIC_NAMES, TOPICS } from '../../src/topics.js';
import { openSqliteLog } from '../../src/log/sqlite/index.js';
import { generatedEvents, STREAM_AS_OF_MS, type ProduceLine } from '../support/e2e/events.js';
import { CliWorkspace, records, type Finished } from '../support/cli-process.js';
import { until } from '../support/rebuilds.js';

const AS_OF = ['--as-of', String(STREAM_AS_OF_MS)];
const CATCH_UP = ['start', '--until-caught-up', '--no-http', '--log-level', 'error'];
/** The first events, applied: each test begins with a copy. */
const BEGINNING = 3_000;
const beginning = new CliWorkspace();
let cli: CliWorkspace;
afterEach(() => cli.dispose());
afterAll(() => beginning.dispose());

const dataOf = ({ directory }: CliWorkspace): string => join(directory, 'data');
const data = (): string => dataOf(cli);
const live = (): string | undefined => currentGeneration(data());
const ndjson = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

let events: ReturnType<typeof generatedEvents>;
const next = (count: number): ProduceLine[] => Array.from({ length: count }, () => events.next().value as ProduceLine);

async function produced(count: number, workspace = cli): Promise<void> {
  expect((await workspace.run(['produce'], { input: ndjson(next(count)) })).code).toBe(0);
}
beforeAll(async () => {
  events = generatedEvents(5);
  await produced(BEGINNING, beginning);
  expect((await beginning.run(CATCH_UP)).code).toBe(0);
});
beforeEach(() => {
  cli = new CliWorkspace();
  cpSync(dataOf(beginning), data(), { recursive: true });
  events = generatedEvents(5);
  next(BEGINNING);
});

async function digest(): Promise<{ digest: string; positions: object }> {
  return JSON.parse((await cli.run(['digest', ...AS_OF, '--json'])).stdout) as { digest: string; positions: object };
}

/** Of the topics that state is made of, and of what is made of it. */
async function ends(): Promise<unknown> {
  const log = await openSqliteLog({ directory: data(), readOnly: true });
  try {
    return await Promise.all(
      TOPIC_NAMES.filter((topic) => topic !== 'tipstream.audit' && TOPICS[topic].folds !== 'rows')
        .flatMap((topic) => [topic, `${topic}-dlt`])
        .map(async (topic) => [topic, [...(await log.offsets(topic).catch(() => new Map<number, object>())).values()]]),
    );
  } finally {
    await log.close();
  }
}

/** Whoever has most tips is given one less in the live state; answers who. */
function tamper(): string {
  const generation = generationDirectory(data());
  for (const partition of partitionsIn(generation)) {
    const db = new Database(partitionFile(generation, partition));
    try {
      const [user] = db.prepare<[], { uid: number; user_id: string }>('SELECT uid, user_id FROM user ORDER BY tips DESC LIMIT 1').all();
      if (user === undefined) continue;
      db.prepare('DELETE FROM tip WHERE uid = ? AND tip_id = (SELECT min(tip_id) FROM tip WHERE uid = ?)').run(user.uid, user.uid);
      db.prepare('UPDATE user SET tips = tips - 1 WHERE uid = ?').run(user.uid);
      return user.user_id;
    } finally {
      db.close();
    }
  }
  throw new Error('there is no user');
}

const last = ({ stdout }: Finished): Record<string, unknown> => records(stdout).at(-1)!;

describe('rebuild', () => {
  test('says what would change and changes nothing with --dry-run, then mends it, publishing nothing', async () => {
    const before = await digest();
    const endsBefore = await ends();
    expect(await cli.run(['rebuild', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /; 0 of \d+ users would change\nnothing was swapped; `tipstream rebuild` continues with gen-000002\n$/,
      ) as string,
    });
    const user = tamper();
    const dry = await cli.run(['rebuild', '--dry-run', '--json']);
    expect(dry.code).toBe(2);
    expect(last(dry)).toMatchObject({
      done: true,
      dry_run: true,
      swapped: false,
      resumed: true,
      changed_users: 1,
      changes: [{ user_id: user, changes: expect.arrayContaining([expect.objectContaining({ feature: 'tips' })]) as unknown }],
    });
    expect(live()).toBe('gen-000001');

    const mended = await cli.run(['rebuild']);
    expect(mended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^USER +CHANGES +LIVE +REBUILT +BY\n(${user} .*\n)*${user} +tips +\\d+ +\\d+ `)) as string,
    });
    expect(mended.stderr.split('\n')).toEqual([
      'resuming gen-000002 at 100 %',
      expect.stringMatching(/^0 records folded in [\d.]+ s; 1 of \d+ users changed$/),
      'gen-000002 is live; gen-000001 is kept until `tipstream rebuild --prune-only`',
      '',
    ]);
    expect(await digest()).toEqual({ ...before, as_of_ms: STREAM_AS_OF_MS });
    expect(await ends()).toEqual(endsBefore);
    expect((await cli.run(['verify', ...AS_OF])).code).toBe(0);

    expect(await cli.run(['rebuild', '--prune-only'])).toMatchObject({ code: 0, stderr: 'removed gen-000001\n' });
    expect(readdirSync(join(data(), 'state')).filter((name) => name.startsWith('gen-'))).toEqual(['gen-000002']);
    const pruned = await cli.run(['rebuild', '--prune', '--json']);
    expect(last(pruned)).toMatchObject({ swapped: true, generation: 'gen-000003', removed: ['gen-000002'] });
    expect((await cli.run(CATCH_UP)).code).toBe(0);
    expect((await digest()).digest).toBe(before.digest);
  });

  test('beside a running service goes over to what is rebuilt, which goes on', async () => {
    const user = tamper();
    const service = cli.start(['start', '--no-http', '--log-level', 'info']);
    await until(() => existsSync(join(data(), 'owner.json')));
    await produced(500);
    const swapped = await cli.run(['rebuild', '--json']);
    expect(swapped).toMatchObject({ code: 0, stderr: 'the running service switched to gen-000002\n' });
    expect(last(swapped)).toMatchObject({ done: true, swapped: true, changed_users: 1, changes: [{ user_id: user }] });
    expect(live()).toBe('gen-000002');
    const refused = await cli.run(['rebuild', '--to-offsets', '-'], { input: JSON.stringify(await digest()) });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: a service runs on .* \[data_in_use\]\nhint: Stop it first/) as string,
    });
    await produced(200);
    service.kill('SIGTERM');
    expect(await new Promise((resolve) => service.once('exit', resolve))).toBe(0);
    expect((await cli.run(CATCH_UP)).code).toBe(0);
    expect((await cli.run(['verify', ...AS_OF])).code).toBe(0);
    expect(partitionsIn(generationDirectory(data()))).toEqual([0, 1, 2, 3]);
  });

  test('killed, or ended by Ctrl-C, leaves the live state as it was, and goes on when it is run again', async () => {
    await produced(60_000);
    expect((await cli.run(CATCH_UP)).code).toBe(0);
    const before = await digest();
    const begun = (): boolean => {
      const directory = join(data(), 'state', 'gen-000002');
      return existsSync(directory) && partitionsIn(directory).some((partition) => folded(partitionFile(directory, partition)) > 0);
    };
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const child = cli.start(['rebuild', '--threads', '1']);
      let stderr = '';
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      await until(() => (signal === 'SIGINT' ? stderr.startsWith('resuming') : begun()) || child.exitCode !== null);
      child.kill(signal);
      const code = await ended;
      if (code === 0) throw new Error('it was done before it could be ended');
      expect(code).toBe(signal === 'SIGINT' ? 130 : null);
      if (signal === 'SIGINT')
        expect(stderr).toMatch(/^resuming gen-000002 at \d+ %\n(.*\n)*nothing was swapped; `tipstream rebuild` continues here\n$/);
      expect(live()).toBe('gen-000001');
      expect(await digest()).toEqual(before);
    }
    const again = await cli.run(['rebuild', '--json']);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/^resuming gen-000002 at [1-9]\d* %\n/) as string });
    expect(last(again)).toMatchObject({ swapped: true, resumed: true, changed_users: 0 });
    expect(await digest()).toEqual(before);
    for (const line of records(again.stdout).slice(0, -1))
      expect(line).toMatchObject({ done: false, partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }, { partition: 3 }] });
  });

  test('--to-offsets goes back to what digest printed, and start comes forward again', async () => {
    const then = await digest();
    await produced(2_000);
    expect((await cli.run(CATCH_UP)).code).toBe(0);
    const now = await digest();
    expect(now.digest).not.toBe(then.digest);
    writeFileSync(join(cli.directory, 'then.json'), JSON.stringify(then));
    expect(await cli.run(['rebuild', '--to-offsets', 'then.json'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/compared at other positions/) as string,
    });
    expect(await digest()).toEqual(then);
    expect((await cli.run(CATCH_UP)).code).toBe(0);
    expect((await digest()).digest).toBe(now.digest);
    expect(await cli.run(['rebuild', '--to-offsets', 'none.json'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: cannot read none.json: there is no such file/) as string,
    });
  });

  test.each<[string[], RegExp]>([
    [['--prune-only', '--dry-run'], /^error: --prune-only rebuilds nothing/],
    [['--prune', '--dry-run'], /^error: --prune cannot go with --dry-run/],
    [['--user', 'ana', '--force'], /^error: --user goes with --dry-run/],
  ])('misuse %j is 64', async (args, message) => {
    expect(await cli.run(['rebuild', ...args])).toMatchObject({ code: 64, stdout: '', stderr: expect.stringMatching(message) as string });
  });

  test('one user at a time, with and without a service', async () => {
    const served_at_ms = Date.now() - 3_600_000;
    const lines = ['t1', 't2', 't3'].map((tip_id) => ({
      topic: 'tip.served',
      value: { user_id: 'ana', tip_id, served_at_ms, category: 'work' },
    }));
    expect((await cli.run(['produce'], { input: ndjson(lines) })).code).toBe(0);
    expect((await cli.run(CATCH_UP)).code).toBe(0);
    const generation = generationDirectory(data());
    for (const partition of partitionsIn(generation)) {
      const db = new Database(partitionFile(generation, partition));
      db.exec("DELETE FROM tip WHERE tip_id = 't2' AND uid IN (SELECT uid FROM user WHERE user_id = 'ana')");
      db.close();
    }
    expect(await cli.run(['rebuild', '--user', 'ana', '--dry-run'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^3 events of "ana" replayed; \d+ features would change\n$/) as string,
    });
    const service = cli.start(['start', '--http', '127.0.0.1:0', '--log-level', 'silent']);
    const published = (): boolean =>
      existsSync(join(data(), 'owner.json')) && /"http":"/.test(readFileSync(join(data(), 'owner.json'), 'utf8'));
    await until(() => published());
    const asked = await cli.run(['rebuild', '--user', 'ana', '--json']);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(last(asked)).toMatchObject({
      done: true,
      dry_run: false,
      user_id: 'ana',
      replayed_events: 3,
      changed: expect.arrayContaining(['tip_volume_30d']) as unknown,
    });
    service.kill('SIGTERM');
    await new Promise((resolve) => service.once('exit', resolve));
    expect(await cli.run(['rebuild', '--user', 'ana'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '3 events of "ana" replayed; 0 features changed\n',
    });
    expect((await cli.run(['verify', ...AS_OF])).code).toBe(0);
  });
});

/** Offsets that a file has behind it; 0 for one that cannot be read yet. */
function folded(path: string): number {
  try {
    const db = new Database(path, { readonly: true });
    try {
      return db.prepare<[], number>('SELECT coalesce(sum(next_offset), 0) FROM position').pluck().get()!;
    } finally {
      db.close();
    }
  } catch {
    return 0;
  }
}
