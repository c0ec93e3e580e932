/** `lag --watch` draws on a terminal what fits it, and appends elsewhere; `--group` on the embedded log. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lagCommand } from '../../src/cli/commands/lag/lag.js';
import type { GroupLagRow } from '../../src/log/group-lag.js';
import { CORE_TOPICS } from '../../src/topics.js';
import { runCommand, type RunOptions } from '../support/cli-in-process.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { traffic } from '../support/embedded/traffic.js';

const folder = mkdtempSync(join(tmpdir(), 'tipstream-lag-watch-'));
const data = join(folder, 'data');
const run = (args: readonly string[], options?: RunOptions) => runCommand([lagCommand], ['lag', '--data', data, ...args], options);

beforeAll(async () => {
  const embedded = await EmbeddedService.open(data, { partitions: 40 });
  await embedded.start();
  await embedded.append(...traffic(5).next(100));
  await embedded.catchUp();
  const member = await embedded.log.join({ group: 'other', topics: ['tip.served'], handler: NOTHING });
  await member.commit(2, new Map([['tip.served', 1]]));
  await member.stop();
  await embedded.stop();
  await embedded.log.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOTHING = {
  positions: () => new Map(),
  ready: () => undefined,
  deliver: () => true,
  revoked: () => undefined,
  failed: () => undefined,
};

/** What `lag --watch` prints until it is drawn a second time. */
async function watched(args: readonly string[], options: RunOptions): Promise<string> {
  const interrupt = new AbortController();
  let draws = 0;
  const { code, stdout } = await run(['--watch', ...args], {
    ...options,
    signal: interrupt.signal,
    onStdout: () => {
      if (++draws === 2) interrupt.abort('SIGINT');
    },
  });
  expect(code).toBe(130);
  return stdout;
}

it.each([
  [80, 24],
  [60, 12],
])('on a terminal of %i by %i, each draw takes the place of the one before', async (columns, rows) => {
  const details = [[], ['--topics'], ['--verbose'], ['--group', 'test']];
  for (const stdout of await Promise.all(details.map((args) => watched(args, { terminal: { columns, rows } })))) {
    const draws = stdout.split('\u001b[H').slice(1);
    expect(draws).toHaveLength(2);
    for (const draw of draws) {
      expect(draw.endsWith('\n\u001b[J')).toBe(true);
      const lines = draw
        .slice(0, -4)
        .split('\u001b[K\n')
        .filter((line) => line !== '');
      expect(lines.length).toBe(rows - 1);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      expect(lines.at(-2)).toMatch(/^and \d+ more$|does not say who|Nothing runs/);
      expect(lines.at(-1)).toMatch(/ records not applied, .*; rows: \d+ stop/);
    }
  }
});

it('elsewhere it appends, no longer than 24 lines of 80 at a time', async () => {
  const stdout = await watched([], {});
  expect(stdout).not.toContain('\u001b');
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(46);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.filter((line) => /^and 20 more$/.test(line))).toHaveLength(2);
});

it('for programs it is one line each time', async () => {
  const lines = (await watched(['--json'], { terminal: { columns: 80, rows: 24 } })).trimEnd().split('\n');
  for (const line of lines) expect(JSON.parse(line)).toHaveLength(40 * CORE_TOPICS.length);
});

it('a group that is not the one of the directory is judged by what it committed, and an unknown one is an error', async () => {
  const { code, stdout, stderr } = await run(['--group', 'other', '--json']);
  expect(code).toBe(0);
  expect(stderr).toBe('the log does not say who the members of the group are\n');
  const rows = JSON.parse(stdout) as GroupLagRow[];
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ topic: 'tip.served', partition: 2, committed_offset: 1, applied_offset: null, member_id: null });
  expect(await run(['--group', 'nobody'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: the log knows no consumer group "nobody" \[group_not_found\]\nhint: /) as string,
  });
});

it('the group of the directory is known after its service has ended', async () => {
  for (const args of [[], ['--group', 'test']]) {
    const rows = JSON.parse((await run([...args, '--json'])).stdout) as GroupLagRow[];
    expect(new Set(rows.map(({ group, rule }) => `${group}: ${rule}`))).toEqual(
      new Set(['test: no process runs workers on this data directory']),
    );
  }
});
