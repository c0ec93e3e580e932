/** `policies aa-test` on a log of four weeks, on a shorter one, and when it is interrupted. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runCommand, type Answered, type RunOptions } from '../support/cli-in-process.js';
import { appendRollout } from '../support/embedded/rollout-world.js';
import { EmbeddedService } from '../support/embedded/service.js';

const DAY_MS = 86_400_000;
const START_MS = 1_795_000_000_000;
const folder = mkdtempSync(join(tmpdir(), 'tipstream-aa-'));
const [long, short] = [join(folder, 'long'), join(folder, 'short')];

async function logged(data: string, users: number, days: number): Promise<void> {
  const service = await EmbeddedService.open(data, { partitions: 2, maxTaskIdleMs: 0, publishProfiles: false });
  try {
    await appendRollout(service, {
      controls: [],
      users,
      fromMs: START_MS,
      toMs: START_MS + days * DAY_MS,
      everyMs: DAY_MS,
      chance: (_, inclination) => inclination,
    });
    await service.start();
    await service.catchUp();
  } finally {
    await service.stop();
    await service.log.close();
  }
}

beforeAll(async () => {
  await logged(long, 50, 30);
  await logged(short, 2, 20);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const aaTest = (args: readonly string[], options: RunOptions = {}): Promise<Answered> =>
  runCommand(COMMANDS, ['policies', 'aa-test', ...args], options);

describe('policies aa-test', () => {
  it('prints how often each acted, and draws it', async () => {
    const svg = join(folder, 'aa.svg');
    const args = ['--data', long, '--rollouts', '8', '--percent', '50', '--svg', svg];
    const { code, stdout, stderr } = await aaTest(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^8 rollouts of nothing on 1500 decisions of 50 users, 2026-\S+ to 2026-\S+, seed 1\n\nTREATED +FALSE ALARM +OF/,
    );
    expect(stdout).toMatch(/^50 % +guardrail rolls back +8 +\d+ +\d+\.\d % +\d+\.\d % to \d+\.\d % +5\.0 %$/m);
    // Everything is decided by a single candidate, so the gate has nothing to go by: it promotes nothing.
    expect(stdout).toMatch(/^all +gate promotes +8 +0 +0\.0 % /m);
    expect(stdout).toMatch(/\n\n(no rate is surely above what is promised|surely more often than promised: .*)\n$/);
    expect(readFileSync(svg, 'utf8')).toContain('8 rollouts of nothing (seed 1)');
    expect((await aaTest(args)).code).not.toBe(0);
    expect((await aaTest([...args, '--force'])).stdout).toBe(stdout);
  });

  it('prints the same as a document, for programs', async () => {
    const { code, stdout } = await aaTest(['--data', long, '--rollouts', '4', '--seed', '3', '--json']);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as { worlds: { percents: number[]; rollouts: number }[] };
    expect(document).toMatchObject({
      rollouts: 4,
      false_rollbacks: expect.any(Number) as number,
      false_promotes: 0,
      seed: 3,
      users: 50,
      users_drawn: 50,
      decisions: 1_500,
      partitions_missing: [],
    });
    expect(document.worlds.map(({ percents, rollouts }) => [percents, rollouts])).toEqual([
      [[10], 1],
      [[50], 1],
      [[95], 1],
      [[10, 50], 1],
    ]);
  });

  it('says how many days there are and how many it needs', async () => {
    const { code, stdout, stderr } = await aaTest(['--data', short]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: the decisions here span 19\.\d days, and a rollout .* 28: 14 before it and 14 of its own \[no_data\]\nhint: Wait/,
    );
  });

  it.each(['0', '100', 'ten', '-1'])('refuses --percent %s', async (percent) => {
    const { code, stderr } = await aaTest(['--data', long, `--percent=${percent}`]);
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining('--percent must be a number above 0') as string });
  });

  it('ends with Ctrl-C, and leaves no picture', async () => {
    const svg = join(folder, 'interrupted.svg');
    const interrupt = new AbortController();
    const answered = aaTest(['--data', long, '--rollouts', '100000', '--svg', svg], { signal: interrupt.signal });
    setTimeout(() => interrupt.abort('SIGINT'), 300);
    expect((await answered).code).toBe(130);
    expect(existsSync(svg)).toBe(false);
  });
});
