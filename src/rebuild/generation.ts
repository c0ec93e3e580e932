/** Which generation a rebuild works on: one that an earlier run left, when it is of the same log and definitions, else a new one. */
import {
  currentGeneration,
  forgetRebuild,
  generationPath,
  makeGeneration,
  nextGeneration,
  partitionFile,
  partitionsIn,
  rebuildNote,
  removeGeneration,
  unfinishedGenerations,
} from '../store/directory/layout.js';
import { openStateForReading } from '../store/state-file.js';
import { PositionTable } from '../store/tables/positions.js';

/** What a generation is made of and with: another run goes on with it when all of this is the same. */
export interface MadeWith {
  readonly feature_set: string;
  readonly log: 'sqlite' | 'kafka';
  readonly topic_prefix: string;
  readonly partitions: number;
  readonly partitioner: string;
  readonly max_value_bytes: number;
}

export interface RebuildNote extends MadeWith {
  readonly started_at_ms: number;
  /** topic -> partition -> the log's end when it began */
  readonly ends: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface ChosenGeneration {
  readonly name: string;
  readonly path: string;
  readonly resumed: boolean;
}

const WHAT_DIFFERS: Readonly<Record<keyof MadeWith, string>> = {
  feature_set: 'other feature definitions',
  log: 'another log',
  topic_prefix: 'other topics',
  partitions: 'another number of partitions',
  partitioner: 'another partitioner',
  max_value_bytes: 'another --max-value-bytes',
};

/** With the rebuild's lock. What cannot be gone on with is removed, and `onNote` is told. */
export function chooseGeneration(dataDirectory: string, note: RebuildNote, onNote: (text: string) => void): ChosenGeneration {
  const live = currentGeneration(dataDirectory);
  if (live !== undefined) forgetRebuild(dataDirectory, live); // swapped, and ended right after
  let chosen: string | undefined;
  for (const name of unfinishedGenerations(dataDirectory).reverse()) {
    const why = chosen === undefined ? difference(rebuildNote(dataDirectory, name), note) : 'a later one is there';
    if (why === undefined) {
      chosen = name;
      continue;
    }
    removeGeneration(dataDirectory, name);
    onNote(`${name}, which an earlier run began, is removed: ${why}`);
  }
  if (chosen !== undefined) return { name: chosen, path: generationPath(dataDirectory, chosen), resumed: true };
  const name = nextGeneration(dataDirectory);
  return { name, path: makeGeneration(dataDirectory, name, note), resumed: false };
}

function difference(found: unknown, note: RebuildNote): string | undefined {
  if (typeof found !== 'object' || found === null) return 'its rebuild.json cannot be read';
  for (const [name, what] of Object.entries(WHAT_DIFFERS)) {
    if ((found as Record<string, unknown>)[name] !== note[name as keyof MadeWith]) return `it is of ${what}`;
  }
  return undefined;
}

/** Of the offsets from `lows` to `to`, the share that the files of a generation have behind them, 0 to 1. */
export function shareDone(
  generation: string,
  to: ReadonlyMap<number, ReadonlyMap<string, number>>,
  lows: ReadonlyMap<number, ReadonlyMap<string, number>>,
): number {
  let [done, total] = [0, 0];
  const present = new Set(partitionsIn(generation));
  for (const [partition, ends] of to) {
    const positions = present.has(partition) ? positionsIn(partitionFile(generation, partition)) : new Map<string, number>();
    for (const [topic, end] of ends) {
      const low = Math.min(end, lows.get(partition)?.get(topic) ?? 0);
      total += end - low;
      done += Math.min(end, Math.max(low, positions.get(topic) ?? low)) - low;
    }
  }
  return total === 0 ? 1 : done / total;
}

/** None of a file that cannot be read: it will be made anew. */
function positionsIn(path: string): ReadonlyMap<string, number> {
  try {
    const db = openStateForReading(path);
    try {
      return new PositionTable(db).all();
    } finally {
      db.close();
    }
  } catch {
    return new Map<string, number>();
  }
}
