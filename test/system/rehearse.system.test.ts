/** `tipstream rehearse`: the same days whether they are lived at once, in parts or through a SIGKILL; and what it refuses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const workspace = new CliWorkspace();
const folder = workspace.directory;
afterAll(() => workspace.dispose());
const runCli = (args: readonly string[]) => workspace.run(args);

const PEOPLE = ['--users', '30', '--newcomers', '3', '--start', '2026-09-01', '--candidates', '4'];

/** Every record that is not tipstream's own account of itself, and each of its decisions. */
function happened(data: string): unknown[] {
  const log = new Database(join(data, 'log.db'), { readonly: true });
  try {
    return log
      .prepare(
        `SELECT DISTINCT name, partition, CAST(key AS TEXT),
           iif(name = 'tip.scored', json_extract(CAST(value AS TEXT), '$.decision_id', '$.chosen_tip_id'), CAST(value AS TEXT))
         FROM record JOIN topic USING (topic_id)
         WHERE name IN ('tip.candidates', 'tip.served', 'tip.feedback', 'tip.scored') ORDER BY 1, 2, 4`,
      )
      .raw()
      .all();
  } finally {
    log.close();
  }
}

const rehearse = (data: string, ...args: string[]) => runCli(['rehearse', '--data', join(folder, data), ...args]);

it('goes on where it was: at once, in parts and after a SIGKILL it is the same', async () => {
  const atOnce = await rehearse('once', '--days', '4', ...PEOPLE, '--json');
  expect(atOnce).toMatchObject({ code: 0 });
  const { policies, until_ms: untilMs } = JSON.parse(atOnce.stdout) as {
    policies: { policy: string; decisions: number }[];
    until_ms: number;
  };
  expect(untilMs).toBe(Date.UTC(2026, 8, 5));
  expect(policies.map(({ policy }) => policy)).toEqual(['egreedy-v1']);
  const once = happened(join(folder, 'once'));
  expect(once.length).toBeGreaterThan(3 * policies[0]!.decisions);

  expect(await rehearse('parts', '--days', '1', ...PEOPLE)).toMatchObject({ code: 0 });
  expect(await rehearse('parts', '--days', '3')).toMatchObject({ code: 0 });
  expect(happened(join(folder, 'parts'))).toEqual(once);

  await killedAfterARound('killed', '--days', '4', ...PEOPLE);
  const reachedMs = (): number =>
    (JSON.parse(readFileSync(join(folder, 'killed', 'rehearsal.json'), 'utf8')) as { reachedMs: number }).reachedMs;
  const left = (Date.UTC(2026, 8, 5) - reachedMs()) / 86_400_000;
  expect(left).toBeGreaterThan(0);
  // Whole days from where it was broken off, and no more than there are.
  expect(await rehearse('killed', '--days', String(Math.ceil(left)))).toMatchObject({ code: 0 });
  const killed = new Set(happened(join(folder, 'killed')).map((row) => JSON.stringify(row)));
  expect(once.map((row) => JSON.stringify(row)).filter((row) => !killed.has(row))).toEqual([]);
});

it('follows the controls that were published meanwhile', async () => {
  const data = join(folder, 'promoted');
  expect(await rehearse('promoted', '--days', '2', ...PEOPLE)).toMatchObject({ code: 0 });
  const at = ['--effective-at', '2026-09-03', '--reason', 'practice'];
  expect(await runCli(['promote', 'egreedy-v2', '--data', data, '--percent', '50', '--force', ...at])).toMatchObject({ code: 0 });
  expect(await runCli(['policies', 'configure', '--data', data, '--epsilon', '0.2'])).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await rehearse('promoted', '--days', '2');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/^egreedy-v2 +\d+ +0\.\d{4}$/m);
  expect(stdout).toContain(`it is 2026-09-05T00:00:00.000Z in ${data}`);
  expect(stderr).toMatch(/^a configure takes effect at \S+, after these days$/m);
});

it.each<[string, string[], number, RegExp]>([
  ['Kafka', ['--brokers', '127.0.0.1:1'], 64, /a rehearsal runs on the embedded log/],
  ['people who are there already', ['--users', '3'], 64, /--users is for the first day/],
  ['days that have not passed', ['--days', '100000'], 64, /has not passed yet/],
])('refuses %s', async (_, args, code, message) => {
  if (args[0] === '--brokers')
    return expect(await runCli(['rehearse', ...args])).toMatchObject({ code, stderr: expect.stringMatching(message) as string });
  expect(await rehearse('once', ...args)).toMatchObject({ code, stderr: expect.stringMatching(message) as string });
});

it('refuses a log that no rehearsal began', async () => {
  const data = join(folder, 'real');
  expect(await runCli(['topics', 'create', '--data', data])).toMatchObject({ code: 0 });
  expect(await rehearse('real')).toMatchObject({ code: 64, stderr: expect.stringContaining('gets no simulated events') as string });
  expect(await rehearse('odd', '--start', '2026-09-01T01:00:00Z')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('midnight') as string,
  });
});

/** Killed once a round has been answered. */
async function killedAfterARound(data: string, ...args: string[]): Promise<void> {
  const child = workspace.start(['rehearse', '--data', join(folder, data), ...args]);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const path = join(folder, data, 'rehearsal.json');
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    let state: { startMs: number; reachedMs: number } | undefined;
    try {
      state = JSON.parse(readFileSync(path, 'utf8')) as { startMs: number; reachedMs: number };
    } catch {
      continue; // not there yet
    }
    if (state.reachedMs > state.startMs) break;
  }
  child.kill('SIGKILL');
  await ended;
}
