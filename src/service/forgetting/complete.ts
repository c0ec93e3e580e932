/**
 * What is left to do when the state is without the user: on the embedded log the records are deleted and its file is written anew; files
 * go; and a receipt says what was done and what remains. It can be done again, by whoever finds an event without a receipt.
 */
import { TipstreamError } from '../../errors.js';
import type { Whom } from '../../forgetting/about.js';
import { deadLetterFilesOf, filesWithBytes, removeDeadLetterFiles, removeOtherGenerations } from '../../forgetting/files.js';
import { keepReceipt, sealed, type Receipt } from '../../forgetting/receipt.js';
import { counted, recordsOf, type FoundRecords, type Searched } from '../../forgetting/records.js';
import { remainingRecords } from '../../forgetting/remaining.js';
import type { Log, RecordAddress } from '../../log/port.js';
import { pause } from '../../back-off.js';
import type { Registry } from '../../projections/registry.js';
import { sweepScratch } from '../../store/directory/scratch.js';
import { lockRebuild } from '../../store/directory/rebuild-lock.js';
import { lockRedrive } from '../../store/directory/redrive-lock.js';
import { fullTopicName, type ForgottenEvent } from '../../topics.js';
import type { ServiceOptions } from '../options.js';

export interface Erasure {
  readonly event: ForgottenEvent;
  /** Where the event lies. */
  readonly address: RecordAddress;
  readonly whom: Whom;
  /** Whose bytes are looked for in files; undefined: only the digest is known. */
  readonly files: string | undefined;
  readonly inState: boolean;
  readonly rewritten: readonly string[];
  readonly others: Receipt['others'];
}

interface CompleteDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Ends what takes long; what is left is done at the next start. */
  readonly signal: AbortSignal;
}

const SCRUB_TRIES_FOR_MS = 30_000;
const SCRUB_AGAIN_MS = 50;
const OF_OTHER_MEMBERS =
  'Data directories of other members of the group: one that held the partition before has the user in its state file until it holds the ' +
  'partition again, and the bytes until that file is removed. `tipstream forget USER --check RECEIPT --data DIR` says so.';
const NOT_KNOWN = [
  'Files that tipstream was told to write elsewhere: snapshots, exports, training data, reports, and copies of the data directory.',
  'What other readers of the topics have kept, and the logs of the service and of proxies.',
];

/** While `aloneWith` holds. `before`: a search that was done already; what lies beyond it is searched for now. */
export async function completed({ log, registry, options, signal }: CompleteDeps, erasure: Erasure, before?: Searched): Promise<Receipt> {
  const { event, address, whom, inState, others } = erasure;
  const { dataDirectory, topicPrefix, clock, at } = options;
  const tombstones = fullTopicName(topicPrefix, 'profile.features');
  // What was written behind the profiles says whether compaction will take them.
  const isCut = (topic: string, partition: number) =>
    partition === address.partition && (log.erasing !== undefined || topic !== tombstones);
  const to = (topic: string, partition: number) => (isCut(topic, partition) ? event.positions[topic] : undefined);
  const from = (topic: string, partition: number) => before?.ends.get(topic)?.get(partition);
  const late = await recordsOf({ log, topicPrefix, whom, to, from });
  const found = merged(before?.found ?? [], late.found);
  const letters = deadLetterFilesOf(dataDirectory, whom, found);
  const generations = removeOtherGenerations(dataDirectory);
  const rewritten = [...erasure.rewritten];
  if (log.erasing !== undefined) {
    for (const { topic, partition, offsets } of found) await log.erasing.erase(topic, partition, offsets);
    at?.('forget: records deleted');
    rewritten.push(await scrubbed(() => log.erasing!.scrub(signal), 'log.db'));
    at?.('forget: log rewritten');
  }
  removeDeadLetterFiles(dataDirectory, letters);
  sweepScratch(dataDirectory);
  const bytes = await filesWithBytes(dataDirectory, erasure.files, options.searchFiles);
  const receipt = sealed({
    receipt: 'tipstream forget 1',
    forget_id: event.forget_id,
    user_digest: event.user_digest,
    forgotten_at_ms: event.forgotten_at_ms,
    completed_at_ms: clock(),
    by: event.by ?? null,
    reason: event.reason ?? null,
    log: log.kind,
    topic_prefix: topicPrefix,
    event: { topic: address.topic, partition: address.partition, offset: address.offset },
    positions: event.positions,
    feature_set: registry.featureSet,
    removed: {
      records: log.erasing === undefined ? [] : counted(found),
      user_in_state: inState,
      dead_letter_files: letters.length,
      generations,
    },
    rewritten: rewritten.map((path) => path.replace(`${dataDirectory}/`, '')),
    remains: {
      records: log.erasing === undefined ? remainingRecords(found, late.topics) : [],
      files: [...bytes.found],
      files_in_longer_words: [...bytes.inLongerWords],
      files_searched: bytes.searched,
      files_not_searched: bytes.why,
      not_known: log.kind === 'kafka' ? [...NOT_KNOWN, OF_OTHER_MEMBERS] : NOT_KNOWN,
    },
    others,
  });
  at?.('forget: before receipt');
  keepReceipt(dataDirectory, receipt);
  return receipt;
}

/** Readers come and go: tries again until none is in the way. Answers what was written anew. Throws timeout. */
export async function scrubbed(scrub: () => Promise<boolean>, path: string): Promise<string> {
  for (const until = performance.now() + SCRUB_TRIES_FOR_MS; ; await pause(SCRUB_AGAIN_MS)) {
    if (await scrub()) return path;
    if (performance.now() < until) continue;
    throw new TipstreamError(
      'timeout',
      `a reader kept the write-ahead log of ${path} from being emptied for ${SCRUB_TRIES_FOR_MS / 1000} s`,
      {
        hint: 'End what reads it for long (verify, export, sqlite3). The user is forgotten; start the service again to remove the bytes.',
        details: { path },
      },
    );
  }
}

function merged(before: readonly FoundRecords[], late: readonly FoundRecords[]): FoundRecords[] {
  const all = new Map<string, FoundRecords>();
  for (const found of [...before, ...late]) {
    const name = `${found.topic}/${found.partition}`;
    const known = all.get(name);
    all.set(
      name,
      known === undefined
        ? found
        : {
            ...found,
            offsets: [...known.offsets, ...found.offsets],
            oldestMs: Math.min(known.oldestMs, found.oldestMs),
            newestMs: Math.max(known.newestMs, found.newestMs),
          },
    );
  }
  return [...all.values()];
}

/**
 * Until `release`, no rebuild and no redrive begins on the directory: the files of the one would keep the user, and the other would put
 * back what it has read of them. Throws data_in_use while one runs.
 */
export function aloneWith(dataDirectory: string): { release(): void } {
  const rebuild = lockRebuild(dataDirectory);
  try {
    const redrive = lockRedrive(dataDirectory);
    return {
      release() {
        redrive?.release();
        rebuild.release();
      },
    };
  } catch (error) {
    rebuild.release();
    throw error;
  }
}
