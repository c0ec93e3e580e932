import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_REWARDS, onRewardGrid, rewardRulesAt, type RewardRules } from '../../src/policies/controls/reward-rules.js';
import { countingReaction, rewardOf, servedCandidate, type KeptTimes } from '../../src/policies/reward.js';
import { oracleReward, type OracleEvent } from '../oracle/policy.js';

const SERVED = 1_000;
const REWARD_WINDOW_MS = DEFAULT_REWARDS.windowMs;
const times = (over: Partial<KeptTimes> = {}): KeptTimes => ({
  servedAtMs: SERVED,
  doneAtMs: null,
  dismissAtMs: null,
  snoozeAtMs: null,
  ...over,
});

describe('the reward window', () => {
  it.each<[string, Partial<KeptTimes>, 0 | 1 | null]>([
    ['no reaction yet', {}, null],
    ['done at once', { doneAtMs: SERVED }, 1],
    ['done in its last millisecond', { doneAtMs: SERVED + REWARD_WINDOW_MS - 1 }, 1],
    ['done after it', { doneAtMs: SERVED + REWARD_WINDOW_MS }, null],
    ['done before the serving', { doneAtMs: SERVED - 1 }, null],
    ['dismissed', { dismissAtMs: SERVED }, 0],
    ['snoozed in its last millisecond', { snoozeAtMs: SERVED + REWARD_WINDOW_MS - 1 }, 0],
    ['snoozed too late', { snoozeAtMs: SERVED + REWARD_WINDOW_MS }, null],
    ['dismissed first, done in time', { dismissAtMs: SERVED, doneAtMs: SERVED + 5 }, 1],
    ['snoozed in time, done too late', { snoozeAtMs: SERVED + 1, doneAtMs: SERVED + REWARD_WINDOW_MS }, 0],
    ['dismissed before the serving, snoozed within', { dismissAtMs: 0, snoozeAtMs: SERVED }, 0],
    ['never served', { servedAtMs: null, doneAtMs: SERVED }, null],
  ])('%s', (_, over, reward) => {
    const reaction = countingReaction(times(over), REWARD_WINDOW_MS);
    expect(reaction === null ? null : DEFAULT_REWARDS[reaction]).toBe(reward);
  });

  it('is seven days', () => expect(REWARD_WINDOW_MS).toBe(604_800_000));
});

describe('the tip a decision answers for', () => {
  const isCandidate = (tipId: string) => ['a', 'b', '\uffee', '😀', '__proto__'].includes(tipId);

  it('is the first served of its candidates, whoever was chosen', () => {
    const links = [
      { tipId: 'stranger', servedAtMs: 1 },
      { tipId: 'b', servedAtMs: 3 },
      { tipId: 'a', servedAtMs: 4 },
    ];
    expect(servedCandidate(links, isCandidate)).toBe('b');
  });

  it('of two served together, the smaller by code point', () => {
    expect(
      servedCandidate(
        [
          { tipId: '😀', servedAtMs: 3 },
          { tipId: '\uffee', servedAtMs: 3 },
        ],
        isCandidate,
      ),
    ).toBe('\uffee');
    expect(
      servedCandidate(
        [
          { tipId: 'a', servedAtMs: 3 },
          { tipId: '__proto__', servedAtMs: 3 },
        ],
        isCandidate,
      ),
    ).toBe('__proto__');
  });

  it('is none while only strangers were served', () => {
    expect(servedCandidate([{ tipId: 'stranger', servedAtMs: 1 }], isCandidate)).toBeNull();
    expect(rewardOf([], isCandidate, () => times(), DEFAULT_REWARDS)).toBeNull();
  });

  it('has no reward while nothing is kept of it', () => {
    expect(rewardOf([{ tipId: 'a', servedAtMs: 1 }], isCandidate, () => undefined, DEFAULT_REWARDS)).toBeNull();
  });
});

describe('the reward of a decision', () => {
  const value = fc.integer({ min: -256, max: 256 }).map((parts) => parts / 256);
  const worth: fc.Arbitrary<RewardRules> = fc.oneof(
    fc.constant(DEFAULT_REWARDS),
    fc.record({ done: value, dismiss: value, snooze: value, windowMs: fc.constantFrom(1, 2, REWARD_WINDOW_MS + 2) }),
  );
  const tip = fc.constantFrom('t1', 't2', 't3', 'stranger');
  const atMs = fc.oneof(fc.nat(3), fc.constantFrom(REWARD_WINDOW_MS - 1, REWARD_WINDOW_MS, REWARD_WINDOW_MS + 1, REWARD_WINDOW_MS + 2));
  const events: fc.Arbitrary<OracleEvent[]> = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('served' as const), tipId: tip, atMs, decisionId: fc.constantFrom('d1', 'd2') }),
      fc.record({ kind: fc.constantFrom('served' as const, 'done' as const, 'dismiss' as const, 'snooze' as const), tipId: tip, atMs }),
    ),
    { maxLength: 10 },
  );

  it('is what reading all events again gives, in any order of the links', () => {
    fc.assert(
      fc.property(events, worth, (all, rules) => {
        const candidates = ['t1', 't2', 't3'];
        const kept = (tipId: string, kind: OracleEvent['kind']) =>
          all
            .filter((event) => event.tipId === tipId && event.kind === kind)
            .reduce<number | null>((first, { atMs: at }) => (first === null || at < first ? at : first), null);
        const links = all.filter((event) => event.decisionId === 'd1').map((event) => ({ tipId: event.tipId, servedAtMs: event.atMs }));
        const of = (list: typeof links) =>
          rewardOf(
            list,
            (tipId) => candidates.includes(tipId),
            (tipId) => ({
              servedAtMs: kept(tipId, 'served'),
              doneAtMs: kept(tipId, 'done'),
              dismissAtMs: kept(tipId, 'dismiss'),
              snoozeAtMs: kept(tipId, 'snooze'),
            }),
            rules,
          );
        expect(of(links)).toEqual(oracleReward('d1', candidates, all, rules));
        expect(of(links.toReversed())).toEqual(of(links));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what reactions are worth', () => {
  const configure = (control_id: string, effective_at_ms: number, rewards: object) => ({
    control_id,
    type: 'configure' as const,
    effective_at_ms,
    settings: { rewards },
  });

  it('is as always until a configure is in effect, and what it does not say stays', () => {
    const controls = [configure('b', 200, { snooze: 0.25, window_ms: 5 }), configure('a', 100, { done: 0.5, dismiss: -1 })];
    expect(rewardRulesAt(controls, 99)).toEqual({ done: 1, dismiss: 0, snooze: 0, windowMs: 604_800_000 });
    expect(rewardRulesAt(controls, 100)).toEqual({ done: 0.5, dismiss: -1, snooze: 0, windowMs: 604_800_000 });
    expect(rewardRulesAt(controls, 200)).toEqual({ done: 0.5, dismiss: -1, snooze: 0.25, windowMs: 5 });
  });

  it('lies on the grid of 1/256, and is never -0', () => {
    expect([0.3, -0.001, 1, -1, 1 / 512, -1 / 512].map(onRewardGrid)).toEqual([77 / 256, 0, 1, -1, 1 / 256, 0]);
    expect(Object.is(onRewardGrid(-0.001), -0)).toBe(false);
  });
});
