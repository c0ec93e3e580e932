/**
 * The rows of each kind of export, as cells in the order of its columns. They come in pieces: a turn of the event loop for each row would
 * cost more than the row.
 */
import { setImmediate } from 'node:timers/promises';
import type { FeatureValues, ObjectValue } from '../projections/feature.js';
import { objectText } from '../projections/object-value.js';
import type { Registry } from '../projections/registry.js';
import type { ProfileSweep } from '../store/join/profile-sweep.js';
import type { RowsOfSpine } from '../store/join/rows-of-spine.js';
import { mergeByUser } from '../store/queries/merge-by-user.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import { servedInOrder, type ServedProfiles } from '../store/queries/served-profiles.js';
import { RawJson, type Cell } from './cell.js';
import type { Column } from './columns.js';
import { membersOf } from './json-members.js';
import type { SpineShape } from './spine/read-spine.js';
import type { UserLookup } from './state-view.js';

export interface RowsContext {
  readonly registry: Registry;
  readonly countUnknown: () => void;
}

interface ReadSpine {
  readonly rows: RowsOfSpine;
  readonly shape: SpineShape;
}

/** Between these the process sees Ctrl-C. */
const ROWS_AT_ONCE = 500;
const USERS_AT_ONCE = 500;

/** `undefined` stands for work that gave no row. */
type Rows = Generator<Cell[] | undefined, void, void>;

/** Throws the signal's reason between pieces. */
export async function* inPieces(rows: Rows, signal: AbortSignal): AsyncGenerator<Cell[][]> {
  let piece: Cell[][] = [];
  let done = 0;
  for (const row of rows) {
    if (row !== undefined) piece.push(row);
    if (++done % ROWS_AT_ONCE !== 0) continue;
    yield piece;
    piece = [];
    await setImmediate();
    signal.throwIfAborted();
  }
  yield piece;
}

/** Every user at every time at which they are known: by user_id, then by time. Each user is swept once. */
export function* gridRows(context: RowsContext, readers: ReadonlyMap<number, PartitionReader>, timesMs: readonly number[]): Rows {
  for (const sweep of mergeByUser([...readers.values()].map(sweepsOf))) {
    for (const asOfMs of timesMs) {
      const { known, features } = sweep.at(asOfMs);
      yield known ? [sweep.userId, asOfMs, ...cellsOf(context.registry, features)] : undefined;
    }
  }
}

function* sweepsOf(reader: PartitionReader): Generator<ProfileSweep, undefined> {
  let after = '';
  for (;;) {
    const sweeps = reader.sweepsAfter(after, USERS_AT_ONCE);
    if (sweeps.length === 0) return undefined;
    after = sweeps.at(-1)!.userId;
    // A sweep that is over is let go, as it may hold its user's tips.
    for (sweeps.reverse(); sweeps.length > 0; ) yield sweeps.pop()!;
  }
}

/** Each row of a spine with what the join has answered it. */
export function* joinedRows({ registry }: RowsContext, { rows, shape }: ReadSpine): Rows {
  const empty = cellsOf(registry, registry.emptyValues());
  for (const { userId, asOfMs, others, features } of rows.inOrder()) {
    const cells: Cell[] = [userId, asOfMs];
    if (features === null) cells.push(...empty);
    else for (const value of features) cells.push(cellOf(value));
    addOthers(cells, shape.others, others);
    yield cells;
  }
}

/** Each row of a spine of decisions with the profile that the decision was made with. */
export function* servedRows(
  context: RowsContext,
  { rows, shape }: ReadSpine,
  lookup: UserLookup,
  served: ReadonlyMap<number, ServedProfiles>,
): Rows {
  for (const { userId, decisionId, others } of rows.inOrder()) {
    const found = lookup
      .partitionsOf(userId)
      .map((partition) => served.get(partition)!.get(userId, decisionId))
      .find((one) => one !== undefined);
    if (found === undefined) context.countUnknown();
    // Nothing was served, so nothing is said: a volume of 0 would be a claim.
    const cells: Cell[] = [userId, decisionId, found?.asOfMs ?? null, ...cellsOf(context.registry, found?.features ?? {})];
    addOthers(cells, shape.others, others);
    yield cells;
  }
}

/** Every decision with the profile that it was made with, by user_id and decision_id. */
export function* allServedRows({ registry }: RowsContext, files: readonly ServedProfiles[]): Rows {
  for (const { userId, decisionId, asOfMs, features } of servedInOrder(files))
    yield [userId, decisionId, asOfMs, ...cellsOf(registry, features)];
}

function cellsOf(registry: Registry, features: FeatureValues): Cell[] {
  return registry.names.map((name) => cellOf(features[name]));
}

/** A feature that is an object is its JSON text. */
function cellOf(value: unknown): Cell {
  if (value === undefined) return null;
  return typeof value === 'object' && value !== null ? new RawJson(objectText(value as ObjectValue), false) : (value as Cell);
}

function addOthers(cells: Cell[], others: readonly Column[], text: string | null): void {
  const members = text === null ? undefined : membersOf(text);
  for (const { name } of others) cells.push(members?.get(name));
}
