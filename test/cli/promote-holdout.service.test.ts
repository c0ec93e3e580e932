/** What promote keeps out of a rollout for all, and what it says that the rollout could find. */
import { describe, expect, it } from 'vitest';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { promoteCommand } from '../../src/cli/commands/promote.js';
import { rollbackCommand } from '../../src/cli/commands/rollback.js';
import { topicsFamily } from '../../src/cli/commands/topics/topics.js';
import { rolloutPlace } from '../../src/policies/placement.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';
import { embeddedService, newDirectory } from '../support/embedded/directory.js';
import { appendRollout, type RolloutWorld } from '../support/embedded/rollout-world.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const COMMANDS = [topicsFamily, promoteCommand, rollbackCommand, policiesFamily];

/** A data directory of people who decided for some days; its log, its state and no service. */
async function lived(world: Partial<RolloutWorld> & Pick<RolloutWorld, 'users'>): Promise<string> {
  const embedded = await embeddedService({ registry: defaultRegistry, publishProfiles: false });
  await appendRollout(embedded, {
    controls: [],
    fromMs: NOW_MS - 4 * DAY_MS,
    toMs: NOW_MS,
    everyMs: DAY_MS,
    chance: (_, inclination) => inclination,
    ...world,
  });
  await embedded.catchUp();
  await embedded.stop();
  return embedded.directory;
}

interface Promoted {
  readonly control_id: string;
  readonly rollout_id: string;
  readonly holdout: number | null;
  readonly expected: { treated: number; control: number; harm: number | null; within_ms: number; guardrail: string } | null;
}

const promote = (data: string, ...words: string[]): Promise<Answered> =>
  runCommand(COMMANDS, ['promote', 'egreedy-v2', '--force', '--reason', 'a test', ...words, '--data', data]);
const document = async (data: string, ...words: string[]): Promise<Promoted> => {
  const { code, stdout, stderr } = await promote(data, ...words, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Promoted;
};
const shares = async (data: string) => {
  const { stdout } = await runCommand(COMMANDS, ['policies', 'list', '--json', '--data', data]);
  return (JSON.parse(stdout) as { shares: { policy: string; percent: number; holdout: number | null }[] }).shares.map(
    ({ policy, percent, holdout }) => [policy, percent, holdout],
  );
};

describe('a promote for all', () => {
  it('keeps as many percent out as 50 users are, and says what would show', async () => {
    const data = await lived({ users: 200 });
    const { rollout_id: rolloutId, holdout, expected } = await document(data);
    expect(holdout).toBe(25);
    const treated = Array.from({ length: 200 }, (_, i) => `user-${i}`).filter((user) => rolloutPlace(rolloutId, user) < 0.75).length;
    expect(expected).toMatchObject({ treated, control: 200 - treated, guardrail: 'acts' });
    expect(expected!.within_ms).toBeGreaterThan(1.5 * DAY_MS);
    expect(expected!.within_ms).toBeLessThanOrEqual(2 * DAY_MS);
    // About 2.8 sd: rates differ by sd .29, two decisions a user, half of which the two days before explain.
    expect(expected!.harm!).toBeGreaterThan(0.05);
    expect(expected!.harm!).toBeLessThan(0.4);
    expect(await shares(data)).toEqual([
      ['egreedy-v2', 75, 25],
      ['egreedy-v1', 25, null],
    ]);
  });

  it('keeps the users of its rollout, ends its hold-out when told to, and does not take users back', async () => {
    const data = await lived({ users: 120 });
    const first = await document(data, '--percent', '70');
    expect(first).toMatchObject({ holdout: null, rollout_id: first.control_id });
    // 50 users of 120, which would take users back.
    expect(await promote(data)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /live for 70 percent of the users already, and 42 percent are to be held out[^]*Give --holdout below 30: 0 leaves nobody out/,
      ) as string,
    });
    expect(await document(data, '--holdout', '20')).toMatchObject({ holdout: 20, rollout_id: first.rollout_id });
    expect(await shares(data)).toEqual([
      ['egreedy-v2', 80, 20],
      ['egreedy-v1', 20, null],
    ]);
    const { stdout } = await promote(data, '--holdout', '0');
    expect(stdout).toMatch(/^egreedy-v2 is live for 100 percent of the users/);
    expect(stdout).toContain('nobody is left to compare with: the guardrail cannot tell whether it does harm, and does nothing');
    expect(await shares(data)).toEqual([['egreedy-v2', 100, 0]]);
    expect(await promote(data)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/live for 100 percent of the users already/) as string,
    });
  });

  it('says that the guardrail does not act with fewer than 20 users in the smaller arm', async () => {
    const data = await lived({ users: 100 });
    const { stdout } = await promote(data, '--percent', '10');
    expect(stdout).toMatch(/^100 users had a decision in the 14 days before: \d+ are in the rollout, \d+ are not$/m);
    expect(stdout).toContain('about 10 users with a decision, and the guardrail acts from 20 on: it does not act');
  });

  it('keeps 5 percent out where no state says how many users there are, and says so', async () => {
    const data = newDirectory();
    expect(await runCommand(COMMANDS, ['topics', 'create', '--data', data])).toMatchObject({ code: 0 });
    const { stdout } = await promote(data);
    expect(stdout).toMatch(/is live for 95 percent of the users from .* on; 5 percent are held out; egreedy-v1 is its shadow$/m);
    expect(stdout).toContain('no state here says how many users there are');
    expect(await shares(data)).toEqual([
      ['egreedy-v2', 95, 5],
      ['egreedy-v1', 5, null],
    ]);
  });

  it('has no use for --holdout below 100 percent, and takes a percentage', async () => {
    for (const words of [
      ['--percent', '10', '--holdout', '5'],
      ['--holdout', '100'],
      ['--holdout', '-1'],
      ['--holdout', 'x'],
    ])
      expect(await promote(newDirectory(), ...words)).toMatchObject({ code: 64, stderr: expect.stringContaining('--holdout') as string });
  });
});
