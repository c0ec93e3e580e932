/** `evaluate --rollout` on people whose rewards are known, and what `promote` makes of its document. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RolloutEvaluation } from '../../src/analysts/evaluate-rollout.js';
import { evaluateCommand } from '../../src/cli/commands/evaluate.js';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { promoteCommand } from '../../src/cli/commands/promote.js';
import { rollbackCommand } from '../../src/cli/commands/rollback.js';
import { topicsFamily } from '../../src/cli/commands/topics/topics.js';
import { documentHash } from '../../src/evaluation/evidence.js';
import { rolloutPlace } from '../../src/policies/placement.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import type { ControlEvent, ScoredEvent } from '../../src/topics.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { appendControls, appendRollout, type RolloutWorld } from '../support/embedded/rollout-world.js';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const NOW_MS = Date.now();
const PROMOTED_MS = NOW_MS - 2 * DAY_MS;
const COMMANDS = [topicsFamily, evaluateCommand, promoteCommand, rollbackCommand, policiesFamily];

const promote = (over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: 'p1',
  type: 'promote',
  effective_at_ms: PROMOTED_MS,
  policy: 'egreedy-v2',
  percent: 50,
  rollout_id: 'p1',
  ...over,
});
/** What egreedy-v2 adds to the chance of a done, of people who differ. */
const adds =
  (gain: number): RolloutWorld['chance'] =>
  (policy, inclination) =>
    0.2 + 0.4 * inclination + (policy === 'egreedy-v2' ? gain : 0);

/** A data directory of people who decided for two days before the rollout and two after; its log, its state and no service. */
async function lived(
  world: Partial<RolloutWorld> = {},
  log: { readonly controls?: readonly ControlEvent[]; readonly misplaces?: boolean } = {},
): Promise<string> {
  const embedded = await embeddedService({ registry: defaultRegistry, publishProfiles: false });
  await appendRollout(embedded, {
    controls: [promote()],
    users: 160,
    fromMs: NOW_MS - 4 * DAY_MS,
    toMs: NOW_MS,
    everyMs: 8 * HOUR_MS,
    chance: adds(0),
    ...world,
  });
  await appendControls(embedded, log.controls ?? []);
  if (log.misplaces === true) await appendMisplaced(embedded);
  await embedded.catchUp();
  await embedded.stop();
  return embedded.directory;
}

/** One more decision of a user who is not in the rollout, by its policy. */
async function appendMisplaced(embedded: EmbeddedService): Promise<void> {
  const user = Array.from({ length: 160 }, (_, i) => `user-${i}`).find((one) => rolloutPlace('p1', one) >= 0.5)!;
  const decisions = (await embedded.records('tip.scored')).map(({ value }) => JSON.parse(value!.toString()) as ScoredEvent);
  const one = decisions.find((event) => event.user_id === user && event.profile.as_of_ms > PROMOTED_MS)!;
  await embedded.append(recordOf('tip.scored', { ...one, decision_id: 'misplaced', policy: 'egreedy-v2' }));
}

const run = (data: string, ...argv: string[]): Promise<Answered> => runCommand(COMMANDS, [...argv, '--data', data]);
async function evaluated(data: string, ...words: string[]): Promise<RolloutEvaluation> {
  const { code, stdout, stderr } = await run(data, 'evaluate', '--rollout', ...words, '--json');
  const document = JSON.parse(stdout) as RolloutEvaluation;
  expect(code, stderr).toBe(document.verdict === 'PROMOTE' ? 0 : 2);
  return document;
}

/** The arms of p1 at 50 percent, from the events of the log. */
async function byHand(embedded: EmbeddedService, { fromMs, toMs, ageMs }: { fromMs: number; toMs: number; ageMs: number }) {
  const read = async <Event>(topic: string) => (await embedded.records(topic)).map(({ value }) => JSON.parse(value!.toString()) as Event);
  const reactions = await read<{ tip_id: string; user_id: string; action: string; reacted_at_ms: number }>('tip.feedback');
  const doneAt = new Map(
    reactions.filter(({ action }) => action === 'done').map((one) => [`${one.user_id}/${one.tip_id}`, one.reacted_at_ms] as const),
  );
  const decisions = (await read<ScoredEvent>('tip.scored')).filter(({ profile: { as_of_ms: ms } }) => ms >= fromMs && ms < toMs);
  const arm = (policy: string, isTreated: boolean) => {
    const own = decisions.filter(({ user_id: user }) => rolloutPlace('p1', user) < 0.5 === isTreated);
    const reward = own.filter(
      (one) => (doneAt.get(`${one.user_id}/${one.chosen_tip_id}`) ?? Infinity) - one.profile.as_of_ms <= ageMs,
    ).length;
    const users = new Set(own.map(({ user_id: user }) => user)).size;
    return { policy, users, decisions: own.length, reward_per_decision: reward / own.length, reward_per_user: reward / users };
  };
  return { treated: arm('egreedy-v2', true), control: arm('egreedy-v1', false) };
}

