import { describe, expect, it } from 'vitest';
import type { ArmReport } from '../../../src/evaluation/rollouts/comparison.js';
import { epochsOf, type Step } from '../../../src/evaluation/rollouts/epochs.js';
import type { Gain, LookVerdict } from '../../../src/evaluation/rollouts/judge-look.js';
import { looksOf } from '../../../src/evaluation/rollouts/looks.js';
import type { SegmentVerdict } from '../../../src/evaluation/rollouts/segments.js';
import { NO_SAMPLE_LOOKS } from '../../../src/evaluation/rollouts/sample-ratio.js';
import { NO_INTERVAL } from '../../../src/evaluation/rollouts/interval.js';
import { NO_LOOKS } from '../../../src/evaluation/rollouts/paths.js';
import { alphaMeans, judgeRollout, type RolloutFacts } from '../../../src/evaluation/rollout-verdict/verdict.js';

const DAY_MS = 86_400_000;
const START_MS = 1_795_000_000_000;
const arm = (users: number, reward = 0.5): ArmReport => ({ users, decisions: 3 * users, reward, rewardPerUser: 3 * reward });
const compared = {
  treated: arm(100),
  control: arm(100),
  undecided: null,
  smallerArm: { users: 100, effectiveUsers: 80 },
  difference: 0.04,
};
const gain = (over: Partial<Gain> = {}): Gain => ({
  ...compared,
  interval: { low: 0.01, high: 0.07 },
  better: true,
  notWorse: true,
  ...over,
});
const equal = gain({ interval: { low: -0.03, high: 0.05 }, better: false, difference: 0.01 });
const [look] = looksOf({ rolloutStartMs: START_MS, startMs: START_MS, untilMs: START_MS + DAY_MS });
const sample = {
  misplaced: 0,
  returned: { treated: { users: 90, of: 100 }, control: { users: 91, of: 100 }, differ: false },
  arrived: { treated: 100, control: 100, expectedShare: 0.5, differ: false },
  decisionsPerUser: { treated: 3, control: 2, differ: false },
};
const newest = (over: Partial<LookVerdict['sample']> = {}, harm = false): LookVerdict => ({
  look: look!,
  rollback: { ...compared, difference: harm ? -0.08 : 0.04, now: harm, p: harm ? 0.0005 : 0.9 },
  gain: gain(),
  sample: { ...sample, ...over },
  state: { look: 0, rollback: NO_LOOKS, interval: NO_INTERVAL, sample: NO_SAMPLE_LOOKS },
});
const epochs = (...steps: number[]) =>
  epochsOf(
    'p1',
    steps.map((percent, i): Step => ({ atMs: START_MS + i * DAY_MS, percent })),
    0.05,
  );
const facts = (over: Partial<RolloutFacts> = {}): RolloutFacts => ({
  policy: 'new',
  baseline: 'old',
  epochs: epochs(50),
  endedAtMs: null,
  newest: newest(),
  gain: gain(),
  harm: null,
  segments: [],
  couldFind: 0.05,
  next: null,
  changedAtMs: START_MS,
  ...over,
});
const segment = (over: Partial<SegmentVerdict> = {}): SegmentVerdict => ({
  ...compared,
  dimension: 'persona',
  segments: ['light'],
  interval: { low: -0.02, high: 0.1 },
  harmP: 1,
  harmed: false,
  notWorse: true,
  usersMissing: 0,
  ...over,
});
const open = segment({ notWorse: false, interval: { low: -0.1, high: 0.1 }, usersMissing: 70 });

