/** What there is of a user: in the log, in the state and in the files beside it. Looking changes nothing. */
import type { Log } from '../log/port.js';
import { whom } from './about.js';
import { deadLetterFilesOf } from './files.js';
import type { FoundOfUser } from './job.js';
import { counted, recordsOf, type Searched } from './records.js';
import { otherGenerationsWith } from './state-files.js';

export interface LookOptions {
  readonly log: Pick<Log, 'describeTopics' | 'offsets' | 'read'>;
  readonly topicPrefix: string;
  readonly dataDirectory: string;
  readonly userId: string;
  /** Whether the live state has the user. */
  readonly inState: () => boolean | Promise<boolean>;
  readonly signal: AbortSignal;
  /** Offsets of the log: passed, of how many. */
  readonly onProgress: (done: number, total: number | null) => void;
}

export interface Looked {
  readonly result: FoundOfUser;
  readonly searched: Searched;
}

/** Throws what reading throws, and the signal's reason. */
export async function lookFor({ log, topicPrefix, dataDirectory, userId, inState, signal, onProgress }: LookOptions): Promise<Looked> {
  const who = whom(userId);
  let done = 0;
  const progress = (passed: number, total: number) => onProgress((done += passed), total);
  const searched = await recordsOf({ log, topicPrefix, whom: who, signal, onProgress: progress });
  const files = deadLetterFilesOf(dataDirectory, who, searched.found);
  const others = otherGenerationsWith(dataDirectory, userId);
  const isInState = await inState();
  // A tombstone says that there is nothing.
  const inLog = searched.found.some((found) => !(found.endsWithTombstone && found.offsets.length === 1));
  const result = {
    found: inLog || isInState || files.length > 0 || others.length > 0,
    user_digest: who.digest,
    in_state: isInState,
    records: counted(searched.found),
    dead_letter_files: files.length,
    other_generations: others,
  };
  return { result, searched };
}
