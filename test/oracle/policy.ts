/**
 * The policy side computed the slow and obvious way, from the definitions alone: it imports nothing of src, keeps dense matrices, sums
 * lists of decisions from scratch, and reads local time off a Date.
 */
import { createHash } from 'node:crypto';

export interface OracleCandidate {
  tip_id: string;
  is_overdue: boolean;
  task_age_days: number;
  priority: number;
  category?: string | null | undefined;
}

export interface OracleExample {
  x: readonly number[];
  reward: number;
}

export interface OracleCase {
  /** As in the event: `egreedy-v2-shadow` is egreedy-v2 in the shadow. */
  policy: string;
  decisionId: string;
  requestedAtMs: number;
  utcOffsetMin: number;
  candidates: readonly OracleCandidate[];
  profile: Readonly<Record<string, number | string | Readonly<Record<string, number>> | null>>;
  learned: readonly OracleExample[];
  epsilon: number;
  salt: string;
  prior?: { theta: readonly number[]; lambda: number } | undefined;
}

const grid = (x: number) => Math.floor(x * 4096 + 0.5) / 4096;

/** UTF-8 bytes order as code points do. */
export const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function oracleVector(
  policy: string,
  requestedAtMs: number,
  utcOffsetMin: number,
  candidate: OracleCandidate,
  profile: OracleCase['profile'],
): number[] {
  const local = new Date(requestedAtMs + utcOffsetMin * 60 * 1000);
  const hour = local.getUTCHours();
  const weekend = [0, 6].includes(local.getUTCDay());
  const entries = [
    1,
    candidate.is_overdue ? 1 : 0,
    Math.min(candidate.task_age_days, 30) / 30,
    (candidate.priority - 1) / 3,
    Math.sin((2 * Math.PI * hour) / 24),
    Math.cos((2 * Math.PI * hour) / 24),
    weekend ? 1 : 0,
  ];
  if (!policy.startsWith('egreedy-v1')) entries.push(...oracleProfileEntries(hour, profile));
  if (/^egreedy-v[34]/.test(policy)) entries.push(...oracleProducts(entries.slice(1, 4).map(grid), profile));
  if (policy.startsWith('egreedy-v4')) {
    const preferred = profile.preferred_category ?? undefined;
    entries.push(preferred !== undefined && preferred === candidate.category ? oracleTrust(profile) : 0);
  }
  return entries.map(grid);
}

/** Entries of each policy's vector. */
export function oracleDimension(policy: string): number {
  return { 1: 7, 2: 12, 3: 18, 4: 19 }[Number(policy.at('egreedy-v'.length))]!;
}

/** What policies add to the diagonal of G when nothing else is said. */
export function oracleLambda(policy: string): number {
  return /^egreedy-v[34]/.test(policy) ? 10 : 1;
}

function oracleTrust(profile: OracleCase['profile']): number {
  const tips = (profile.tip_volume_30d as number | null) ?? 0;
  return tips / (tips + 10);
}

function oracleProducts(three: readonly number[], profile: OracleCase['profile']): number[] {
  const { completion_rate_30d: completion, dismiss_rate_30d: dismiss } = profile as Record<string, number | null>;
  const products: number[] = [];
  for (const rate of [completion == null ? null : completion - 1 / 2, dismiss == null ? null : dismiss - 1 / 4])
    for (const entry of three) products.push(rate === null ? 0 : grid(rate * oracleTrust(profile)) * entry);
  return products;
}

function oracleProfileEntries(hour: number, profile: OracleCase['profile']): number[] {
  const { completion_rate_30d, dismiss_rate_30d, mean_dwell_ms_30d, preferred_hour, tip_volume_30d } = profile as Record<
    string,
    number | null
  >;
  return [
    completion_rate_30d ?? 0,
    dismiss_rate_30d ?? 0,
    Math.min(mean_dwell_ms_30d ?? 0, 600000) / 600000,
    preferred_hour == null ? 0 : Math.cos((2 * Math.PI * (hour - preferred_hour)) / 24),
    Math.min(1, Math.log(1 + (tip_volume_30d ?? 0)) / Math.log(101)),
  ];
}

const FIRST_SEVEN = 'bias is_overdue task_age priority hour_sin hour_cos weekend';

/**
 * The twelve entries that egreedy-v2 would have had where egreedy-v1 recorded seven; zeros where the record does not say that these
 * are the seven.
 */
export function oracleTranslation(x: readonly number[], names: readonly string[], profile: OracleCase['profile']): number[] {
  if (names.slice(0, 7).join(' ') !== FIRST_SEVEN) return [...x, 0, 0, 0, 0, 0];
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const hour = hours.find((one) => grid(Math.sin((2 * Math.PI * one) / 24)) === x[4] && grid(Math.cos((2 * Math.PI * one) / 24)) === x[5])!;
  return [...x, ...oracleProfileEntries(hour, profile).map(grid)];
}

/** G as a dense matrix and b, summed over the examples. */
export function oracleSums(learned: readonly OracleExample[], dimension: number): { g: number[][]; b: number[] } {
  const g = Array.from({ length: dimension }, () => new Array<number>(dimension).fill(0));
  const b = new Array<number>(dimension).fill(0);
  for (const { x, reward } of learned) {
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++) g[i]![j]! += x[i]! * x[j]!;
      b[i]! += reward * x[i]!;
    }
  }
  return { g, b };
}

