/**
 * What the verdicts on rollouts are worth: many rollouts of a world whose truth is known, each looked at as a service looks at it.
 * Pure: the same question gives the same answer.
 */
import { epochsOf } from '../../evaluation/rollouts/epochs.js';
import { judgeLook, type LookState, type LookVerdict } from '../../evaluation/rollouts/judge-look.js';
import { HORIZON_MS, looksOf } from '../../evaluation/rollouts/looks.js';
import { RELABELLINGS } from '../../evaluation/rollouts/split.js';
import { ROLLOUT_THRESHOLDS } from '../../evaluation/rollouts/thresholds.js';
import { drawRollout, type RolloutWorld } from './world.js';

export interface StudyOptions {
  readonly rollouts: number;
  readonly seed: number;
  readonly relabellings?: number;
}

export interface StudyResult {
  readonly world: RolloutWorld;
  readonly rollouts: number;
  readonly relabellings: number;
  /** Rollouts taken back within the horizon. */
  readonly rolledBack: number;
  /** Median time to that, days; null: none was. */
  readonly medianDays: number | null;
  /** Rollouts of which a gain was ever shown. */
  readonly better: number;
  /** Rollouts whose last look had enough users to decide. */
  readonly decided: number;
  /** Of those, whose last interval holds the true effect, and all of whose intervals do. */
  readonly covered: number;
  readonly alwaysCovered: number;
  /** Mean half-width of their last intervals. */
  readonly halfWidth: number;
  /** Rollouts in which a check of the sample raised an alarm. */
  readonly sampleAlarms: number;
}

/** A Monday. */
const START_MS = 1_767_571_200_000;
const DAY_MS = 86_400_000;

interface Outcome {
  readonly trueEffect: number;
  readonly rolledBackMs: number | null;
  readonly better: boolean;
  readonly alarmed: boolean;
  /** One a look that decided, in their order. */
  readonly intervals: readonly { readonly low: number; readonly high: number }[];
  readonly decided: boolean;
}

/** Yields after each look. */
export function* study(world: RolloutWorld, { rollouts, seed, relabellings = RELABELLINGS }: StudyOptions): Generator<void, StudyResult> {
  const outcomes: Outcome[] = [];
  for (let index = 0; index < rollouts; index++) outcomes.push(yield* outcomeOf(world, seed, index, relabellings));
  const trueEffect = outcomes.reduce((sum, each) => sum + each.trueEffect, 0) / rollouts;
  const holds = ({ low, high }: { readonly low: number; readonly high: number }): boolean => low <= trueEffect && trueEffect <= high;
  const times = outcomes.flatMap(({ rolledBackMs }) => rolledBackMs ?? []).sort((a, b) => a - b);
  const decided = outcomes.filter((outcome) => outcome.decided);
  const widths = decided.reduce((sum, { intervals }) => sum + intervals.at(-1)!.high - intervals.at(-1)!.low, 0);
  return {
    world,
    rollouts,
    relabellings,
    rolledBack: times.length,
    medianDays: times.length === 0 ? null : times[Math.floor(times.length / 2)]! / DAY_MS,
    better: outcomes.filter(({ better }) => better).length,
    decided: decided.length,
    covered: decided.filter(({ intervals }) => holds(intervals.at(-1)!)).length,
    alwaysCovered: decided.filter(({ intervals }) => intervals.every(holds)).length,
    halfWidth: decided.length === 0 ? 0 : widths / decided.length / 2,
    sampleAlarms: outcomes.filter(({ alarmed }) => alarmed).length,
  };
}

function* outcomeOf(world: RolloutWorld, seed: number, index: number, relabellings: number): Generator<void, Outcome> {
  const [epoch] = epochsOf(`${seed}-${world.name}-${index}`, [{ atMs: START_MS, percent: world.percent }], ROLLOUT_THRESHOLDS.alpha);
  const looks = looksOf({ rolloutStartMs: START_MS, startMs: START_MS, untilMs: START_MS + HORIZON_MS });
  const { looks: users, trueEffect } = drawRollout(world, epoch!.everybody, looks, seed, index);
  const intervals: { low: number; high: number }[] = [];
  let state: LookState | null = null;
  let rolledBackMs: number | null = null;
  let [better, alarmed, decided] = [false, false, false];
  for (const look of looks) {
    const verdict: LookVerdict = yield* judgeLook({ epoch: epoch!, look, users: users[look.index]!, state, relabellings });
    const { rollback, gain, sample } = verdict;
    state = verdict.state;
    if (rollback.now) rolledBackMs ??= look.elapsedMs;
    better ||= gain!.better;
    alarmed ||= sample.returned.differ || sample.arrived.differ || sample.decisionsPerUser.differ;
    decided = gain!.undecided === null;
    if (decided) intervals.push(gain!.interval);
    yield;
  }
  return { trueEffect, rolledBackMs, better, alarmed, intervals, decided };
}
