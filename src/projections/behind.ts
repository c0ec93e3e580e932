/**
 * Which of a user's kept times are behind a feature, and when it next changes by the passing of time alone. Both follow from the feature's
 * counters, so that a new feature has them without a line of its own.
 *
 * The kept times behind a feature as of T are those that its counters are made of: from them alone the counters are the same, and a kept
 * time that is not behind it can be taken away, and the counters stay. Taking away means that nothing comes in its place. An early serving
 * that hides later servings of its tip, and is too old to count, is not behind anything: it counts for nothing.
 */
import type { Aggregate } from './aggregate.js';
import { contribute } from './aggregate.js';
import type { IdentifiedTip } from './as-of.js';
import type { CounterSet } from './counter.js';
import { countsRows, type FeatureDefinition, type FeatureValue } from './feature.js';
import { HAPPENINGS, keptTime, without, type Happening } from './kept-times.js';
import { isSameValue } from './object-value.js';
import { NO_ROWS, type Registry } from './registry.js';
import type { TipState } from './tip.js';
import { isInWindow } from './window.js';

type Counting = Pick<FeatureDefinition, 'counters' | 'windowMs'>;

/** Whether the feature is computed from tips: of features of rows nothing is said here. */
export function isOfTips({ counters }: Pick<FeatureDefinition, 'counters'>): boolean {
  return !counters.some(countsRows);
}

/** Of one tip, in the order of HAPPENINGS. */
export function happeningsBehind(feature: Counting, tip: TipState, asOfMs: number): Happening[] {
  if (feature.windowMs === null) return [];
  const { windowMs } = feature;
  // A family counts nothing of a tip without a time in its window, and without one of its times still has none.
  if (!HAPPENINGS.some((happening) => isInWindow(keptTime(tip, happening), asOfMs, windowMs))) return [];
  const whole = contributionOf(feature, tip, asOfMs);
  const happened = HAPPENINGS.filter((happening) => keptTime(tip, happening) !== null);
  const needed = happened.filter((happening) => !isSame(contributionOf(feature, without(tip, happening), asOfMs), whole));
  const spare = happened.filter((happening) => !needed.includes(happening));
  // Two of them may stand in for each other, as a done and a dismiss at one time do for the first reaction: then one has to stay.
  let left = tip;
  const kept = spare.filter((happening) => {
    const less = without(left, happening);
    if (!isSame(contributionOf(feature, less, asOfMs), whole)) return true;
    left = less;
    return false;
  });
  return happened.filter((happening) => needed.includes(happening) || kept.includes(happening));
}

/** A kept time that comes into the window of a feature, or goes out of it. */
export interface Crossing {
  readonly tipId: string;
  readonly happening: Happening;
  readonly atMs: number;
  readonly way: 'enters' | 'leaves';
}

export interface NextChange {
  /** The first as-of time with another value; Unix ms. */
  readonly atMs: number;
  readonly value: FeatureValue;
  /** What makes it so; at least one. */
  readonly crossings: readonly Crossing[];
}

/**
 * feature name -> its next change after `asOfMs` while no other event comes; features that stay as they are for ever are left out. `tips`:
 * all that have a kept time at or after asOfMs - WINDOW_MS. The value is the present one at every time up to the change. It yields now and
 * then, after some microseconds, so that its caller can let others have their turn.
 */
export function* nextChanges(
  registry: Registry,
  tips: readonly IdentifiedTip[],
  asOfMs: number,
): Generator<undefined, Map<string, NextChange>, undefined> {
  const counters = new Map<string, number>();
  for (const { tip } of tips) {
    contribute(registry, counters, tip, asOfMs, 1);
    yield;
  }
  const now = registry.values(exactOver(counters), asOfMs, NO_ROWS);
  const changes = new Map<string, NextChange>();
  const pending = new Set(registry.features.filter(isOfTips));
  const boundaries = boundariesFrom(registry, tips, asOfMs);
  yield;
  for (let at = 0; at < boundaries.length && pending.size > 0; ) {
    const { boundaryMs } = boundaries[at]!;
    const crossing = new Map<string, IdentifiedTip>();
    for (; boundaries[at]?.boundaryMs === boundaryMs; at++) crossing.set(boundaries[at]!.one.tipId, boundaries[at]!.one);
    for (const { tip } of crossing.values()) {
      contribute(registry, counters, tip, boundaryMs + 1, 1);
      contribute(registry, counters, tip, boundaryMs, -1);
    }
    const then = registry.values(exactOver(counters), boundaryMs + 1, NO_ROWS);
    for (const feature of pending) {
      const value = then[feature.name]!;
      if (isSameValue(value, now[feature.name]!)) continue;
      pending.delete(feature);
      changes.set(feature.name, { atMs: boundaryMs + 1, value, crossings: crossingsOf(feature, [...crossing.values()], boundaryMs) });
    }
    yield;
  }
  return changes;
}

