/**
 * How a partition of a topic stands, as a pure function of the time and of the offsets that were seen. Every row is made here, by its
 * status: what a status says, the numbers of its row prove.
 *
 *     STOP        it is not worked on: it stopped, no process runs, or records were deleted before they were applied
 *     REWIND      the state stands beyond the end of the log
 *     UNASSIGNED  there is no state of it here, or one that another member of the group has left behind
 *     STALL       records wait, and none was applied for a while
 *     HELD        an open transaction holds back records; what precedes it is applied, or no older than a row may be that is OK
 *     WARN        records wait for longer than they should
 *     OK          everything is applied, or what waits is younger than the bound that the rule states
 *
 * Of a group that keeps no state here the same is said of the offsets that it committed.
 */
import { secondsText } from './seconds-text.js';

/** Records may wait this long before a row warns. */
export const WARN_AFTER_SECONDS = 5;
/** Records wait, and nothing is applied for this long: the partition stalls. */
export const STALL_AFTER_MS = 30_000;

/** The rule of a directory whose partitions nobody works on. */
export const NOT_RUNNING = 'no process runs workers on this data directory';

/** Worst first. */
export const LAG_STATUSES = ['stop', 'rewind', 'unassigned', 'stall', 'held', 'warn', 'ok'] as const;
export type LagStatus = (typeof LAG_STATUSES)[number];

/** One look at a partition of a topic. `applied` was read before the others, so that it is never ahead of them by itself. */
export interface OffsetsSeen {
  /** Unix ms. */
  readonly atMs: number;
  /** The next offset that the state file holds; null: there is no state of it here. */
  readonly applied: number | null;
  /** The next offset that the group committed to the log. */
  readonly committed: number | null;
  readonly low: number;
  /** Where readers stop: at the first record of an open transaction. */
  readonly lastStable: number;
  /** The offset that the next record will get. */
  readonly highWatermark: number;
}

export interface LagFacts {
  readonly nowMs: number;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The last is how it stands now. */
  readonly seen: readonly [...OffsetsSeen[], OffsetsSeen];
  /** Time of the first record that is not applied, or of the first that is held back, Unix ms; null: it cannot be known. */
  readonly oldestMs: number | null;
  /** Of what can be read, nothing but markers of transactions is not applied. */
  readonly onlyMarkers?: boolean | undefined;
  /** What stopped the partition. */
  readonly stopped?: string | undefined;
  /** Why nothing comes of it. */
  readonly silent?: string | undefined;
  /** Whether a process works on it. */
  readonly running: boolean;
  /** Other members of the group may have taken the partition, and left what is here behind. */
  readonly isShared?: boolean | undefined;
  /** By which offset it is judged. Of a group that keeps no state here, `applied` is what it committed. Default: applied. */
  readonly by?: 'applied' | 'committed';
  /** Of a group: why nobody reads the partition. */
  readonly unread?: LagVerdict | undefined;
}

export interface LagRow {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The next offset that the state file holds; null where there is no state. */
  readonly applied_offset: number | null;
  /** What the group committed to the log, for its own tools; null when it never did. */
  readonly committed_offset: number | null;
  /** The same as high_watermark. */
  readonly log_end_offset: number;
  readonly high_watermark: number;
  readonly last_stable_offset: number;
  /** Offsets from what is applied to the high watermark; beyond the end of the log, all that the log holds. */
  readonly lag_records: number;
  /** Age of the first record not yet applied; 0 when there is none, null when it cannot be known. */
  readonly lag_seconds: number | null;
  /** Records written and applied a second, over the time that was watched; null when it was not watched. */
  readonly rate_in: number | null;
  readonly rate_out: number | null;
  /** Until everything is applied, if the rates stay as they are; null when they cannot be known, or it is never caught up. */
  readonly catch_up_seconds: number | null;
  readonly status: LagStatus;
  /** The rule that gave the status, with its numbers. */
  readonly rule: string;
  /** The same as a sentence for people. */
  readonly reason: string;
}

/** A status, the rule that gave it, and the same as a sentence. */
export type LagVerdict = Pick<LagRow, 'status' | 'rule' | 'reason'>;

