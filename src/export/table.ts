/** The exports as columns and rows: all profiles as of one time or of many, those of a spine, or those that were served. */
import type { PartitionerName } from '../log/partitioner.js';
import type { Registry } from '../projections/registry.js';
import { checkExact } from '../store/as-of-pruned.js';
import type { StateSource } from '../store/directory/state-files.js';
import type { RowsOfSpine } from '../store/join/rows-of-spine.js';
import { SpineRows } from '../store/join/spine-rows.js';
import type { Positions } from '../store/positions.js';
import { checkAsOf, exactFromMsOf, missingPartitions, positionsOf, withReaders } from '../store/queries/profiles.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import { ServedProfiles } from '../store/queries/served-profiles.js';
import type { Cell } from './cell.js';
import { featureColumn, type Column } from './columns.js';
import { join } from './joined.js';
import { readSpine, type SpineColumns, type SpineShape } from './spine/read-spine.js';
import type { SpineSource } from './spine/source.js';
import { openStateView, UserLookup, type StateView } from './state-view.js';
import { allServedRows, gridRows, inPieces, joinedRows, servedRows, type RowsContext } from './table-rows.js';

export interface WantedSpine {
  readonly source: SpineSource;
  readonly columns: SpineColumns;
  /**
   * Where each row has positions of its own: answers the rows of users who are known then, by what the log held below those, and how many
   * are not. The state is not read.
   */
  readonly joinKnown?: ((rows: RowsOfSpine, unit: SpineSource['unit']) => Promise<number>) | undefined;
}

export interface TableExportOptions {
  readonly state: StateSource;
  readonly partitioner: PartitionerName;
  /** The profiles stored with decisions, instead of computed ones. */
  readonly asServed: boolean;
  /** State to read instead of the live one; closed with the table. */
  readonly view?: StateView | undefined;
  /** Of all profiles that are computed, without a spine: one or more, ascending. */
  readonly timesMs: readonly number[];
  /** The rows wanted; undefined for all. */
  readonly spine: WantedSpine | undefined;
  /** A folder for the spine's rows; the caller's to remove. */
  readonly scratch: () => string;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

export interface ExportTable {
  readonly columns: readonly Column[];
  /** How many rows there will be, where that is known before. */
  readonly lines: number | undefined;
  /** What the profiles hold for. */
  readonly positions: Positions;
  readonly missingPartitions: readonly number[];
  /** In pieces of some hundred. */
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>;
  /** Rows of the spine, so far, of users or decisions that are not known. */
  unknown(): number;
  close(): void;
}

/**
 * Throws what readSpine, openStateView and join throw, and as_of_pruned. The rows come from one snapshot of each file, taken here. Of a
 * spine of times all is computed when this resolves.
 */
export async function openTable(request: TableExportOptions, registry: Registry): Promise<ExportTable> {
  const { state, nowMs, signal, onProgress } = request;
  const own: Column[] = [
    { name: 'user_id', type: 'text' },
    ...(request.asServed ? [{ name: 'decision_id', type: 'text' } as const] : []),
    { name: 'as_of_ms', type: 'int64' },
    ...registry.features.map(featureColumn),
  ];
  const closing: { close(): void }[] = [];
  const close = (): void => {
    for (const resource of closing.splice(0).reverse()) resource.close();
  };
  if (request.view !== undefined) closing.push(request.view);
  try {
    const spine = request.spine === undefined ? undefined : await spineOf(request.spine, request, own, closing);
    if (spine !== undefined && request.spine?.joinKnown !== undefined) {
      const unknown = await request.spine.joinKnown(spine.rows, spine.unit);
      return {
        columns: [...own, ...spine.shape.others],
        lines: spine.shape.rows,
        positions: {},
        missingPartitions: [],
        rows: inPieces(joinedRows({ registry, countUnknown: () => undefined }, spine), signal),
        unknown: () => unknown,
        close,
      };
    }
    const checkTimes = (readers: ReadonlyMap<number, PartitionReader>): void => {
      if (request.asServed) return;
      if (spine === undefined) checkAsOf(readers.values(), request.timesMs[0]!);
      else checkSpine(spine, readers, request);
    };
    // Twice: before the state is copied for minutes, and of the copy itself, which may have been pruned meanwhile.
    if (request.view === undefined) await withReaders(state, registry, checkTimes);
    const view =
      request.view ??
      (await openStateView(state, registry, spine?.shape.rows, nowMs, {
        signal,
        onProgress: (copied, total) => onProgress(`copying the state: ${Math.floor((100 * copied) / Math.max(1, total))} %`),
      }));
    if (request.view === undefined) closing.push(view);
    checkTimes(view.readers);
    const lookup = new UserLookup(view, request.partitioner);
    const served = new Map<number, ServedProfiles>();
    if (request.asServed) {
      for (const [partition, path] of view.files) {
        const file = new ServedProfiles(path);
        closing.push(file);
        served.set(partition, file);
      }
    }
    let unknown = 0;
    if (spine !== undefined && !request.asServed) {
      unknown = await join(spine.rows, {
        registry,
        lookup,
        signal,
        onProgress: (rows) => onProgress(`joining: ${Math.floor((100 * rows) / spine.shape.rows)} % of ${spine.shape.rows} rows`),
      });
    }
    const context: RowsContext = { registry, countUnknown: () => unknown++ };
    const positions = positionsOf(new Map([...view.readers].map(([partition, reader]) => [partition, reader.positions()])));
    const rows = (): ReturnType<typeof joinedRows> => {
      const files = [...served.values()];
      if (spine === undefined) return request.asServed ? allServedRows(context, files) : gridRows(context, view.readers, request.timesMs);
      return request.asServed ? servedRows(context, spine, lookup, served) : joinedRows(context, spine);
    };
    return {
      columns: [...own, ...(spine?.shape.others ?? [])],
      lines: spine?.shape.rows,
      positions,
      missingPartitions: missingPartitions(view.readers),
      rows: inPieces(rows(), signal),
      unknown: () => unknown,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

export interface KeptSpine {
  readonly rows: SpineRows;
  readonly shape: SpineShape;
  readonly unit: SpineSource['unit'];
}

async function spineOf(
  { source, columns }: WantedSpine,
  { asServed, scratch, signal, onProgress }: TableExportOptions,
  own: readonly Column[],
  closing: { close(): void }[],
): Promise<KeptSpine> {
  closing.push(source);
  onProgress('reading the spine');
  const rows = new SpineRows(scratch);
  closing.push(rows);
  const shape = await readSpine(
    source,
    {
      key: asServed ? 'decision_id' : 'as_of_ms',
      columns,
      taken: own.map(({ name }) => name),
      signal,
      onProgress: (count) => onProgress(`reading the spine: ${count} rows`),
    },
    (row) => rows.add(row),
  );
  return { rows, shape, unit: source.unit };
}

/**
 * Before anything is computed: throws as_of_pruned naming the first row that asks for a time from which its user's partition has pruned.
 */
function checkSpine(
  { rows, shape, unit }: KeptSpine,
  readers: ReadonlyMap<number, PartitionReader>,
  { partitioner, signal }: TableExportOptions,
): void {
  const latestMs = exactFromMsOf(readers.values());
  if (latestMs === null || shape.earliestMs >= latestMs) return;
  const lookup = new UserLookup({ readers }, partitioner);
  for (const { line, userId, asOfMs } of rows.before(latestMs)) {
    signal.throwIfAborted();
    const fromMs = exactFromMsOf(lookup.partitionsOf(userId).map((partition) => readers.get(partition)!));
    checkExact(asOfMs, fromMs, `${unit} ${line} of the spine: `);
  }
}