describe('a verdict on a rollout', () => {
  it('promotes on a gain that is shown, and says it with its confidence', () => {
    expect(judgeRollout(facts())).toEqual({
      verdict: 'PROMOTE',
      shown: 'gain',
      reasons: [
        'the users of new have 0.04 more reward per decision than those of old, after the adjustment for what they did before: ' +
          '0.01 to 0.07, at all looks together (confidence 0.95)',
      ],
      more_users: null,
      risks: [],
      verdict_with_risks: 'PROMOTE',
    });
  });

  it.each<[string, Partial<RolloutFacts>, 'gain' | 'loss' | 'nothing', RegExp]>([
    [
      'nothing shown, and says what could have been found',
      { gain: equal },
      'nothing',
      /^no gain is shown: .* -0\.03 to 0\.05 more .* 0\.05 would show/,
    ],
    [
      'a look that is too early',
      { gain: gain({ interval: { low: -1, high: 1 }, better: false }), couldFind: null },
      'nothing',
      /^this look is too early/,
    ],
    [
      'an interval below 0',
      { gain: gain({ interval: { low: -0.2, high: -0.1 }, better: false }) },
      'loss',
      /^the users of new have less reward than those of old: -0\.2 to -0\.1 per decision: roll back$/,
    ],
    [
      'harm that any look has shown, whatever is seen now',
      { harm: newest({}, true) },
      'loss',
      /^the users of new surely have less reward than those of old, by 0\.08 per decision/,
    ],
    ['an end of the rollout', { endedAtMs: START_MS + DAY_MS }, 'gain', /^it was taken back at 2026-/],
    [
      'a change after the percentage',
      { changedAtMs: START_MS + 1 },
      'gain',
      /^who is live, the settings, a prior or a migration have changed at 2026-/,
    ],
    [
      'a segment that is harmed',
      { segments: [segment({ harmed: true, notWorse: false, difference: -0.2, harmP: 0.004 })] },
      'gain',
      /^the segment persona = light is harmed: its difference is -0\.2, and chance makes the worst of all segments look so bad in 0\.004/,
    ],
  ])('holds on %s', (_, over, shown, reason) => {
    expect(judgeRollout(facts(over))).toMatchObject({
      verdict: 'HOLD',
      shown,
      reasons: [expect.stringMatching(reason)],
      risks: [],
      verdict_with_risks: 'HOLD',
    });
  });

  it('holds on a segment whose harm is not excluded, unless somebody accepts it', () => {
    const others = segment({ segments: ['heavy', 'regular'], notWorse: false, undecided: 'too_few_users', usersMissing: 9 });
    expect(judgeRollout(facts({ segments: [open, segment({ segments: ['newcomer'] }), others] }))).toMatchObject({
      verdict: 'HOLD',
      risks: ['persona=light', 'persona=heavy+regular'],
      verdict_with_risks: 'PROMOTE',
      reasons: [
        'harm above 0.05 to the segment persona = light cannot be excluded: its difference is -0.1 to 0.1 for 200 users, and about 70 ' +
          'more would tell, if it is not worse',
        expect.stringMatching(/persona = heavy \+ regular cannot be excluded: it has 200 users, and about 9 more would tell/),
      ],
    });
    expect(judgeRollout(facts({ gain: equal, segments: [open] }))).toMatchObject({
      verdict_with_risks: 'HOLD',
      reasons: [expect.stringMatching(/^no gain/), 'harm above 0.05 cannot be excluded for 1 segments: persona=light'],
    });
  });

  it('says of a loss that it is one, and not what else is not excluded', () => {
    expect(judgeRollout(facts({ harm: newest({}, true), segments: [open] }))).toMatchObject({
      verdict: 'HOLD',
      reasons: [expect.stringMatching(/surely have less reward/)],
      risks: ['persona=light'],
    });
  });

  it.each<[string, Partial<RolloutFacts>, RegExp]>([
    ['nobody is held out', { epochs: epochs(100) }, /^new is live for everybody and no user is held out/],
    ['there was no look', { newest: null, gain: null, next: look! }, /^the first look at this percentage is still to come: .* 2026-/],
    ['it was over before one', { newest: null, gain: null }, /^it was over before the first look$/],
    ['the log contradicts the placement', { newest: newest({ misplaced: 3 }) }, /^3 decisions were made by another policy/],
    [
      'users came back otherwise',
      { newest: newest({ returned: { ...sample.returned, differ: true } }) },
      /^other shares of the users came back/,
    ],
    [
      'users arrived otherwise',
      { newest: newest({ arrived: { ...sample.arrived, differ: true } }) },
      /^the two arms have other numbers of users/,
    ],
    [
      'users come more often',
      { newest: newest({ decisionsPerUser: { ...sample.decisionsPerUser, differ: true } }) },
      /^users of the two arms make other numbers of decisions, 3\.0 and 2\.0 each/,
    ],
    ['the percentage was lowered', { epochs: epochs(50, 20), gain: null }, /^the percentage was lowered/],
  ])('cannot tell where %s', (_, over, reason) => {
    expect(judgeRollout(facts(over))).toEqual({
      verdict: 'UNEVALUABLE',
      shown: 'nothing',
      reasons: [expect.stringMatching(reason)],
      more_users: null,
      risks: [],
      verdict_with_risks: 'UNEVALUABLE',
    });
  });

  it('takes back a policy that does harm, however often its users come', () => {
    const often = newest({ decisionsPerUser: { ...sample.decisionsPerUser, differ: true } }, true);
    expect(judgeRollout(facts({ newest: often, harm: often }))).toMatchObject({ verdict: 'HOLD', shown: 'loss' });
  });

  it('says how many more users it takes', () => {
    const few = gain({ undecided: 'too_few_users', smallerArm: { users: 12.3, effectiveUsers: 8 } });
    expect(judgeRollout(facts({ epochs: epochs(20), gain: few }))).toMatchObject({
      verdict: 'UNEVALUABLE',
      more_users: { smaller_arm: 8, all: 40 },
      reasons: [
        expect.stringMatching(/about 12 users with a decision, and 20 are needed: 8 more there, .* about 40 more in both arms together$/),
      ],
    });
    const uneven = gain({ undecided: 'too_few_effective_users', smallerArm: { users: 30, effectiveUsers: 6 } });
    expect(judgeRollout(facts({ gain: uneven }))).toMatchObject({ more_users: { smaller_arm: 20, all: 40 } });
  });

  it('asks the newly covered alone after a raise: they are fewer', () => {
    const few = gain({ undecided: 'too_few_users', smallerArm: { users: 10, effectiveUsers: 10 } });
    // 10 of 60 percent.
    expect(judgeRollout(facts({ epochs: epochs(40, 50), gain: few, changedAtMs: START_MS + DAY_MS }))).toMatchObject({
      more_users: { smaller_arm: 10, all: 60 },
    });
  });
});

it('says what alpha means, of the alpha that is left', () => {
  expect(alphaMeans({ alpha: 0.05 })).toMatch(
    /^alpha 0\.05 means: of 40 rollouts in which nobody's reward depends on the policy, at most one/,
  );
  expect(alphaMeans({ alpha: 0.0125 })).toMatch(/^alpha 0\.0125 means: of 160 rollouts /);
});