export function lagRow(facts: LagFacts): LagRow {
  const now = facts.seen.at(-1)!;
  const isElsewhere = facts.isShared === true && wasLeftBehind(facts.seen);
  const lag = waiting(isElsewhere ? { ...now, applied: null } : now);
  const isBeyond = now.applied !== null && now.applied > now.highWatermark;
  const seconds = isBeyond ? null : ageSeconds(isElsewhere ? { ...facts, oldestMs: null } : facts, now, lag);
  const rates = ratesOf(facts.seen);
  const judged = isElsewhere && facts.running && facts.stopped === undefined ? leftBehind(now) : verdict(facts, now, lag, seconds);
  const stands = ['stop', 'rewind', 'unassigned', 'stall', 'held'].includes(judged.status);
  const catchUp = stands ? null : catchUpSeconds(lag, rates);
  return {
    group: facts.group,
    topic: facts.topic,
    partition: facts.partition,
    applied_offset: facts.by === 'committed' ? null : now.applied,
    committed_offset: now.committed,
    log_end_offset: now.highWatermark,
    high_watermark: now.highWatermark,
    last_stable_offset: now.lastStable,
    lag_records: lag,
    lag_seconds: seconds,
    ...rates,
    catch_up_seconds: catchUp,
    ...judged,
    reason: catchUp === null || lag === 0 ? judged.reason : `${judged.reason} ${assumption(catchUp, rates)}`,
  };
}

/** A look reads what is applied before what is committed, so that one alone proves nothing: meanwhile both may have gone on. */
function wasLeftBehind(seen: readonly OffsetsSeen[]): boolean {
  const [before, now] = [seen.at(-2), seen.at(-1)!];
  const { applied } = now;
  return applied !== null && (before?.committed ?? 0) > applied && (now.committed ?? 0) > applied;
}

function leftBehind({ applied, committed }: OffsetsSeen): LagVerdict {
  return {
    status: 'unassigned',
    rule: `committed_offset ${committed} > applied_offset ${applied}`,
    reason: 'Another member of the group has gone beyond the state that is left here.',
  };
}

/** Offsets that are not applied: of a state beyond the log nothing that the log holds is known to be. */
function waiting({ applied, committed, low, highWatermark }: OffsetsSeen): number {
  const next = applied ?? committed ?? low;
  return next > highWatermark ? highWatermark - low : highWatermark - next;
}

/** A timestamp before 1970 is none (Kafka's -1), and of records that cannot be read nothing is known. */
function ageSeconds({ nowMs, oldestMs, onlyMarkers }: LagFacts, { lastStable, highWatermark }: OffsetsSeen, lag: number): number | null {
  if (lag === 0) return 0;
  if (onlyMarkers === true && lastStable === highWatermark) return 0;
  return oldestMs === null || oldestMs < 0 ? null : Math.max(0, Math.round(nowMs - oldestMs) / 1000);
}

function ratesOf(seen: readonly OffsetsSeen[]): Pick<LagRow, 'rate_in' | 'rate_out'> {
  const [first, last] = [seen[0]!, seen.at(-1)!];
  const seconds = (last.atMs - first.atMs) / 1000;
  const rate = (from: number | null, to: number | null) =>
    seconds <= 0 || from === null || to === null || to < from ? null : Math.round(((to - from) / seconds) * 1000) / 1000;
  return { rate_in: rate(first.highWatermark, last.highWatermark), rate_out: rate(first.applied, last.applied) };
}

function catchUpSeconds(lag: number, { rate_in, rate_out }: Pick<LagRow, 'rate_in' | 'rate_out'>): number | null {
  if (lag === 0) return 0;
  if (rate_in === null || rate_out === null || rate_out <= rate_in) return null;
  return Math.round((lag / (rate_out - rate_in)) * 1000) / 1000;
}

/** A prediction says what it takes for granted. */
function assumption(catchUp: number, { rate_in, rate_out }: Pick<LagRow, 'rate_in' | 'rate_out'>): string {
  return `Caught up in ${secondsText(catchUp)} if the rates stay: ${rate_out} out and ${rate_in} in a second.`;
}

