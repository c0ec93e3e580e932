/** The rows of each kind of export, as cells in the order of its columns. */
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
  readonly signal: AbortSignal;
  readonly countUnknown: () => void;
}

interface ReadSpine {
  readonly rows: RowsOfSpine;
  readonly shape: SpineShape;
}

/** Between these the process sees Ctrl-C. */
const ROWS_AT_ONCE = 500;
const USERS_AT_ONCE = 500;

/** Every user at every time at which they are known: by user_id, then by time. Each user is swept once. */
export async function* gridRows(
  context: RowsContext,
  readers: ReadonlyMap<number, PartitionReader>,
  timesMs: readonly number[],
): AsyncGenerator<Cell[]> {
  const breathe = breather(context);
  for (const sweep of mergeByUser([...readers.values()].map(sweepsOf))) {
    for (const asOfMs of timesMs) {
      await breathe();
      const { known, features } = sweep.at(asOfMs);
      if (known) yield [sweep.userId, asOfMs, ...cellsOf(context.registry, features)];
    }
  }
}

function* sweepsOf(reader: PartitionReader): Generator<ProfileSweep, undefined> {
  let after = '';
  for (;;) {
    const sweeps = reader.sweepsAfter(after, USERS_AT_ONCE);
    if (sweeps.length === 0) return undefined;
    yield* sweeps;
    after = sweeps.at(-1)!.userId;
  }
}

/** Each row of a spine with what the join has answered it. */
export async function* joinedRows(context: RowsContext, { rows, shape }: ReadSpine): AsyncGenerator<Cell[]> {
  const { registry } = context;
  const breathe = breather(context);
  const empty = cellsOf(registry, registry.emptyValues());
  for (const { userId, asOfMs, others, features } of rows.inOrder()) {
    await breathe();
    yield [userId, asOfMs, ...(features?.map(cellOf) ?? empty), ...cellsOfOthers(shape.others, others)];
  }
}

/** Each row of a spine of decisions with the profile that the decision was made with. */
export async function* servedRows(
  context: RowsContext,
  { rows, shape }: ReadSpine,
  lookup: UserLookup,
  served: ReadonlyMap<number, ServedProfiles>,
): AsyncGenerator<Cell[]> {
  const breathe = breather(context);
  for (const { userId, decisionId, others } of rows.inOrder()) {
    await breathe();
    const found = lookup
      .partitionsOf(userId)
      .map((partition) => served.get(partition)!.get(userId, decisionId))
      .find((one) => one !== undefined);
    if (found === undefined) context.countUnknown();
    // Nothing was served, so nothing is said: a volume of 0 would be a claim.
    const features = cellsOf(context.registry, found?.features ?? {});
    yield [userId, decisionId, found?.asOfMs ?? null, ...features, ...cellsOfOthers(shape.others, others)];
  }
}

/** Every decision with the profile that it was made with, by user_id and decision_id. */
export async function* allServedRows(context: RowsContext, files: readonly ServedProfiles[]): AsyncGenerator<Cell[]> {
  const breathe = breather(context);
  for (const { userId, decisionId, asOfMs, features } of servedInOrder(files)) {
    await breathe();
    yield [userId, decisionId, asOfMs, ...cellsOf(context.registry, features)];
  }
}

function breather({ signal }: RowsContext): () => Promise<void> | undefined {
  let rows = 0;
  return () => {
    if (++rows % ROWS_AT_ONCE !== 0) return undefined;
    signal.throwIfAborted();
    return setImmediate();
  };
}

function cellsOf(registry: Registry, features: FeatureValues): Cell[] {
  return registry.names.map((name) => cellOf(features[name]));
}

/** A feature that is an object is its JSON text. */
function cellOf(value: unknown): Cell {
  if (value === undefined) return null;
  return typeof value === 'object' && value !== null ? new RawJson(objectText(value as ObjectValue), false) : (value as Cell);
}

function cellsOfOthers(others: readonly Column[], text: string | null): Cell[] {
  if (others.length === 0) return [];
  if (text === null) return others.map(() => undefined);
  const members = membersOf(text);
  return others.map(({ name }) => members.get(name));
}
