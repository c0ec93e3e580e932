/**
 * Which of a user's kept times and rows are behind a feature, and when it next changes by the passing of time alone. Both follow from the
 * feature's counters, so that a new feature, and a new kind of rows, have them without a line of their own.
 *
 * The kept times behind a feature as of T are those that its counters are made of: from them alone the counters are the same, and a kept
 * time that is not behind it can be taken away, and the counters stay. Taking away means that nothing comes in its place. An early serving
 * that hides later servings of its tip, and is too old to count, is not behind anything: it counts for nothing. A row is behind a feature
 * when its families count it.
 */
import { AFTER_ALL_MS, type Aggregate, contribute } from './aggregate.js';
import type { IdentifiedTip } from './as-of.js';
import type { CounterSet } from './counter.js';
import { CounterMap, type Counters } from './counters/counters.js';
import { countsRows, type FeatureDefinition, type FeatureValue } from './feature.js';
import { HAPPENINGS, keptTime, without, type Happening } from './kept-times.js';
import { type CountedRow, type RowBoundary, CrossedRows } from './kept/crossed-rows.js';
import { NO_USER_ROWS, type UserRows } from './kept/user-rows.js';
import { isSameValue } from './object-value.js';
import type { Registry } from './registry.js';
import type { Row, RowKind } from './row-kind.js';
import type { TipState } from './tip.js';
import { isInWindow } from './window.js';

type Counting = Pick<FeatureDefinition, 'counters' | 'windowMs'>;

/** Whether the feature is computed from tips alone. */
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

/** Whether the feature counts a row that it is shown. */
export function countsRow(feature: Counting, kind: RowKind, row: Row, asOfMs: number): boolean {
  return contributionOfRow(feature, kind, row, asOfMs).length > 0;
}

/** A kept time that comes into the window of a feature, or goes out of it. */
export interface Crossing {
  readonly tipId: string;
  readonly happening: Happening;
  readonly atMs: number;
  readonly way: 'enters' | 'leaves';
}

/** The same of a row's time. */
export interface RowCrossing extends CountedRow {
  readonly atMs: number;
  readonly way: Crossing['way'];
}

/** What makes it so is in `crossings` or `rows`. Both are empty where the value goes with time itself, as an age does. */
export interface NextChange {
  /** The first as-of time with another value; Unix ms. */
  readonly atMs: number;
  readonly value: FeatureValue;
  readonly crossings: readonly Crossing[];
  readonly rows: readonly RowCrossing[];
}

/**
 * feature name -> its next change after `asOfMs` while no other event comes; features that stay as they are for ever are left out. `tips`:
 * all that have a kept time at or after asOfMs - WINDOW_MS. `rows`: all of the user; undefined: they are not known, and nothing is said of
 * features of them. The value is the present one at every time up to the change; a feature without a window may go with time itself, and
 * is taken to differ from the present value at all times from the first one on. It yields now and then, after some microseconds, so that
 * its caller can let others have their turn.
 */