interface Boundary {
  readonly boundaryMs: number;
  readonly one: IdentifiedTip;
}

/** Ascending: what is counted of the tip differs between the boundary and the millisecond after it. */
function boundariesFrom({ windowsMs }: CounterSet, tips: readonly IdentifiedTip[], asOfMs: number): Boundary[] {
  const boundaries: Boundary[] = [];
  for (const one of tips)
    for (const happening of HAPPENINGS) {
      const atMs = keptTime(one.tip, happening);
      if (atMs === null) continue;
      if (atMs >= asOfMs) boundaries.push({ boundaryMs: atMs, one });
      for (const lengthMs of windowsMs) if (atMs + lengthMs >= asOfMs) boundaries.push({ boundaryMs: atMs + lengthMs, one });
    }
  return boundaries.sort((a, b) => a.boundaryMs - b.boundaryMs);
}

function crossingsOf(feature: FeatureDefinition, tips: readonly IdentifiedTip[], boundaryMs: number): Crossing[] {
  const changed = tips.filter(({ tip }) => !isSame(contributionOf(feature, tip, boundaryMs), contributionOf(feature, tip, boundaryMs + 1)));
  const crossings = changed.flatMap(({ tipId, tip }) => {
    const [before, after] = [happeningsBehind(feature, tip, boundaryMs), happeningsBehind(feature, tip, boundaryMs + 1)];
    return HAPPENINGS.flatMap((happening) => {
      const atMs = keptTime(tip, happening);
      const way = atMs === boundaryMs ? 'enters' : atMs === boundaryMs - (feature.windowMs ?? Infinity) ? 'leaves' : undefined;
      if (atMs === null || way === undefined) return [];
      return [{ tipId, happening, atMs, way, counts: (way === 'leaves' ? before : after).includes(happening) } as const];
    });
  });
  // A reaction may change what is counted without being counted itself: one that takes its tip out of the mean.
  const counting = crossings.filter(({ counts }) => counts);
  return (counting.length > 0 ? counting : crossings).map(({ counts: _, ...crossing }) => crossing);
}

/** [name, by, name, by ...] as a feature's families add them. */
type Contribution = readonly (string | number)[];

function contributionOf({ counters }: Counting, tip: TipState, asOfMs: number): Contribution {
  const added: (string | number)[] = [];
  const add = (name: string, by: number): void => void added.push(name, by);
  for (const family of counters) if (!countsRows(family)) family.contribute(tip, asOfMs, add);
  return added;
}

/** Whether both add the same, in whatever order and parts. */
function isSame(one: Contribution, other: Contribution): boolean {
  if (one.length === other.length && one.every((part, at) => part === other[at])) return true;
  const [sums, others] = [sumsOf(one), sumsOf(other)];
  return sums.size === others.size && [...sums].every(([name, sum]) => others.get(name) === sum);
}

function sumsOf(contribution: Contribution): Map<string, number> {
  const sums = new Map<string, number>();
  for (let at = 0; at < contribution.length; at += 2) {
    const name = contribution[at] as string;
    const sum = (sums.get(name) ?? 0) + (contribution[at + 1] as number);
    if (sum === 0) sums.delete(name);
    else sums.set(name, sum);
  }
  return sums;
}

const exactOver = (counters: Map<string, number>): Aggregate => ({ afterMs: -1, untilMs: Number.MAX_SAFE_INTEGER, counters });
