/** Looks again for a user whom a receipt says was forgotten: in the log below the positions, in state files, and in all other files. */
import { TipstreamError } from '../errors.js';
import type { Log } from '../log/port.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';
import { whom } from './about.js';
import { deadLetterFilesOf, filesWithBytes } from './files.js';
import { readForgotten } from '../log/forgotten.js';
import { isIntact, type Receipt } from './receipt.js';
import { recordsOf } from './records.js';
import { remainingRecords } from './remaining.js';
import { hasUser, stateFilesOf } from './state-files.js';

export interface ReceiptCheck {
  readonly forget_id: string;
  /** The hash over the receipt is right. */
  readonly intact: boolean;
  /** The event that the receipt names is in the log, and says the same. */
  readonly event_in_log: boolean;
  readonly found: {
    readonly records: Receipt['remains']['records'];
    /** State files that have the user, with events that came before the forgetting or after. */
    readonly state_files: readonly string[];
    readonly dead_letter_files: readonly string[];
    readonly files: readonly string[];
  };
  /** No finding: files in which the bytes of the id are a part of longer words alone, such as the id of somebody else. */
  readonly in_longer_words: readonly string[];
  /** Events of the user that came later are no finding. */
  readonly later_records: number;
  readonly files_searched: number;
  readonly could_not_tell: readonly string[];
}

export interface CheckOptions {
  readonly log: Log;
  readonly dataDirectory: string;
  readonly receipt: Receipt;
  readonly userId: string;
  readonly signal: AbortSignal;
}

/** Throws invalid_argument for a receipt of somebody else, and what reading throws. */
export async function checkReceipt({ log, dataDirectory, receipt, userId, signal }: CheckOptions): Promise<ReceiptCheck> {
  const who = whom(userId);
  if (who.digest !== receipt.user_digest)
    throw new TipstreamError('invalid_argument', 'the receipt is not about this user: its digest is that of another id', {
      hint: 'The digest is the SHA-256 of the user_id in UTF-8.',
      details: { user_digest: receipt.user_digest, given: who.digest },
    });
  const { positions, event, topic_prefix: topicPrefix } = receipt;
  const search = { log, topicPrefix, whom: who, signal };
  const all = await recordsOf(search);
  const old = all.found
    .map((found) => ({
      ...found,
      offsets: found.offsets.filter((offset) => found.partition !== event.partition || offset < (positions[found.topic] ?? 0)),
    }))
    .filter(({ offsets }) => offsets.length > 0);
  const total = all.found.reduce((sum, { offsets }) => sum + offsets.length, 0);
  const later = total - old.reduce((sum, { offsets }) => sum + offsets.length, 0);
  const couldNotTell: string[] = [];
  const holding = later === 0 ? stateFilesWith(dataDirectory, userId, couldNotTell) : [];
  if (later > 0) couldNotTell.push(`the user came back: ${later} records came later, so state and files may name the user rightly`);
  const bytes = later === 0 ? await filesWithBytes(dataDirectory, userId) : { searched: 0, found: [], inLongerWords: [], why: null };
  if (bytes.why !== null) couldNotTell.push(`whether files hold the id: ${bytes.why}`);
  const forgotten = await readForgotten(log, { topicPrefix, partition: event.partition, signal });
  return {
    forget_id: receipt.forget_id,
    intact: isIntact(receipt),
    event_in_log:
      event.topic === fullTopicName(topicPrefix, FORGOTTEN_TOPIC) &&
      Object.entries(positions).every(([topic, below]) => below === 0 || forgotten.hides(topic, Buffer.from(userId), below - 1)),
    found: {
      records: remainingRecords(old, all.topics),
      state_files: holding,
      dead_letter_files: deadLetterFilesOf(dataDirectory, who, old),
      files: bytes.found,
    },
    in_longer_words: bytes.inLongerWords,
    later_records: later,
    files_searched: bytes.searched,
    could_not_tell: couldNotTell,
  };
}

/** In all generations. */
function stateFilesWith(dataDirectory: string, userId: string, couldNotTell: string[]): string[] {
  const files = stateFilesOf(dataDirectory).filter(({ path }) => {
    try {
      return hasUser(path, userId);
    } catch (error) {
      couldNotTell.push(`${path} could not be read: ${(error as Error).message}`);
      return false;
    }
  });
  return files.map(({ path }) => path);
}