export function* nextChanges(
  registry: Registry,
  tips: readonly IdentifiedTip[],
  asOfMs: number,
  rows?: UserRows,
): Generator<undefined, Map<string, NextChange>, undefined> {
  const counters = new CounterMap();
  for (const { tip } of tips) {
    contribute(registry, counters, tip, asOfMs, 1);
    yield;
  }
  const crossed = new CrossedRows(registry.kinds, rows ?? NO_USER_ROWS, asOfMs);
  const valuesAt = (ms: number) => registry.values(exactOver(counters), ms, crossed.counters);
  const now = valuesAt(asOfMs);
  const changes = new Map<string, NextChange>();
  const pending = new Set(rows === undefined ? registry.features.filter(isOfTips) : registry.features);
  const isNow = ({ name }: FeatureDefinition, ms: number) => isSameValue(valuesAt(ms)[name]!, now[name]!);
  /** While nothing crosses a boundary, between a time with the present values and a later one. */
  const goWithTime = (fromMs: number, untilMs: number) => {
    for (const feature of [...pending].filter(({ windowMs }) => windowMs === null)) {
      if (untilMs <= fromMs || isNow(feature, untilMs)) continue;
      let [same, other] = [fromMs, untilMs];
      while (other - same > 1) {
        const middle = same + Math.floor((other - same) / 2);
        if (isNow(feature, middle)) same = middle;
        else other = middle;
      }
      pending.delete(feature);
      changes.set(feature.name, { atMs: other, value: valuesAt(other)[feature.name]!, crossings: [], rows: [] });
    }
  };
  const boundaries = [...boundariesFrom(registry, tips, asOfMs), ...crossed.boundaries()].sort((a, b) => a.boundaryMs - b.boundaryMs);
  yield;
  let fromMs = asOfMs;
  for (let at = 0; at < boundaries.length && pending.size > 0; ) {
    const { boundaryMs } = boundaries[at]!;
    goWithTime(fromMs, boundaryMs);
    const crossing = new Map<string, IdentifiedTip>();
    const crossingRows = new Map<Row, RowBoundary>();
    for (let boundary = boundaries[at]; boundary?.boundaryMs === boundaryMs; boundary = boundaries[++at])
      if ('row' in boundary) crossingRows.set(boundary.row, boundary);
      else crossing.set(boundary.one.tipId, boundary.one);
    for (const { tip } of crossing.values()) {
      contribute(registry, counters, tip, boundaryMs + 1, 1);
      contribute(registry, counters, tip, boundaryMs, -1);
    }
    crossed.cross(boundaryMs, crossingRows.values());
    fromMs = boundaryMs + 1;
    const then = valuesAt(fromMs);
    for (const feature of pending) {
      const value = then[feature.name]!;
      if (isSameValue(value, now[feature.name]!)) continue;
      pending.delete(feature);
      changes.set(feature.name, {
        atMs: fromMs,
        value,
        crossings: crossingsOf(feature, [...crossing.values()], boundaryMs),
        rows: rowCrossingsOf(feature, [...crossingRows.values()], crossed),
      });
    }
    yield;
  }
  goWithTime(fromMs, AFTER_ALL_MS);
  return changes;
}

interface Boundary {
  readonly boundaryMs: number;
  readonly one: IdentifiedTip;
}

/** What is counted of the tip differs between the boundary and the millisecond after it. */
function boundariesFrom({ windowsMs }: CounterSet, tips: readonly IdentifiedTip[], asOfMs: number): Boundary[] {
  const boundaries: Boundary[] = [];
  for (const one of tips)
    for (const happening of HAPPENINGS) {
      const atMs = keptTime(one.tip, happening);
      if (atMs === null) continue;
      if (atMs >= asOfMs) boundaries.push({ boundaryMs: atMs, one });
      for (const lengthMs of windowsMs) if (atMs + lengthMs >= asOfMs) boundaries.push({ boundaryMs: atMs + lengthMs, one });
    }
  return boundaries;
}

/** `crossed` has crossed the boundary. */
function rowCrossingsOf(feature: FeatureDefinition, crossing: readonly RowBoundary[], crossed: CrossedRows): RowCrossing[] {
  return crossing.flatMap(({ set, row, boundaryMs }): RowCrossing[] => {
    const [before, after] = [boundaryMs, boundaryMs + 1].map((ms) => contributionOfRow(feature, set.kind, row, ms));
    if (isSame(before!, after!) || !crossed.isShown({ set, row })) return [];
    const times = set.kind.times.map((time) => row[time] as number);
    const entered = times.find((atMs) => atMs === boundaryMs);
    const left = times.find((atMs) => atMs === boundaryMs - (feature.windowMs ?? Infinity));
    if (entered !== undefined) return [{ set, row, atMs: entered, way: 'enters' }];
    return left === undefined ? [] : [{ set, row, atMs: left, way: 'leaves' }];
  });
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

function contributionOfRow({ counters }: Pick<Counting, 'counters'>, kind: RowKind, row: Row, asOfMs: number): Contribution {
  const added: (string | number)[] = [];
  const add = (name: string, by: number): void => void added.push(name, by);
  for (const family of counters) if (countsRows(family) && family.of === kind) family.contribute(row, asOfMs, add);
  return added;
}

/** Whether both add the same, in whatever order and parts. */
function isSame(one: Contribution, other: Contribution): boolean {
  if (one.length === other.length && one.every((part, at) => part === other[at])) return true;
  const [sums, others] = [sumsOf(one), sumsOf(other)];
  return sums.size === others.size && [...sums].every(([name, sum]) => others.get(name) === sum);
}

function sumsOf(contribution: Contribution): CounterMap {
  const sums = new CounterMap();
  for (let at = 0; at < contribution.length; at += 2) sums.add(contribution[at] as string, contribution[at + 1] as number);
  return sums;
}

const exactOver = (counters: Counters): Aggregate => ({ afterMs: -1, untilMs: Number.MAX_SAFE_INTEGER, counters });
