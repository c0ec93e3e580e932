/** `--known-at FILE`: the past as it was known then, for the commands that read profiles. */
import { stateKnownAt, type KnownState } from '../../analysts/known-at.js';
import type { Config } from '../../config.js';
import { openLog } from '../../log/open.js';
import { partitionFor } from '../../log/partitioner.js';
import { fullTopicName } from '../../topics.js';
import { refuseOtherLog } from '../../store/directory/refuse-other-log.js';
import { joinKnownAt } from '../../analysts/known-at-rows.js';
import type { RowsOfSpine } from '../../store/join/rows-of-spine.js';
import { KNOWN_AT_FLAG } from './option.js';
import type { Output } from '../output/output.js';
import { readPositions } from '../positions-file.js';
import { acceptanceOf, registryFor } from '../state-source.js';

/**
 * Of `userId` alone unless it is undefined. Throws state_mismatch where there is a state here of another log or topics, or with other
 * options by which records are accepted.
 */
export async function openKnownAt(config: Config, path: string, output: Output, signal: AbortSignal, userId?: string): Promise<KnownState> {
  const positions = await readPositions(path, KNOWN_AT_FLAG, signal);
  refuseOtherLog(config.data, { log: config.log, topicPrefix: config.topicPrefix, accepts: acceptanceOf(config) });
  const log = await openLog(config, { readOnly: true });
  try {
    const { topicPrefix, partitioner, maxValueBytes } = config;
    const partitions =
      userId === undefined || partitioner === 'any'
        ? undefined
        : [partitionFor(partitioner, Buffer.from(userId), (await log.offsets(fullTopicName(topicPrefix, 'tip.served'))).size)];
    const known = await stateKnownAt(log, registryFor(config), {
      dataDirectory: config.data,
      topicPrefix,
      partitioner,
      maxValueBytes,
      positions,
      nowMs: Date.now(),
      signal,
      ...(partitions === undefined ? {} : { partitions }),
      onProgress: (done, total) => output.progress(`folding what was known then: ${Math.floor((100 * done) / Math.max(1, total))} %`),
    });
    for (const note of known.notes) output.note(note);
    return known;
  } finally {
    output.progress('');
    await log.close();
  }
}

/** As openKnownAt, for the rows of a spine that have positions of their own in a column. Throws what joinKnownAt throws. */
export async function joinRowsKnownAt(
  config: Config,
  column: string,
  { rows, unit }: { readonly rows: RowsOfSpine; readonly unit: string },
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  refuseOtherLog(config.data, { log: config.log, topicPrefix: config.topicPrefix, accepts: acceptanceOf(config) });
  const log = await openLog(config, { readOnly: true });
  try {
    const { data: dataDirectory, topicPrefix, partitioner, maxValueBytes } = config;
    return await joinKnownAt(log, registryFor(config), rows, {
      dataDirectory,
      topicPrefix,
      partitioner,
      maxValueBytes,
      nowMs: Date.now(),
      signal,
      unit,
      column,
      onProgress: (done, count) => output.progress(`folding what was known: ${Math.floor((100 * done) / count)} % of ${count} rows`),
      onNote: (text) => output.note(text),
    });
  } finally {
    output.progress('');
    await log.close();
  }
}
