/**
 * The last hour of rates and lag, as this tab has seen it: the service remembers a minute, and whoever keeps longer (Prometheus) is not
 * asked. Pure; use-service.ts keeps it in the tab's session.
 */
import type { LagRow } from '../../log/lag.js';

export interface Sample {
  /** Unix ms. */
  readonly atMs: number;
  /** Records a second over all topics; null: not known. */
  readonly written: number | null;
  readonly applied: number | null;
  readonly lagRecords: number;
  /** Age of the oldest record that is not applied; null: not known. */
  readonly lagSeconds: number | null;
}

export const KEPT_MS = 3_600_000;
/** Samples nearer than this replace each other, so that an hour is at most 720 of them. */
const APART_MS = 5_000;
/** A longer gap is drawn as one. */
const GAP_MS = 120_000;

export function sampleOf(rows: readonly LagRow[], atMs: number): Sample {
  return {
    atMs,
    written: sumOfKnown(rows.map(({ rate_in: rate }) => rate)),
    applied: sumOfKnown(rows.map(({ rate_out: rate }) => rate)),
    lagRecords: rows.reduce((sum, { lag_records: records }) => sum + records, 0),
    lagSeconds: greatest(rows.map(({ lag_seconds: seconds }) => seconds)),
  };
}

export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const kept = samples.filter(({ atMs }) => atMs > sample.atMs - KEPT_MS && atMs < sample.atMs);
  const before = kept.at(-2);
  if (before !== undefined && kept.at(-1)!.atMs - before.atMs < APART_MS) kept.pop();
  return [...kept, sample];
}

/** With a point that is not known wherever nobody looked for a while, so that no line crosses it. */
export function withGaps(samples: readonly Sample[]): readonly (Sample | { readonly atMs: number })[] {
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    return before !== undefined && sample.atMs - before.atMs > GAP_MS ? [{ atMs: before.atMs + 1 }, sample] : [sample];
  });
}

/** What a session kept; nothing where it is not what was kept there. */
export function samplesIn(text: string | null, nowMs: number): readonly Sample[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept)
      ? kept.filter((each): each is Sample => isSample(each) && each.atMs > nowMs - KEPT_MS && each.atMs <= nowMs)
      : [];
  } catch {
    return [];
  }
}

function isSample(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { atMs, written, applied, lagRecords, lagSeconds } = value as Record<string, unknown>;
  const isKnown = (each: unknown) => each === null || typeof each === 'number';
  return typeof atMs === 'number' && typeof lagRecords === 'number' && [written, applied, lagSeconds].every(isKnown);
}

function sumOfKnown(rates: readonly (number | null)[]): number | null {
  const known = rates.filter((rate) => rate !== null);
  return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
}

/** null as soon as one is not known: the oldest may be that one. */
function greatest(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((most, value) => (most === null || value === null ? null : Math.max(most, value)), 0);
}
