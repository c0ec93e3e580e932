import { describe, expect, it } from 'vitest';
import { nextStep, type GivenVerdict, type NextFacts, type StandingEvaluation } from '../../../src/cli/evaluation/next-step.js';

const NOW_MS = 1_795_000_000_000;
const rollout = (over: Partial<StandingEvaluation> = {}): StandingEvaluation => ({
  rollout_id: 'p1',
  policy: 'new',
  percent: 10,
  verdict: 'HOLD',
  shown: 'nothing',
  reasons: ['no gain is shown'],
  risks: [],
  verdict_with_risks: 'HOLD',
  more_users: null,
  next_look_ms: NOW_MS,
  look: { index: 3, at_ms: NOW_MS, age_ms: 1, is_final: false },
  holdout: null,
  ...over,
});
const facts = (over: Partial<NextFacts> = {}): NextFacts => ({
  baseline: 'old',
  shadow: 'new',
  takenBack: null,
  candidate: 'some',
  rollouts: [],
  decisions: { decisions: 900, rewarded: 400, since_ms: 0 },
  documents: [],
  command: (words) => `t ${words}`,
  ...over,
});
const given = (over: Partial<GivenVerdict> = {}): GivenVerdict => ({
  file: 'v.json',
  policy: 'new',
  rollout_id: null,
  verdict: 'PROMOTE',
  evaluated_at_ms: NOW_MS,
  age_ms: 1,
  used_by: null,
  accepted: true,
  why: null,
  ...over,
});
const gains = { verdict: 'PROMOTE', shown: 'gain', verdict_with_risks: 'PROMOTE' } as const;

describe('the next step of a rollout', () => {
  it.each<[string, Partial<StandingEvaluation>, string, string[]]>([
    ['a loss', { shown: 'loss' }, 'take new back', ['t rollback']],
    [
      'a gain at a tenth',
      gains,
      'raise new to half of the users',
      ['t evaluate --rollout p1 --json > rollout.json', 't promote new --evidence rollout.json --percent 50'],
    ],
    [
      'a gain at a half',
      { ...gains, percent: 50 },
      'raise new to all users but a hold-out',
      ['t evaluate --rollout p1 --json > rollout.json', 't promote new --evidence rollout.json'],
    ],
    [
      'a gain for all but a hold-out',
      { ...gains, percent: 95, holdout: 5 },
      'end the hold-out of new, after which nobody can tell any more whether it does harm',
      ['t evaluate --rollout p1 --json > rollout.json', 't promote new --evidence rollout.json --holdout 0'],
    ],
    [
      'risks alone',
      { verdict_with_risks: 'PROMOTE', shown: 'gain', risks: ['persona=light', 'tenure=first week'] },
      'wait for more users of some segments, or accept what may happen to them and raise new to half of the users',
      [
        't evaluate --rollout p1 --json > rollout.json',
        "t promote new --evidence rollout.json --percent 50 --accept-risk persona=light --accept-risk 'tenure=first week' --reason TEXT",
      ],
    ],
    [
      'too few users, of whom more could be treated',
      { verdict: 'UNEVALUABLE', more_users: { smaller_arm: 10, all: 100 } },
      'wait for more users, or treat a larger share of those there are',
      ['t promote new --percent 20 --force --reason TEXT'],
    ],
    [
      'too few users, of whom half are treated',
      { verdict: 'UNEVALUABLE', percent: 50, more_users: { smaller_arm: 10, all: 20 } },
      'wait for more users',
      ['t evaluate --rollout p1'],
    ],
    ['nothing shown yet', {}, 'wait for the next look, when events have come to 2026-11-18T11:06:40.000Z', ['t evaluate --rollout p1']],
    [
      'nothing shown at the last look at a gain',
      { look: { index: 9, at_ms: NOW_MS, age_ms: 1, is_final: true } },
      'raise the percentage of new to ask the newly covered, or take it back: no later look asks about a gain',
      ['t promote new --percent 50 --force --reason TEXT', 't rollback'],
    ],
  ])('after %s', (_, over, what, commands) => {
    const step = nextStep(facts({ rollouts: [rollout(over)] }));
    expect({ what: step.what, commands: step.commands }).toEqual({ what, commands });
  });

  it('is not known where the arms are not', () => {
    expect(nextStep(facts({ rollouts: undefined }))).toMatchObject({
      missing: ['they could not be compared here'],
      commands: ['t status'],
    });
  });
});

describe('the next step of a candidate', () => {
  it('is the shadow, then a verdict, then a tenth of the users', () => {
    expect(nextStep(facts({ shadow: null }))).toMatchObject({ commands: ['t policies configure --shadow some'] });
    expect(nextStep(facts({ shadow: undefined })).missing).toEqual(['which policy is in the shadow is not known here']);
    expect(nextStep(facts())).toEqual({
      what: 'judge new on the decisions of old',
      missing: [
        'no verdict on new was given with --evidence',
        'old has made 900 decisions since the beginning, 400 of them with a reward: t policies power says how many it takes',
      ],
      commands: [
        'npx tipstream simulate --policies old,new --json > simulation.json',
        't evaluate --policy new --simulation simulation.json --json > verdict.json',
        't promote new --evidence verdict.json --percent 10',
      ],
    });
    expect(nextStep(facts({ documents: [given({ policy: 'other' }), given({ file: 'my verdict.json' })] }))).toEqual({
      what: 'let new decide for a tenth of the users',
      missing: [],
      commands: ["t promote new --evidence 'my verdict.json' --percent 10"],
    });
  });

  it('is judged again where its verdict does not hold any more', () => {
    const refused = given({ accepted: false, why: 'it is 30 hours old, and may be 24' });
    expect(nextStep(facts({ documents: [refused], decisions: null })).missing).toEqual(['v.json: it is 30 hours old, and may be 24']);
  });

  it('says which policy was taken back last', () => {
    expect(nextStep(facts({ takenBack: { policy: 'new', atMs: NOW_MS }, shadow: null })).missing).toEqual([
      'new was taken back at 2026-11-18T11:06:40.000Z',
      'no policy is in the shadow',
    ]);
  });

  it('comes after a rollout that is over: nobody is held out from it', () => {
    const over = rollout({ percent: 100, holdout: 0, verdict: 'UNEVALUABLE' });
    expect(nextStep(facts({ rollouts: [over], baseline: 'new', shadow: 'newer' })).missing[0]).toBe(
      'new is live for all and nobody is held out: nothing is left to compare',
    );
  });
});