/** Written to a file, and given to promote. */
function promoted(data: string, evidence: object, ...words: string[]): Promise<Answered> {
  const path = join(data, 'verdict.json');
  writeFileSync(path, JSON.stringify(evidence));
  return run(data, 'promote', 'egreedy-v2', '--evidence', path, ...words);
}

describe('evaluate --rollout', () => {
  it('says what a better policy gains, and promote raises the rollout by its document', async () => {
    const data = await lived({ chance: adds(0.3) });
    const { stdout, code } = await run(data, 'evaluate', '--rollout');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^egreedy-v2 for 50 % of the users since .*, egreedy-v1 for the others; rollout p1$/m);
    expect(stdout).toMatch(/^look after 1 day: decisions up to .*, and rewards within 6 hours of the request; the next look is due when /m);
    expect(stdout).toMatch(/^USERS OF +USERS +DECISIONS +REWARD PER DECISION +REWARD PER USER$/m);
    expect(stdout).toMatch(/^this look could find [\d.]+ points \(0\.\d+ per decision\) in four of five rollouts$/m);
    expect(stdout).toMatch(
      /^alpha 0\.05 means: of 40 rollouts in which nobody's reward depends on the policy, at most one is ever called better/m,
    );
    expect(stdout).toMatch(
      /\nPROMOTE\n- the users of egreedy-v2 have 0\.\d+ more reward per decision than those of egreedy-v1, after the /,
    );
    const document = await evaluated(data, 'p1');
    expect(document).toMatchObject({
      verdict: 'PROMOTE',
      shown: 'gain',
      rollout_id: 'p1',
      percent: 50,
      epoch: 1,
      since_ms: PROMOTED_MS,
      until_ms: PROMOTED_MS + 18 * HOUR_MS,
      look: { index: 4, at_ms: PROMOTED_MS + DAY_MS, age_ms: 6 * HOUR_MS, is_final: false },
      next_look_ms: PROMOTED_MS + 2 * DAY_MS + 6 * HOUR_MS,
      risks: [],
    });
    expect(document.interval!.low).toBeGreaterThan(0);
    const { treated, control } = document.arms!;
    const places = Array.from({ length: 160 }, (_, i) => rolloutPlace('p1', `user-${i}`));
    expect(treated.users).toBe(places.filter((u) => u < 0.5).length);
    expect(control.users).toBe(160 - treated.users);
    expect(treated.reward_per_user! * treated.users).toBeCloseTo(treated.reward_per_decision! * treated.decisions, 9);

    expect(await promoted(data, document, '--percent', '50')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('live for 50 percent of the users already') as string,
    });
    expect(await promoted(data, document, '--from-scratch', '--reason', 'a test')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--from-scratch has no use with a verdict on a rollout') as string,
    });
    const { verdict: _, ...altered } = document;
    expect(await promoted(data, { ...altered, verdict: 'PROMOTE', percent: 49 })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is not as it was printed') as string,
    });
    const raised = await promoted(data, document, '--percent', '80', '--json');
    expect(raised).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(raised.stdout)).toMatchObject({ rollout_id: 'p1', percent: 80, trained_from: null, forced: false });
    expect(await promoted(data, document, '--percent', '90')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it judges 50 percent of the users, and 80 are covered') as string,
    });
    const [newest] = JSON.parse((await run(data, 'policies', 'history', '--json')).stdout) as { evidence: object }[];
    expect(newest!.evidence).toMatchObject({ hash: document.hash, rollout_id: 'p1', trained: false, forced: false });
  });

  it('says what a worse policy loses, and that nothing is shown of an equal one', async () => {
    const worse = await evaluated(await lived({ chance: adds(-0.3) }));
    expect(worse).toMatchObject({
      verdict: 'HOLD',
      shown: 'loss',
      reasons: [expect.stringMatching(/surely have less reward.*: roll back$/)],
    });
    expect(worse.interval!.high).toBeLessThan(0);
    const data = await lived();
    const equal = await evaluated(data);
    expect(equal).toMatchObject({ verdict: 'HOLD', shown: 'nothing' });
    expect(equal.reasons[0]).toMatch(/^no gain is shown: .* a gain of 0\.\d+ would show at this look in four of five rollouts$/);
    expect(equal.interval!.low).toBeLessThan(0);
    expect(equal.could_find).toBeGreaterThan(0.05);
    expect(await promoted(data, equal)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/its verdict is HOLD: no gain is shown/) as string,
    });
  });

  it('is the same whenever it is asked, from however many partitions', async () => {
    const world = { chance: adds(0.1) };
    const embedded = await embeddedService({ registry: defaultRegistry, publishProfiles: false, partitions: 3 });
    await appendRollout(embedded, {
      ...{ controls: [promote()], users: 160, fromMs: NOW_MS - 4 * DAY_MS, toMs: NOW_MS, everyMs: 8 * HOUR_MS },
      ...world,
    });
    await embedded.catchUp();
    await embedded.stop();
    const [one, other] = [await evaluated(await lived(world)), await evaluated(embedded.directory)];
    expect(one.arms).toEqual(await byHand(embedded, { fromMs: one.since_ms, toMs: one.until_ms!, ageMs: one.look!.age_ms }));
    const { hash, positions, records, evaluated_at_ms, ...rest } = one;
    expect(other).toMatchObject(rest);
    expect(other.hash).not.toBe(hash);
    expect(documentHash(other as unknown as Record<string, unknown>)).toBe(other.hash);
    expect([positions, records].map((of) => Object.keys(of).length > 0)).toEqual([true, true]);
    expect(evaluated_at_ms).toBeGreaterThanOrEqual(NOW_MS);
  });

  it('cannot tell where nobody is held out, and with fewer than 20 users in the smaller arm says how many more', async () => {
    const all = await lived({ controls: [promote({ percent: 100, holdout: 0 })], chance: adds(0.3) });
    expect(await evaluated(all)).toMatchObject({
      verdict: 'UNEVALUABLE',
      reasons: ['egreedy-v2 is live for everybody and no user is held out: nothing is comparable, so it cannot tell'],
      look: null,
      interval: null,
    });
    const few = await lived({ controls: [promote({ percent: 10 })], chance: adds(0.3) });
    expect(await evaluated(few)).toMatchObject({
      verdict: 'UNEVALUABLE',
      reasons: [
        'the smaller arm has about 16 users with a decision, and 20 are needed: 4 more there, which are about 40 more in both arms ' +
          'together',
      ],
      more_users: { smaller_arm: 4, all: 40 },
    });
  });

  it('compares the newly covered alone once the percentage was raised, and what went before is no gain of theirs', async () => {
    const raisedMs = NOW_MS - 1.5 * DAY_MS;
    const controls = [promote({ percent: 20 }), promote({ control_id: 'p2', percent: 60, effective_at_ms: raisedMs })];
    const data = await lived({ controls, chance: adds(0.3), users: 200 });
    const document = await evaluated(data);
    const places = Array.from({ length: 200 }, (_, i) => rolloutPlace('p1', `user-${i}`));
    expect(document).toMatchObject({ epoch: 2, percent: 60, since_ms: raisedMs, rollout_id: 'p1' });
    expect(document.alpha).toBeLessThanOrEqual(0.025);
    expect(document.arms!.treated.users).toBe(places.filter((u) => u >= 0.2 && u < 0.6).length);
    expect(document.arms!.control.users).toBe(places.filter((u) => u >= 0.6).length);
    expect(document.everybody!.treated.users).toBe(places.filter((u) => u < 0.6).length);
    expect((await run(data, 'evaluate', '--rollout')).stdout).toContain(
      'compared are those who are covered since then and were not before',
    );
  });

  it('holds where the settings have changed since, or it was taken back, and judges nothing that the log contradicts', async () => {
    const configured = { control_id: 'c1', type: 'configure' as const, effective_at_ms: NOW_MS - HOUR_MS, settings: { epsilon: 0.2 } };
    const changed = await evaluated(await lived({ chance: adds(0.3) }, { controls: [configured] }));
    expect(changed).toMatchObject({
      verdict: 'HOLD',
      shown: 'gain',
      reasons: [expect.stringMatching(/^who is live, the settings, a prior or a migration have changed at /)],
    });
    const back = { control_id: 'r1', type: 'rollback' as const, effective_at_ms: NOW_MS - HOUR_MS, takes_back: 'p1' };
    const over = await evaluated(await lived({ chance: adds(0.3), controls: [promote(), back] }));
    expect(over).toMatchObject({ verdict: 'HOLD', reasons: [expect.stringMatching(/^it was taken back at /)], next_look_ms: null });
    const contradicted = await lived({ chance: adds(0.3) }, { misplaces: true });
    expect(await evaluated(contradicted)).toMatchObject({
      verdict: 'UNEVALUABLE',
      reasons: ['1 decision was made by another policy than the rollout gives to its user'],
    });
  });

  it('names the segment that pays for a gain, by the users as they were before', async () => {
    const dismisses = (user: string) => Number(user.slice(5)) % 2 === 0;
    const data = await lived({
      users: 300,
      chance: (policy, inclination, _, user) => 0.3 + 0.2 * inclination + (policy !== 'egreedy-v2' ? 0 : dismisses(user) ? -0.25 : 0.5),
      profile: (user) => ({ tip_volume_30d: 50, dismiss_rate_30d: dismisses(user) ? 0.9 : 0.1, preferred_category: 'work' }),
    });
    const { verdict, shown, segments, reasons, risks } = await evaluated(data);
    expect({ verdict, shown, risks }).toEqual({ verdict: 'HOLD', shown: 'gain', risks: [] });
    expect(reasons).toEqual([expect.stringMatching(/^the segment persona = dismisser is harmed: its difference is -0\.\d+, and chance/)]);
    expect(segments).toMatchObject([
      { dimension: 'persona', segments: ['dismisser'], harmed: true, harm_excluded: false },
      { dimension: 'persona', segments: ['regular'], harmed: false, harm_excluded: true, users_missing: 0 },
    ]);
    expect(segments.map((one) => one.treated_users + one.control_users)).toEqual([150, 150]);
  });

  it('counts rewards as configured', async () => {
    const rewards = { done: 0.5, dismiss: -0.25 };
    const configure: ControlEvent = { control_id: 'c1', type: 'configure', effective_at_ms: NOW_MS - 5 * DAY_MS, settings: { rewards } };
    const [plain, valued] = [
      await evaluated(await lived({ chance: adds(0.3) })),
      await evaluated(await lived({ chance: adds(0.3), controls: [configure, promote()] })),
    ];
    expect(valued).toMatchObject({ verdict: 'PROMOTE', rewards: { done: 0.5, dismiss: -0.25 } });
    // Everybody reacts within a minute: 0.5 of a done, -0.25 of a dismiss.
    const worth = (done: number): number => 0.75 * done - 0.25;
    for (const arm of ['treated', 'control'] as const)
      expect(valued.arms![arm].reward_per_decision).toBeCloseTo(worth(plain.arms![arm].reward_per_decision!), 9);
    // But for rounding to whole units.
    expect(valued.difference).toBeCloseTo(0.75 * plain.difference!, 3);
    expect(valued.interval!.low).toBeCloseTo(0.75 * plain.interval!.low, 2);
    expect(valued.could_find).toBeCloseTo(0.75 * plain.could_find!, 2);
  });

  it('waits for the first look, and takes none while events are still to be applied', async () => {
    const early = await lived({ controls: [promote({ effective_at_ms: NOW_MS - HOUR_MS })] });
    expect(await evaluated(early)).toMatchObject({
      verdict: 'UNEVALUABLE',
      look: null,
      reasons: [expect.stringMatching(/^the first look at this percentage is still to come: it is taken when events have come to /)],
    });
    const embedded = await embeddedService({ registry: defaultRegistry, publishProfiles: false });
    const world = { controls: [], users: 100, fromMs: NOW_MS - 4 * DAY_MS, toMs: PROMOTED_MS, everyMs: 8 * HOUR_MS, chance: adds(0) };
    await appendRollout(embedded, world);
    await embedded.catchUp();
    await embedded.stop();
    await appendRollout(embedded, { ...world, controls: [promote()], fromMs: PROMOTED_MS, toMs: NOW_MS });
    const behind = await evaluated(embedded.directory);
    expect(behind).toMatchObject({ verdict: 'UNEVALUABLE', look: null });
    expect(behind.stream_time_ms).toBeLessThan(PROMOTED_MS);
  });

  it('names what is wrong with the question', async () => {
    const empty = await lived({ controls: [], users: 3 });
    expect(await run(empty, 'evaluate', '--rollout')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: there is no rollout: no policy has been promoted yet \[not_found\]\nhint: Begin one: /,
      ) as string,
    });
    const data = await lived({ users: 3 });
    expect(await run(data, 'evaluate', '--rollout', 'p9')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: there is no rollout "p9" \[not_found\]\nhint: Give the id of one that there is, such as p1 \(egreedy-v2\)/,
      ) as string,
    });
    for (const [...words] of [
      ['--policy', 'egreedy-v2'],
      ['--since', '2026-01-01'],
      ['--rows', 'rows.ndjson'],
      ['--simulation', 'simulation.json'],
    ])
      expect(await run(data, 'evaluate', '--rollout', 'p1', ...words)).toMatchObject({
        code: 64,
        stderr: expect.stringContaining(`${words[0]!} has no use with --rollout`) as string,
      });
    const path = join(data, 'verdict.json');
    writeFileSync(path, '{"rollout_id": "p1"}');
    expect(await run(data, 'promote', 'egreedy-v2', '--evidence', path)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('is not what `tipstream evaluate --rollout --json` prints') as string,
    });
  });
});
