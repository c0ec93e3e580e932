/**
 * One user's days, the same for every policy (common random numbers): when decisions are asked for, which candidates there are, and
 * for each candidate the number that decides whether it would be done. What a policy chooses changes its own profile and examples,
 * never the world.
 */
import type { Random } from '../random.js';
import type { Candidate } from '../topics.js';
import { CATEGORIES, type Category, type Person, type Weights } from './persona.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface SimulatedCandidate extends Candidate {
  readonly category: Category;
}

export interface SimulatedDecision {
  readonly requestedAtMs: number;
  /** 0 to 23, UTC and local alike. */
  readonly hour: number;
  readonly candidates: readonly SimulatedCandidate[];
  /** Per candidate: the probability that it is done. */
  readonly chances: readonly number[];
  /** Per candidate: done when this lies below its chance. */
  readonly fates: readonly number[];
  /** When not done, dismissed below the persona's share. */
  readonly dismissFate: number;
  /** ms from the serving to the reaction. */
  readonly dwellMs: number;
}

export interface WorldOptions {
  /** The beginning of a day in UTC. */
  readonly startMs: number;
  /** How long the simulation lasts, ms. */
  readonly durationMs: number;
  readonly candidates: number;
}

/** Where a user's days come from. Categories have a stream of their own: what is drawn besides them does not depend on them. */
export interface Streams {
  readonly days: Random;
  readonly categories: Random;
}

/** Decisions of one user in the order of time, day by day. */
export function* daysOf(person: Person, options: WorldOptions, streams: Streams): Generator<SimulatedDecision> {
  const random = streams.days;
  const { startMs, durationMs } = options;
  for (let dayMs = startMs; dayMs < startMs + durationMs; dayMs += DAY_MS) {
    const times: { readonly requestedAtMs: number; readonly hour: number }[] = [];
    const between = 1 / person.decisions_per_day;
    for (let passed = random.exponential(between); passed < 1; passed += random.exponential(between)) {
      const hour = activeHour(person, random);
      times.push({ requestedAtMs: Math.floor(dayMs + (hour + random.next()) * HOUR_MS), hour });
    }
    times.sort((a, b) => a.requestedAtMs - b.requestedAtMs);
    for (const { requestedAtMs, hour } of times) yield decisionAt(person, options, requestedAtMs, hour, streams);
  }
}

function decisionAt(
  person: Person,
  { startMs, durationMs, candidates: count }: WorldOptions,
  requestedAtMs: number,
  hour: number,
  { days: random, categories }: Streams,
): SimulatedDecision {
  const weekday = new Date(requestedAtMs).getUTCDay();
  const drifted = person.drift !== undefined && (requestedAtMs - startMs) / durationMs >= person.drift.from;
  const weights = drifted ? person.drift!.weights : person.weights;
  const candidates = Array.from(
    { length: count },
    (_, i): SimulatedCandidate => ({
      tip_id: `c${String(i).padStart(3, '0')}`,
      is_overdue: random.chance(0.3),
      task_age_days: Math.floor(random.exponential(8)),
      priority: random.integer(1, 4),
      category: categories.pick(CATEGORIES),
    }),
  );
  const context =
    person.base +
    weights.preferred_hour * Math.cos((2 * Math.PI * (hour - person.active_hour)) / 24) +
    (weekday === 0 || weekday === 6 ? weights.weekend : 0);
  return {
    requestedAtMs,
    hour,
    candidates,
    chances: candidates.map((candidate) => logistic(context + candidateLogOdds(weights, candidate) + tasteFor(person, candidate))),
    fates: candidates.map(() => random.next()),
    dismissFate: random.next(),
    dwellMs: Math.floor(random.exponential(person.dwell_ms)),
  };
}

function candidateLogOdds(weights: Weights, { is_overdue: overdue, task_age_days: age, priority }: Candidate): number {
  return (overdue ? weights.is_overdue : 0) + weights.task_age * (Math.min(age, 30) / 30) + weights.priority * ((priority - 1) / 3);
}

function tasteFor({ taste, favourite }: Person, { category }: Candidate): number {
  return category === favourite ? taste : 0;
}

function logistic(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** Around active_hour: accepted in proportion to exp(sharpness (cos - 1)). */
function activeHour({ active_hour: peak, active_sharpness: sharpness }: Person, random: Random): number {
  for (;;) {
    const hour = random.integer(0, 23);
    if (random.chance(Math.exp(sharpness * (Math.cos((2 * Math.PI * (hour - peak)) / 24) - 1)))) return hour;
  }
}
