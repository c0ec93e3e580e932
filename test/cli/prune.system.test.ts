/**
 * `--retain` in the processes that users run: pruned before `start --until-caught-up` ends, said so, and refused by every command that
 * is asked for an older time.
 */
import Database from 'better-sqlite3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const DAY = 86_400_000;
/** Behind today, so that the newest event decides. */
const NEWEST = Date.UTC(2024, 5, 1);
const EXACT = NEWEST - 40 * DAY + 30 * DAY;
let cli: CliWorkspace;
beforeEach(() => {
  cli = new CliWorkspace();
});
afterEach(() => cli.dispose());

const served = (user_id: string, tip_id: string, served_at_ms: number) =>
  `${JSON.stringify({ topic: 'tip.served', value: { user_id, tip_id, served_at_ms } })}\n`;

test('tips older than --retain go before start ends, and times that need them are refused with the earliest exact one', async () => {
  const users = Array.from({ length: 40 }, (_, i) => `u${i}`);
  const input = users
    .map((user) => served(user, 'old', NEWEST - 41 * DAY) + served(user, 'kept', NEWEST - 40 * DAY) + served(user, 'new', NEWEST))
    .join('');
  expect(await cli.run(['produce'], { input })).toMatchObject({ code: 0 });
  expect(await cli.run(['start', '--until-caught-up', '--no-http', '--retain', '30d'])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--retain must be at least 31d') as string,
  });
  const started = await cli.run(['start', '--until-caught-up', '--no-http'], { env: { TIPSTREAM_RETAIN: '40d' } });
  expect(started).toMatchObject({ code: 0 });
  expect(started.stdout + started.stderr).toContain('pruned tips older than --retain');
  expect(JSON.parse((await cli.run(['sql', 'SELECT tip_id, count(*) AS n FROM tips GROUP BY 1 ORDER BY 1', '--json'])).stdout)).toEqual([
    { tip_id: 'kept', n: 40 },
    { tip_id: 'new', n: 40 },
  ]);

  writeFileSync(join(cli.directory, 'spine.ndjson'), `{"user_id":"u1","as_of_ms":${EXACT}}\n{"user_id":"u1","as_of_ms":${EXACT - 1}}\n`);
  const tooOld = ['--as-of', String(EXACT - 1)];
  const asked = [
    ['profile', 'u1', ...tooOld],
    ['digest', ...tooOld],
    ['export', ...tooOld],
    ['export', '--spine', 'spine.ndjson'],
    ['sql', 'SELECT 1', ...tooOld],
    ['snapshot', 'out.db', ...tooOld],
    ['verify', ...tooOld],
  ];
  for (const args of asked) {
    const { code, stdout, stderr } = await cli.run(args);
    expect([code, stdout], args.join(' ')).toEqual([1, '']);
    expect(stderr).toContain(`The earliest exact time is ${new Date(EXACT).toISOString()}`);
  }
  const exact = ['--as-of', String(EXACT)];
  const profile = await cli.run(['profile', 'u1', '--json', ...exact]);
  expect(JSON.parse(profile.stdout)).toMatchObject({ features: { tip_volume_30d: 1 } });
  expect(await cli.run(['verify', ...exact])).toMatchObject({ code: 0 });
  expect(await cli.run(['snapshot', 'out.db', ...exact])).toMatchObject({ code: 0 });
  const snapshot = new Database(join(cli.directory, 'out.db'), { readonly: true });
  expect(snapshot.prepare("SELECT value FROM meta WHERE name = 'exact_from_ms'").pluck().get()).toBe(String(EXACT));
  snapshot.close();
  expect(await cli.run(['verify'])).toMatchObject({ code: 0 });
});
