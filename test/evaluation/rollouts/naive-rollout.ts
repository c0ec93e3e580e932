/**
 * The oracle of src/evaluation/rollouts: the same definitions over plain objects, one user and one relabelling at a time, with sums in
 * the order in which they come. It shares no code with what it checks.
 */
import { createHash } from 'node:crypto';

export interface NaiveUser {
  readonly id: string;
  /** Decisions and rewards before and after. */
  readonly m: number;
  readonly x: number;
  readonly n: number;
  readonly y: number;
  /** Sums of squared rewards; absent: each is 0 or 1. */
  readonly xx?: number;
  readonly yy?: number;
}

export interface NaiveLook {
  /** Probability that the rollback, and the interval, may have used up by now. */
  readonly spent: number;
  readonly gainSpent: number;
  readonly users: readonly NaiveUser[];
}

export interface NaiveVerdict {
  readonly rollback: boolean;
  readonly p: number;
  readonly difference: number | null;
  readonly low: number;
  readonly high: number;
  /** Relabellings taken out so far, the true placement among them. */
  readonly taken: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const sha = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

function mix(word: number): number {
  let x = word >>> 0;
  x = (x ^ (x >>> 16)) >>> 0;
  x = Number((BigInt(x) * 0x7feb352dn) & 0xffffffffn);
  x = (x ^ (x >>> 15)) >>> 0;
  x = Number((BigInt(x) * 0x846ca68bn) & 0xffffffffn);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Whether each user is treated, in placement b. */
function placement(b: number, rollout: string, ids: readonly string[], percent: number): boolean[] {
  const digests = ids.map((id) => sha(`${rollout}|${id}`));
  if (b === 0) return digests.map((digest) => Number(digest.readBigUInt64BE(0) >> 11n) / 2 ** 53 < percent / 100);
  const key = sha(`${rollout}|relabel|${b}`).readUInt32BE(0);
  return digests.map((digest) => mix((digest.readUInt32BE(8) + key) % 2 ** 32) < Math.floor((percent / 100) * 2 ** 32));
}

interface Residual {
  readonly d: number;
  readonly e: number;
}

/** Of rewards in so many decisions a user: mean, variance between users, variance of one decision within a user. */
function spread(counts: readonly { readonly count: number; readonly reward: number; readonly square: number | undefined }[]) {
  const all = sum(counts.map(({ count }) => count));
  const mu = all === 0 ? 0 : sum(counts.map(({ reward }) => reward)) / all;
  const variance = all === 0 ? 0 : sum(counts.map(({ reward, square }) => square ?? reward)) / all - mu * mu;
  const pairs = sum(counts.map(({ count }) => count * (count - 1)));
  const excess = sum(counts.map(({ count, reward }) => (reward - count * mu) ** 2 - count * variance));
  const t2 = pairs === 0 ? 0 : clip(excess / pairs, 0, 0.9 * variance);
  return { mu, t2, s2: variance - t2 };
}

function residuals(users: readonly NaiveUser[]): Residual[] {
  const history = users.some(({ m }) => m > 0);
  const before = spread(users.map(({ m, x, xx }) => ({ count: m, reward: x, square: xx })));
  const after = spread(users.map(({ n, y, yy }) => ({ count: n, reward: y, square: yy })));
  const shrunk = ({ m, x }: NaiveUser): number =>
    before.mu + (before.t2 === 0 ? 0 : (before.t2 * (x - m * before.mu)) / (before.s2 + m * before.t2));
  const rate = (user: NaiveUser): number => (history ? Math.round(shrunk(user) * 4096) / 4096 : 0);
  const decisions = sum(users.map(({ n }) => n));
  const r = decisions === 0 ? 0 : sum(users.map(({ y }) => y)) / decisions;
  const gm = decisions === 0 ? 0 : sum(users.map((user) => user.n * rate(user))) / decisions;
  const variation = sum(users.map((user) => user.n * (rate(user) - gm) ** 2));
  const slope = sum(users.map((user) => (user.y - user.n * r) * (rate(user) - gm)));
  const beta = variation < 1e-12 ? 0 : clip(slope / variation, 0, 1.5);
  const residual = (user: NaiveUser): number => user.y - user.n * (r + beta * (rate(user) - gm));
  const active = users.filter(({ n }) => n > 0);
  const squares = sum(active.map((user) => Math.round((residual(user) ** 2 / user.n) * 2 ** 20) / 2 ** 20));
  const unexplained = decisions === 0 ? 0 : clip((squares - active.length * after.s2) / decisions, 0, after.t2);
  const plain = users.map((user) => {
    const w = after.s2 === 0 ? 1 : after.s2 / (after.s2 + user.n * unexplained);
    return { d: Math.round(w * user.n * 1024), e: Math.round(w * residual(user) * 1024) };
  });
  const mean = sum(plain.map(({ e }) => e)) / (sum(plain.map(({ d }) => d)) || 1);
  return plain.map(({ d, e }) => ({ d, e: Math.round(e - d * mean) }));
}

function compare(values: readonly Residual[], treated: readonly boolean[]) {
  const arm = (one: boolean) => {
    const own = values.filter((_, i) => treated[i] === one);
    const [n, e] = [sum(own.map(({ d }) => d)), sum(own.map((each) => each.e))];
    const r = e / n;
    const square =
      sum(own.map((each) => each.e ** 2)) - 2 * r * sum(own.map((each) => each.e * each.d)) + r * r * sum(own.map(({ d }) => d ** 2));
    return { n, r, v: Math.max(0, square) / (n * n) };
  };
  const [one, nil] = [arm(true), arm(false)];
  if (one.n === 0 || nil.n === 0) return { d: 0, t: 0, error: 0 };
  const error = Math.sqrt(one.v + nil.v);
  return { d: one.r - nil.r, t: error === 0 ? 0 : (nil.r - one.r) / error, error };
}

/** Takes the largest out of `alive`; the value from which on it did so. */
function spend(alive: Set<number>, value: (b: number) => number, allowed: number): number | null {
  if (allowed <= 0 || allowed > alive.size) return null;
  const sorted = [...alive].sort((a, b) => value(b) - value(a));
  const threshold = value(sorted[allowed - 1]!);
  let out = sorted.filter((b) => value(b) >= threshold);
  if (out.length > allowed) out = sorted.filter((b) => value(b) > threshold);
  for (const b of out) alive.delete(b);
  return threshold;
}

/** The verdicts of these looks on the same users, one after the other, whether or not there are enough users to go by them. */
export function naiveRollout(rollout: string, percent: number, looks: readonly NaiveLook[], relabellings: number): NaiveVerdict[] {
  const rows = Array.from({ length: relabellings + 1 }, (_, b) => b);
  const [alive, low, high] = [new Set(rows), new Set(rows), new Set(rows)];
  const ids = looks[0]!.users.map(({ id }) => id);
  const placed = rows.map((b) => placement(b, rollout, ids, percent));
  return looks.map(({ spent, gainSpent, users }) => {
    const values = residuals(users);
    const t = placed.map((treated) => compare(values, treated).t);
    spend(alive, (b) => t[b]!, Math.floor(rows.length * spent + 1e-9) - (rows.length - alive.size));
    const mean = (one: boolean) => {
      const own = values.filter((_, i) => placed[0]![i] === one);
      return sum(own.map(({ e }) => e)) / (sum(own.map(({ d }) => d)) || 1);
    };
    const means = { treated: mean(true), control: mean(false) };
    const centred = values.map(({ d, e }, i) => ({ d, e: Math.round(e - (placed[0]![i] ? means.treated : means.control) * d) }));
    const tc = placed.map((treated, b) => (b === 0 ? NaN : compare(centred, treated).t));
    const end = (ends: Set<number>, sign: number): number | null =>
      spend(
        ends,
        (b) => (b === 0 ? -Infinity : sign * tc[b]!),
        Math.floor((rows.length * gainSpent) / 2 + 1e-9) - (rows.length - ends.size),
      );
    const [above, below] = [end(high, 1), end(low, -1)];
    const { d, error } = compare(values, placed[0]!);
    const [nobodyTreated, nobodyLeft] = [true, false].map((one) => !users.some(({ n }, i) => n > 0 && placed[0]![i] === one));
    return {
      rollback: !alive.has(0),
      p: t.filter((each) => each >= t[0]!).length / rows.length,
      difference: nobodyTreated || nobodyLeft ? null : d,
      low: below === null || error === 0 ? -1 : clip(d - below * error, -1, 1),
      high: above === null || error === 0 ? 1 : clip(d + above * error, -1, 1),
      taken: rows.length - alive.size,
    };
  });
}