function verdict(facts: LagFacts, now: OffsetsSeen, lag: number, seconds: number | null): LagVerdict {
  const { applied, low, lastStable, highWatermark } = now;
  const { by = 'applied', unread } = facts;
  if (facts.stopped !== undefined) return { status: 'stop', rule: 'the partition stopped', reason: facts.stopped };
  if (applied === null && by === 'committed') return unread ?? nothingCommitted(now);
  if (applied === null)
    return {
      status: 'unassigned',
      rule: 'applied_offset is null',
      reason: 'This data directory has no state file for the partition.',
    };
  if (applied > highWatermark)
    return {
      status: 'rewind',
      rule: `${by}_offset ${applied} > high_watermark ${highWatermark}`,
      reason:
        `The ${by === 'applied' ? 'state' : 'group'} is at offset ${applied}, beyond the end of the log (${highWatermark}): ` +
        'the log was replaced or lost its tail.',
    };
  if (applied < low)
    return {
      status: 'stop',
      rule: `${by}_offset ${applied} < low_offset ${low}`,
      reason: `The log deleted offsets ${applied} to ${low - 1} before they were ${by}.`,
    };
  if (!facts.running)
    return {
      status: 'stop',
      rule: NOT_RUNNING,
      reason: `Nothing runs here${lag === 0 ? '; all is applied' : `, and ${countOf(lag)} not applied`}. Start it.`,
    };
  if (unread !== undefined) return unread;
  if (lag === 0 && lastStable === highWatermark)
    return {
      status: 'ok',
      rule: `${by}_offset = last_stable_offset = high_watermark = ${highWatermark}`,
      reason: `Everything in the log is ${by}.`,
    };
  return waitingVerdict(facts, now, { lag, seconds });
}

/** Of a partition that is worked on, and of which something waits. */
function waitingVerdict(facts: LagFacts, now: OffsetsSeen, { lag, seconds }: { lag: number; seconds: number | null }): LagVerdict {
  const { applied, lastStable, highWatermark } = now;
  const { by = 'applied', silent } = facts;
  const readable = applied! < lastStable && facts.onlyMarkers !== true;
  const stillMs = readable ? standsStillMs(facts.seen) : 0;
  if (readable && stillMs >= STALL_AFTER_MS)
    return {
      status: 'stall',
      rule: `lag_records ${lag} > 0 and ${by}_offset ${applied} for ${stillMs / 1000} s`,
      reason: `${countOf(lag)} not ${by}, and none was for ${Math.round(stillMs / 1000)} s.${silent === undefined ? '' : ` ${silent}`}`,
    };
  if (readable && silent !== undefined)
    return {
      status: 'stall',
      rule: `${by}_offset ${applied} < last_stable_offset ${lastStable} and nothing comes`,
      reason: `${countOf(lag)} not ${by}. ${silent}`,
    };
  const isOpen = lastStable < highWatermark;
  const heldFor = readable || seconds === null ? '' : `, the first for ${secondsText(seconds)}`;
  const transaction = `An open transaction holds back the records from offset ${lastStable} on (${highWatermark - lastStable}${heldFor}).`;
  if (isOpen && (!readable || (seconds !== null && seconds <= WARN_AFTER_SECONDS)))
    return {
      status: 'held',
      rule: `last_stable_offset ${lastStable} < high_watermark ${highWatermark}`,
      reason: transaction,
    };
  const age = seconds === null ? 'of unknown age' : `the oldest ${secondsText(seconds)} old`;
  if (seconds !== null && seconds <= WARN_AFTER_SECONDS)
    return {
      status: 'ok',
      rule: `lag_seconds ${seconds} <= ${WARN_AFTER_SECONDS} (lag_records ${lag})`,
      reason: `${countOf(lag)} not ${by} yet, ${age}.`,
    };
  return {
    status: 'warn',
    rule: seconds === null ? `lag_records ${lag} > 0 and lag_seconds is null` : `lag_seconds ${seconds} > ${WARN_AFTER_SECONDS}`,
    reason: `${countOf(lag)} not ${by}, ${age}.${isOpen ? ` ${transaction}` : ''}`,
  };
}

/** Of a partition that a member of the group has. */
function nothingCommitted({ low, highWatermark }: OffsetsSeen): LagVerdict {
  if (low === highWatermark)
    return { status: 'ok', rule: `low_offset = high_watermark = ${highWatermark}`, reason: 'There is nothing to read.' };
  return { status: 'warn', rule: 'committed_offset is null', reason: 'Its member has not committed an offset yet.' };
}

/** How long nothing was applied though something could be read all the time. */
function standsStillMs(seen: readonly OffsetsSeen[]): number {
  const last = seen.at(-1)!;
  let sinceMs = last.atMs;
  for (const { atMs, applied, lastStable } of seen.toReversed()) {
    if (applied !== last.applied || applied === null || applied >= lastStable) break;
    sinceMs = atMs;
  }
  return last.atMs - sinceMs;
}

function countOf(records: number): string {
  return records === 1 ? '1 record is' : `${records} records are`;
}
