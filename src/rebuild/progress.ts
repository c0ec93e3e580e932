/** How far a rebuild of this data directory is, for whoever looks on: any process, also while it runs. */
import type { OffsetRange } from '../log/port.js';
import { currentGeneration, generationPath, partitionsIn, rebuildNote, unfinishedGenerations } from '../store/directory/layout.js';
import { shareDone, type RebuildNote } from './generation.js';

/**
 * The share of the log that the newest unfinished generation has folded, 0 to 1, up to where the log ended when the rebuild began; what
 * it compares then is not counted. undefined: none is unfinished. One whose run has ended stays until another run goes on with it or
 * removes it.
 *
 * @param ranges topic -> partition -> what the log holds; undefined while nobody knows: then from offset 0 on
 */
export function rebuildProgress(
  dataDirectory: string,
  ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>> | undefined,
): number | undefined {
  const name = unfinishedGenerations(dataDirectory).at(-1);
  if (name === undefined) return undefined;
  const { ends } = (rebuildNote(dataDirectory, name) ?? {}) as Partial<RebuildNote>;
  if (ends === undefined) return undefined;
  const here = partitionsHere(dataDirectory);
  const to = new Map<number, Map<string, number>>();
  const lows = new Map<number, Map<string, number>>();
  for (const [topic, partitions] of Object.entries(ends)) {
    for (const [text, end] of Object.entries(partitions)) {
      const partition = Number(text);
      if (here !== undefined && !here.has(partition)) continue;
      entryOf(to, partition).set(topic, end);
      entryOf(lows, partition).set(topic, ranges?.get(topic)?.get(partition)?.low ?? 0);
    }
  }
  return shareDone(generationPath(dataDirectory, name), to, lows);
}

/** On Kafka other members may have partitions that have no files here, and those are not rebuilt here. undefined: all are. */
function partitionsHere(dataDirectory: string): ReadonlySet<number> | undefined {
  const live = currentGeneration(dataDirectory);
  const here = live === undefined ? [] : partitionsIn(generationPath(dataDirectory, live));
  return here.length === 0 ? undefined : new Set(here);
}

function entryOf(map: Map<number, Map<string, number>>, partition: number): Map<string, number> {
  let entry = map.get(partition);
  if (entry === undefined) map.set(partition, (entry = new Map()));
  return entry;
}
