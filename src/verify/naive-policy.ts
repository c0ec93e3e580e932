/**
 * The rewards of decisions and what policies have learned, the obvious way: rewards from whole lists of servings and times, sums added up
 * from scratch into full matrices. For `verify` to compare with; it shares nothing with the settling of rewards in the fold.
 */
import type { ScoredEvent } from '../topics.js';
import { byCodePoint, type NaiveTip } from './naive-profile.js';
import type { NaiveWorth } from './naive-worth.js';
import type { ReplayedEvent } from './replayed.js';

const LARGEST_ENTRY = 64;

export interface NaiveReward {
  readonly tipId: string;
  readonly reward: number;
}

export interface NaiveServing {
  readonly servedAtMs: number;
  /** The smallest by code point of the servings at that time; null: none of them names one. */
  readonly promptVersion: string | null;
}

/** Per decision the tips whose servings name it, each with its earliest such serving: decision_id -> tip_id -> serving. */
export function naiveLinks(tips: ReadonlyMap<string, readonly ReplayedEvent[]>): Map<string, Map<string, NaiveServing>> {
  const links = new Map<string, Map<string, NaiveServing>>();
  for (const [tipId, events] of tips) {
    for (const { kind, decisionId } of events) {
      if (kind !== 'served' || decisionId === null || links.get(decisionId)?.has(tipId) === true) continue;
      const named = links.get(decisionId) ?? new Map<string, NaiveServing>();
      links.set(
        decisionId,
        named.set(tipId, earliestServing(events.filter((event) => event.kind === 'served' && event.decisionId === decisionId))),
      );
    }
  }
  return links;
}

function earliestServing(servings: readonly ReplayedEvent[]): NaiveServing {
  const servedAtMs = Math.min(...servings.map(({ atMs }) => atMs));
  const versions = servings
    .filter(({ atMs }) => atMs === servedAtMs)
    .map(({ promptVersion }) => promptVersion)
    .filter((version) => version !== null);
  return { servedAtMs, promptVersion: versions.sort(byCodePoint)[0] ?? null };
}

/** The candidate whose serving counts for the decision. */
function firstServed(
  isCandidate: (tipId: string) => boolean,
  servings: ReadonlyMap<string, NaiveServing>,
): readonly [tipId: string, serving: NaiveServing] | undefined {
  return [...servings]
    .filter(([tipId]) => isCandidate(tipId))
    .sort((a, b) => a[1].servedAtMs - b[1].servedAtMs || byCodePoint(a[0], b[0]))[0];
}

/** What a decision keeps when a prune takes one of its servings. */
export interface NaiveClosing {
  /** null: nothing. */
  readonly earned: NaiveReward | null;
  readonly promptVersion: string | null;
}

/** The prompt version that the decision counts for; null when there is none. */
export function naivePromptVersion(isCandidate: (tipId: string) => boolean, servings: ReadonlyMap<string, NaiveServing>): string | null {
  return firstServed(isCandidate, servings)?.[1].promptVersion ?? null;
}

/** The reward of a decision with these candidates; null while there is none. */
export function naiveReward(
  isCandidate: (tipId: string) => boolean,
  servings: ReadonlyMap<string, NaiveServing>,
  tipNamed: (tipId: string) => NaiveTip | undefined,
  worth: NaiveWorth,
): NaiveReward | null {
  const first = firstServed(isCandidate, servings);
  const tip = first === undefined ? undefined : tipNamed(first[0]);
  const served = tip?.served ?? null;
  if (tip === undefined || served === null) return null;
  const within = (time: number | null) => time !== null && served <= time && time < served + worth.windowMs;
  if (within(tip.done)) return { tipId: tip.tipId, reward: worth.done };
  if (within(tip.dismiss)) return { tipId: tip.tipId, reward: worth.dismiss };
  return within(tip.snooze) ? { tipId: tip.tipId, reward: worth.snooze } : null;
}

export interface NaiveExample {
  readonly decisionId: string;
  readonly offset: number;
  readonly x: readonly number[];
  readonly reward: number;
}

/** The vector that is learned from, on the 2^-12 grid; undefined when the record holds none that the policy could have written. */
export function naiveVector(event: Pick<ScoredEvent, 'features'>, tipId: string, dimension: number): number[] | undefined {
  const recorded = Object.entries(event.features.vectors).find(([candidate]) => candidate === tipId)?.[1];
  if (recorded?.length !== dimension || recorded.some((entry) => Math.abs(entry) > LARGEST_ENTRY)) return undefined;
  return recorded.map((entry) => Math.floor(entry * 4096 + 0.5) / 4096);
}

/**
 * What another policy learns from a decision: the vector that one would have had, or, where the record does not hold what that is made of,
 * the decision's own with zeros behind it.
 */
export function naiveTranslation(made: readonly number[] | undefined, own: readonly number[], dimension: number): number[] {
  if (made !== undefined && made.length === dimension && made.every((entry) => Math.abs(entry) <= LARGEST_ENTRY))
    return made.map((entry) => Math.floor(entry * 4096 + 0.5) / 4096);
  return [...own, ...Array.from({ length: dimension - own.length }, () => 0)];
}

export interface NaiveSums {
  readonly updates: number;
  readonly g: readonly (readonly number[])[];
  readonly b: readonly number[];
}

export function naiveSums(examples: readonly NaiveExample[], dimension: number): NaiveSums {
  const indexes = Array.from({ length: dimension }, (_, i) => i);
  const total = (term: (example: NaiveExample) => number) => examples.reduce((sum, example) => sum + term(example), 0);
  return {
    updates: examples.length,
    g: indexes.map((i) => indexes.map((j) => total(({ x }) => x[i]! * x[j]!))),
    b: indexes.map((i) => total(({ x, reward }) => reward * x[i]!)),
  };
}

/** A configure that sets shadow_learning. */
export interface ShadowLearningSetting {
  readonly controlId: string;
  readonly effectiveAtMs: number;
  readonly learns: boolean;
}

/**
 * Whether the shadow learned from decisions requested then: the last setting in effect, by (effective_at_ms, control_id), else the
 * process's own.
 */
export function shadowLearnedAt(settings: readonly ShadowLearningSetting[], requestedAtMs: number, otherwise: boolean): boolean {
  const inEffect = settings.filter(({ effectiveAtMs }) => effectiveAtMs <= requestedAtMs);
  inEffect.sort((a, b) => a.effectiveAtMs - b.effectiveAtMs || byCodePoint(a.controlId, b.controlId));
  return inEffect.at(-1)?.learns ?? otherwise;
}
