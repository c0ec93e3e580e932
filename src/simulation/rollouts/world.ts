/**
 * Rollouts whose truth is known: users who differ, hours that differ, and a policy that does to each user what the world says. Users'
 * decisions and rewards are drawn in one go for each stretch between looks, as there is nothing to learn from single ones.
 */
import { randomStream, type Random } from '../../random.js';
import type { Look } from '../../evaluation/rollouts/looks.js';
import { placeOf, type Place } from '../../evaluation/rollouts/place.js';
import { armOf, TREATED, type Split } from '../../evaluation/rollouts/split.js';
import { RolloutUsers } from '../../evaluation/rollouts/users.js';
import { binomial, poisson } from './draws.js';

export interface RolloutWorld {
  readonly name: string;
  readonly users: number;
  /** Of the users, treated. */
  readonly percent: number;
  /** Whether users have 14 days before the rollout. */
  readonly history: boolean;
  /** Standard deviation by which each user's own rate moves when the rollout begins, whatever the arm. */
  readonly moves: number;
  /** Added to a treated user's chance of a reward: for all alike, and for each user up or down by a coin. */
  readonly effect: number;
  readonly unequal: number;
}

/** Standard deviation of users' own rates, and the mean. */
const RATES = { mean: 0.5, sd: 0.2 };
/** The median of the built-in personas. Its logarithm is normal with standard deviation 1. */
const DECISIONS_A_DAY = 6;
/** By how much the hour moves everybody's chance. */
const DAY_CURVE = 0.15;
const DAY_MS = 86_400_000;
/** A chance is averaged over so many times of a stretch. */
const POINTS = 12;

interface Person {
  readonly place: Place;
  readonly decisionsAMs: number;
  readonly rate: number;
  readonly later: number;
  readonly effect: number;
}

export interface SimulatedRollout {
  /** The users with their sums as of each look, in the order of the looks. */
  readonly looks: readonly RolloutUsers[];
  /** Mean over users of what treatment adds to their chance between the first and the last look. */
  readonly trueEffect: number;
}

/** Rollout `index` of a world: the same again for the same seed. */
export function drawRollout(world: RolloutWorld, split: Split, looks: readonly Look[], seed: number, index: number): SimulatedRollout {
  const random = randomStream(seed, `${world.name}|${index}`);
  const people = Array.from({ length: world.users }, (_, i) => drawPerson(world, split.rolloutId, `user-${i}`, random));
  const after = people.map((person) => {
    const treated = armOf(split, person.place.u) === TREATED;
    let sums = { decisions: 0, reward: 0 };
    let fromMs = looks[0]!.after.fromMs;
    return looks.map(({ after: { toMs } }) => {
      sums = plus(sums, drawStretch(random, person, person.later + (treated ? person.effect : 0), fromMs, toMs));
      fromMs = toMs;
      return sums;
    });
  });
  const history = people.map((person) => {
    if (!world.history) return looks.map(() => ({ decisions: 0, reward: 0 }));
    // Windows before end an age before the start: the least age has all of the others.
    const stretches = looks.map(({ before }) => before.toMs).sort((a, b) => a - b);
    const byEnd = new Map<number, { decisions: number; reward: number }>();
    let sums = { decisions: 0, reward: 0 };
    let fromMs = looks[0]!.before.fromMs;
    for (const toMs of stretches) {
      if (toMs > fromMs) sums = plus(sums, drawStretch(random, person, person.rate, fromMs, toMs));
      byEnd.set(toMs, sums);
      fromMs = toMs;
    }
    return looks.map(({ before }) => byEnd.get(before.toMs)!);
  });
  const [first, last] = [looks[0]!.after.fromMs, looks.at(-1)!.after.toMs];
  const effects = people.map(({ later, effect }) => chance(later + effect, first, last) - chance(later, first, last));
  return {
    looks: looks.map((_, look) => {
      const users = new RolloutUsers();
      for (const [i, { place }] of people.entries()) users.add({ place, before: history[i]![look]!, after: after[i]![look]! });
      return users;
    }),
    trueEffect: effects.reduce((sum, each) => sum + each, 0) / effects.length,
  };
}

function drawPerson({ moves, effect, unequal }: RolloutWorld, rolloutId: string, userId: string, random: Random): Person {
  const rate = RATES.mean + RATES.sd * random.normal();
  return {
    place: placeOf(rolloutId, userId),
    decisionsAMs: (DECISIONS_A_DAY * Math.exp(random.normal())) / DAY_MS,
    rate,
    later: rate + moves * random.normal(),
    effect: effect + (random.chance(0.5) ? unequal : -unequal),
  };
}

function drawStretch(random: Random, { decisionsAMs }: Person, rate: number, fromMs: number, toMs: number) {
  const decisions = poisson(random, decisionsAMs * (toMs - fromMs));
  return { decisions, reward: decisions === 0 ? 0 : binomial(random, decisions, chance(rate, fromMs, toMs)) };
}

/** Of a reward, averaged over a stretch of time. */
function chance(rate: number, fromMs: number, toMs: number): number {
  let sum = 0;
  for (let i = 0; i < POINTS; i++) {
    const atMs = fromMs + ((i + 0.5) / POINTS) * (toMs - fromMs);
    sum += Math.min(1, Math.max(0, rate + DAY_CURVE * Math.sin((2 * Math.PI * atMs) / DAY_MS)));
  }
  return sum / POINTS;
}

function plus(a: { decisions: number; reward: number }, b: { decisions: number; reward: number }) {
  return { decisions: a.decisions + b.decisions, reward: a.reward + b.reward };
}
