/** The four exports as columns and rows: all profiles or those of a spine, each computed as of a time or as it was served. */
import { setImmediate } from 'node:timers/promises';
import type { PartitionerName } from '../log/partitioner.js';
import type { FeatureValues } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';
import { checkExact } from '../store/as-of-pruned.js';
import type { StateSource } from '../store/directory/state-files.js';
import { checkAsOf, exactFromMsOf, knownInOrder, missingPartitions, withReaders } from '../store/queries/profiles.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import { ServedProfiles, servedInOrder } from '../store/queries/served-profiles.js';
import type { Cell } from './cell.js';
import { featureColumn, type Column } from './columns.js';
import { Spine, type SpineFile, type SpineShape } from './spine.js';
import { openStateView, UserLookup, type StateView } from './state-view.js';

export interface TableExportOptions {
  readonly state: StateSource;
  readonly partitioner: PartitionerName;
  /** The profiles stored with decisions, instead of computed ones. */
  readonly asServed: boolean;
  /** State to read instead of the live one; closed with the table. */
  readonly view?: StateView | undefined;
  /** Of all profiles that are computed. */
  readonly asOfMs: number;
  /** The lines wanted; undefined for all. */
  readonly spine: SpineFile | undefined;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

export interface ExportTable {
  readonly columns: readonly Column[];
  /** How many rows there will be, where that is known before. */
  readonly lines: number | undefined;
  readonly missingPartitions: readonly number[];
  readonly rows: AsyncIterable<readonly Cell[]>;
  /** Rows of the spine, so far, of users or decisions that are not known. */
  unknown(): number;
  close(): void;
}

/** Between these the process sees Ctrl-C. */
const ROWS_AT_ONCE = 500;

/** Throws what Spine.check and openStateView throw, and as_of_pruned. The rows come from one snapshot of each file, taken here. */
export async function openTable(request: TableExportOptions, registry: Registry): Promise<ExportTable> {
  const { state, nowMs, signal, onProgress } = request;
  const own: Column[] = [
    { name: 'user_id', type: 'text' },
    ...(request.asServed ? [{ name: 'decision_id', type: 'text' } as const] : []),
    { name: 'as_of_ms', type: 'int64' },
    ...registry.features.map(featureColumn),
  ];
  let spine: Spine | undefined;
  let shape: SpineShape | undefined;
  if (request.spine !== undefined) {
    spine = new Spine(
      request.spine,
      request.asServed ? 'decision_id' : 'as_of_ms',
      own.map(({ name }) => name),
    );
    onProgress('checking the spine');
    shape = await spine.check();
  }
  const checkTimes = async (readers: ReadonlyMap<number, PartitionReader>): Promise<void> => {
    if (request.asServed) return;
    if (spine === undefined) checkAsOf(readers.values(), request.asOfMs);
    else await checkSpine(spine, shape!, readers, request);
  };
  // Twice: before the state is copied for minutes, and of the copy itself, which may have been pruned meanwhile.
  if (request.view === undefined) await withReaders(state, registry, checkTimes);
  const view =
    request.view ??
    (await openStateView(state, registry, shape?.lines, nowMs, {
      signal,
      onProgress: (copied, total) => onProgress(`copying the state: ${Math.floor((100 * copied) / Math.max(1, total))} %`),
    }));
  const served = new Map<number, ServedProfiles>();
  const close = (): void => {
    for (const file of served.values()) file.close();
    view.close();
  };
  try {
    await checkTimes(view.readers);
    if (request.asServed) for (const [partition, path] of view.files) served.set(partition, new ServedProfiles(path));
    let unknown = 0;
    const context: Context = { request, registry, view, served, countUnknown: () => unknown++ };
    return {
      columns: [...own, ...(shape?.others ?? [])],
      lines: shape?.lines,
      missingPartitions: missingPartitions(view.readers),
      rows: spine === undefined ? allRows(context) : spineRows(context, spine, shape!),
      unknown: () => unknown,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Before anything is written: throws as_of_pruned naming the first line that asks for a time from which its user's partition has
 * pruned.
 */
async function checkSpine(
  spine: Spine,
  { earliestMs }: SpineShape,
  readers: ReadonlyMap<number, PartitionReader>,
  { partitioner, signal }: TableExportOptions,
): Promise<void> {
  const latestMs = exactFromMsOf(readers.values());
  if (latestMs === null || earliestMs >= latestMs) return;
  const lookup = new UserLookup({ readers }, partitioner);
  for await (const { line, userId, asOfMs } of spine.walk()) {
    signal.throwIfAborted();
    if (asOfMs >= latestMs) continue;
    const fromMs = exactFromMsOf(lookup.partitionsOf(userId).map((partition) => readers.get(partition)!));
    checkExact(asOfMs, fromMs, `line ${line} of the spine: `);
  }
}

interface Context {
  readonly request: TableExportOptions;
  readonly registry: Registry;
  readonly view: StateView;
  readonly served: ReadonlyMap<number, ServedProfiles>;
  readonly countUnknown: () => void;
}

async function* allRows({ request, registry, view, served }: Context): AsyncGenerator<Cell[]> {
  let rows = 0;
  const profiles = request.asServed ? servedInOrder([...served.values()]) : knownInOrder([...view.readers.values()], request.asOfMs);
  for (const profile of profiles) {
    if (++rows % ROWS_AT_ONCE === 0) await setImmediate();
    request.signal.throwIfAborted();
    const key = 'decisionId' in profile ? [profile.userId, profile.decisionId, profile.asOfMs] : [profile.userId, request.asOfMs];
    yield [...key, ...cellsOf(registry, profile.features)];
  }
}

async function* spineRows(context: Context, spine: Spine, { others }: SpineShape): AsyncGenerator<Cell[]> {
  const { request, registry, view, served } = context;
  const lookup = new UserLookup(view, request.partitioner);
  const empty = registry.emptyValues();
  let rows = 0;
  for await (const line of spine.walk()) {
    if (++rows % ROWS_AT_ONCE === 0) await setImmediate();
    request.signal.throwIfAborted();
    const { userId, decisionId } = line;
    const passed = others.map(({ name }) => line.others.get(name));
    if (request.asServed) {
      const found = lookup
        .partitionsOf(userId)
        .map((partition) => served.get(partition)!.get(userId, decisionId))
        .find((one) => one !== undefined);
      if (found === undefined) context.countUnknown();
      // Nothing was served, so nothing is said: a volume of 0 would be a claim.
      yield [userId, decisionId, found?.asOfMs ?? null, ...cellsOf(registry, found?.features ?? {}), ...passed];
    } else {
      const features = lookup.features(userId, line.asOfMs);
      if (features === undefined) context.countUnknown();
      yield [userId, line.asOfMs, ...cellsOf(registry, features ?? empty), ...passed];
    }
  }
}

function cellsOf(registry: Registry, features: FeatureValues): Cell[] {
  return registry.names.map((name) => features[name] ?? null);
}
