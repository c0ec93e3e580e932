/**
 * Compares two state files of one partition user by user, both read in the order of the users' ids, so that memory does not grow with
 * their number: the profile as of one time, the rows it is computed from, the decisions, and what policies have learned.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareCodePoints } from '../events/strings.js';
import { sumOf } from '../policies/learning.js';
import { examplesNamed } from '../policies/example-source.js';
import type { DefinitionChanges } from '../projections/definitions.js';
import { isSameValue } from '../projections/object-value.js';
import { decodeState, encodeState } from '../policies/ridge-codec.js';
import {
  COMPARED_ROWS,
  type ComparableState,
  type ComparedRow,
  type ComparedSums,
  type ComparedUser,
} from '../store/rebuild/comparable-state.js';
import type { ScoredEvent } from '../topics.js';
import { changeOf, ChangeList, type Change, type ChangeKind, type Comparison } from './changes.js';

export interface CompareOptions {
  readonly partition: number;
  /** Profiles as of this, Unix ms. */
  readonly asOfMs: number;
  /**
   * What the rebuilt side's definitions are against the live one's; null where that is not known. Features that one side does not have
   * are counted, not compared.
   */
  readonly definitions: DefinitionChanges | null;
  readonly signal: AbortSignal;
  /** Users compared, of how many about. */
  readonly onProgress: (done: number, total: number) => void;
}

const USERS_A_TURN = 200;

/** Both must have begun their snapshots. Throws the signal's reason when it aborts, and state_corrupt. */
export async function compareStates(
  live: ComparableState,
  rebuilt: ComparableState,
  { partition, asOfMs, definitions, signal, onProgress }: CompareOptions,
): Promise<Comparison> {
  const list = new ChangeList(partition, definitions);
  const total = Math.max(live.userCount(), rebuilt.userCount());
  for (const [a, b] of pairs(live.users(asOfMs), rebuilt.users(asOfMs))) {
    list.add((a ?? b)!.userId, changesOf(list, live, a, rebuilt, b));
    if (list.users % USERS_A_TURN !== 0) continue;
    onProgress(list.users, total);
    await nextTurn();
    signal.throwIfAborted();
  }
  onProgress(list.users, list.users);
  return list.finish();
}

/** The users of both, each once. */
function* pairs(
  live: Generator<ComparedUser, undefined>,
  rebuilt: Generator<ComparedUser, undefined>,
): Generator<readonly [ComparedUser | undefined, ComparedUser | undefined]> {
  let [a, b] = [live.next().value, rebuilt.next().value];
  while (a !== undefined || b !== undefined) {
    const order = a === undefined ? 1 : b === undefined ? -1 : compareCodePoints(a.userId, b.userId);
    yield [order <= 0 ? a : undefined, order >= 0 ? b : undefined];
    if (order <= 0) a = live.next().value;
    if (order >= 0) b = rebuilt.next().value;
  }
}

function changesOf(
  list: ChangeList,
  live: ComparableState,
  a: ComparedUser | undefined,
  rebuilt: ComparableState,
  b: ComparedUser | undefined,
): Change[] {
  const changes: Change[] = [];
  const [before, after] = [a?.features ?? {}, b?.features ?? {}];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[name] ?? null, after[name] ?? null];
    if (!list.isOfOneSide(name, was, is) && !isSameValue(was, is)) changes.push(changeOf('profile', name, was, is));
  }
  const compareRows = (kind: ChangeKind, name: string, rowsOf: (state: ComparableState, uid: number) => ComparedRow[]): void => {
    const [was, is] = [a === undefined ? [] : rowsOf(live, a.uid), b === undefined ? [] : rowsOf(rebuilt, b.uid)];
    const differing = differingRows(was, is);
    if (differing > 0) changes.push({ ...changeOf(kind, name, was.length, is.length), size: differing / Math.max(was.length, is.length) });
  };
  for (const name of COMPARED_ROWS) compareRows(name, name, (state, uid) => state.rows(name, uid));
  const kinds = rebuilt.kinds.filter((kind) => live.kinds.includes(kind));
  for (const kind of kinds) compareRows('rows', kind, (state, uid) => state.kindRows(kind, uid));
  return [...changes, ...sumChanges(live, a, rebuilt, b)];
}

/** How many ids have another row, or none, on the other side. */
function differingRows(live: readonly ComparedRow[], rebuilt: readonly ComparedRow[]): number {
  if (live.length === rebuilt.length && live.every((row, i) => sameRow(row, rebuilt[i]!))) return 0;
  const others = new Map(rebuilt.map((row) => [row[0], row]));
  let differing = 0;
  for (const row of live) {
    const other = others.get(row[0]!);
    if (other === undefined || !sameRow(row, other)) differing++;
    others.delete(row[0]!);
  }
  return differing + others.size;
}

function sameRow(a: ComparedRow, b: ComparedRow): boolean {
  return a.every((value, i) => {
    const other = b[i];
    return value === other || (Buffer.isBuffer(value) && Buffer.isBuffer(other) && value.equals(other));
  });
}

function sumChanges(live: ComparableState, a: ComparedUser | undefined, rebuilt: ComparableState, b: ComparedUser | undefined): Change[] {
  const was = a === undefined ? [] : live.sums(a.uid);
  const is = b === undefined ? [] : rebuilt.sums(b.uid);
  const changes: Change[] = [];
  for (const policy of new Set([...was, ...is].map((one) => one.policy))) {
    const dimension = examplesNamed(policy)?.vectors.dimension;
    const [own, other] = [was.find((one) => one.policy === policy), is.find((one) => one.policy === policy)];
    // Sums begin at the reset or migration that was in effect when a decision last asked for them, which a replay does not: they are
    // compared from the later one on.
    const sinceMs = Math.max(own?.resetAtMs ?? -1, other?.resetAtMs ?? -1);
    const [before, after] = [sumsSince(live, a, own, policy, sinceMs), sumsSince(rebuilt, b, other, policy, sinceMs)];
    if (before.equals(after)) continue;
    const [updates, updated] = dimension === undefined ? [null, null] : [updatesOf(before, dimension), updatesOf(after, dimension)];
    changes.push(
      Object.is(updates, updated)
        ? { ...changeOf('policy', `${policy} sums`, updates, updated), size: 1 }
        : changeOf('policy', `${policy} updates`, updates, updated),
    );
  }
  return changes;
}

/** Encoded. */
function sumsSince(
  state: ComparableState,
  user: ComparedUser | undefined,
  stored: ComparedSums | undefined,
  name: string,
  sinceMs: number,
): Buffer {
  if (stored !== undefined && stored.resetAtMs === sinceMs) return stored.state;
  const examples = examplesNamed(name);
  if (examples === undefined) return stored?.state ?? Buffer.alloc(0);
  const decisions = user === undefined ? [] : state.examples(user.uid, examples.decidedBy, sinceMs);
  return encodeState(
    sumOf(
      examples,
      sinceMs,
      decisions.map(({ requestedAtMs, rewardTipId, reward, record }) => ({
        requestedAtMs,
        event: JSON.parse(record) as ScoredEvent,
        learned: { tipId: rewardTipId, reward },
      })),
    ),
  );
}

/** null for bytes that are no sums. */
function updatesOf(state: Buffer, dimension: number): number | null {
  try {
    return decodeState(state, dimension).updates;
  } catch {
    return null;
  }
}