/** Gaussian elimination with partial pivoting of (G + lambda I) theta = b + lambda theta_0. */
export function oracleTheta({ g, b }: { g: number[][]; b: number[] }, lambda = 1, theta0: readonly number[] = []): number[] {
  const size = b.length;
  const rows = g.map((row, i) => [...row.map((value, j) => value + (i === j ? lambda : 0)), b[i]! + lambda * (theta0[i] ?? 0)]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column; i < size; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let j = column; j <= size; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

/** The same system in integers, without any rounding before the last division: for states too ill-conditioned for the other. */
export function oracleThetaExact({ g, b }: { g: number[][]; b: number[] }): number[] {
  const size = b.length;
  const whole = (value: number) => BigInt(value * 2 ** 24);
  const rows = g.map((row, i) => [...row.map((value, j) => whole(value) + (i === j ? 1n << 24n : 0n)), whole(b[i]!)]);
  // Bareiss: every intermediate is a determinant of integers, so each division by the previous pivot leaves no remainder.
  let previous = 1n;
  for (let column = 0; column < size; column++) {
    const pivot = rows[column]![column]!;
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]!;
      for (let j = 0; j <= size; j++) rows[i]![j] = (rows[i]![j]! * pivot - factor * rows[column]![j]!) / previous;
    }
    previous = pivot;
  }
  return rows.map((row, i) => Number((row[size]! << 160n) / row[i]!) / 2 ** 160);
}

export function oracleUniform(policy: string, salt: string, decisionId: string): number {
  const hex = createHash('sha256')
    .update(Buffer.from([policy, salt, decisionId].join('|')))
    .digest('hex');
  return Number(BigInt(`0x${hex.slice(0, 16)}`) >> 11n) / 2 ** 53;
}

export interface OracleDecision {
  theta: number[];
  vectors: Map<string, number[]>;
  scores: Map<string, number>;
  propensities: Map<string, number>;
  /** tip_ids */
  ranking: string[];
  u: number;
  chosen: string;
  explored: boolean;
}

export function oracleDecision(one: OracleCase): OracleDecision {
  const sums = oracleSums(one.learned, oracleDimension(one.policy));
  const theta = oracleTheta(sums, one.prior?.lambda ?? oracleLambda(one.policy), one.prior?.theta);
  const tipIds = one.candidates.map((candidate) => candidate.tip_id).sort(byCodePoint);
  const vectors = new Map(
    one.candidates.map((candidate) => [
      candidate.tip_id,
      oracleVector(one.policy, one.requestedAtMs, one.utcOffsetMin, candidate, one.profile),
    ]),
  );
  const scores = new Map(tipIds.map((tipId) => [tipId, vectors.get(tipId)!.reduce((sum, value, i) => sum + value * theta[i]!, 0)]));
  const best = Math.max(...scores.values());
  const highest = tipIds.filter((tipId) => best - scores.get(tipId)! <= 1e-9);
  const propensities = new Map(
    tipIds.map((tipId) => [tipId, one.epsilon / tipIds.length + (highest.includes(tipId) ? (1 - one.epsilon) / highest.length : 0)]),
  );
  const u = oracleUniform(one.policy, one.salt, one.decisionId);
  let chosen = tipIds.at(-1)!;
  let cumulative = 0;
  for (const tipId of tipIds) {
    cumulative += propensities.get(tipId)!;
    if (cumulative > u) {
      chosen = tipId;
      break;
    }
  }
  const ranking = [...tipIds].sort((a, b) => scores.get(b)! - scores.get(a)!);
  return { theta, vectors, scores, propensities, ranking, u, chosen, explored: !highest.includes(chosen) };
}

export interface OracleEvent {
  kind: 'served' | 'done' | 'dismiss' | 'snooze';
  tipId: string;
  atMs: number;
  decisionId?: string;
  promptVersion?: string | null;
}

/**
 * The prompt version that a decision counts for: that of the earliest serving of the tip that counts; of several at once the smallest
 * that is there.
 */
export function oraclePromptVersion(decisionId: string, candidates: readonly string[], events: readonly OracleEvent[]): string | null {
  const naming = events.filter((event) => event.kind === 'served' && event.decisionId === decisionId && candidates.includes(event.tipId));
  naming.sort((a, b) => a.atMs - b.atMs || byCodePoint(a.tipId, b.tipId));
  const first = naming[0];
  const versions = naming
    .filter(({ tipId, atMs }) => tipId === first?.tipId && atMs === first.atMs)
    .map(({ promptVersion }) => promptVersion ?? null);
  return versions.filter((version) => version !== null).sort(codePoints)[0] ?? null;
}

/** Lone surrogates are code points too, which UTF-8 has no bytes for. */
function codePoints(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => [...text].map((character) => character.codePointAt(0)!));
  for (let i = 0; i < Math.min(left!.length, right!.length); i++) if (left![i] !== right![i]) return left![i]! - right![i]!;
  return left!.length - right!.length;
}

export type OracleWorth = Record<'done' | 'dismiss' | 'snooze' | 'windowMs', number>;

/** The reward of a decision, from the whole list of a user's events. */
export function oracleReward(
  decisionId: string,
  candidates: readonly string[],
  events: readonly OracleEvent[],
  worth: OracleWorth = { done: 1, dismiss: 0, snooze: 0, windowMs: 7 * 24 * 3600 * 1000 },
): { tipId: string; reward: number } | null {
  const naming = events.filter((event) => event.kind === 'served' && event.decisionId === decisionId && candidates.includes(event.tipId));
  naming.sort((a, b) => a.atMs - b.atMs || byCodePoint(a.tipId, b.tipId));
  if (naming.length === 0) return null;
  const { tipId } = naming[0]!;
  const earliest = (kind: OracleEvent['kind']) =>
    Math.min(...events.filter((event) => event.tipId === tipId && event.kind === kind).map((event) => event.atMs));
  const from = earliest('served');
  const within = (at: number) => from <= at && at < from + worth.windowMs;
  const first = (['done', 'dismiss', 'snooze'] as const).filter((kind) => within(earliest(kind)))[0];
  return first === undefined ? null : { tipId, reward: worth[first] };
}
