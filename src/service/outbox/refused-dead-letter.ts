/**
 * What becomes of a dead letter that the log refuses: its bytes go to files, and the log gets what it takes of the rest. First the value
 * alone leaves the message; then key and headers too, which leaves a stub; a topic that takes no stub either, as one that was deleted,
 * gets nothing, and the files are all there is.
 */
import { TipstreamError } from '../../errors.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import { DEAD_LETTER_SUFFIX } from '../../topics.js';
import { keepRecord, keepValue, stubOf, type Kept } from './dead-letter-files.js';

export interface DeliveryDeps {
  /** Where the files are. */
  readonly directory: string;
  readonly partition: number;
  readonly clock: () => number;
  /** Throws a refusal (see isRefusal) for what the log will never take, and everything else that has to stop sending. */
  readonly append: (message: StoredMessage) => Promise<void>;
  readonly onKept: (path: string, bytes: number) => void;
  /** Not in the log; `path` names the file that holds it whole. Without one it could not be written, and the record lies at its source. */
  readonly onUndelivered: (why: unknown, path: string | undefined) => void;
}

export const isDeadLetter = ({ topic }: StoredMessage): boolean => topic.endsWith(DEAD_LETTER_SUFFIX);

const REFUSALS = new Set(['record_too_large', 'topic_not_found', 'invalid_argument']);

/** The log answered, and will say the same the next time. A log that is closed or does not answer refuses nothing. */
export function isRefusal(error: unknown): error is TipstreamError {
  if (!(error instanceof TipstreamError)) return false;
  return REFUSALS.has(error.code) || (error.code === 'log_failed' && error.details?.reason !== undefined);
}

/** Throws disk_full, and what `append` throws besides refusals. */
export async function deliverOtherwise(message: StoredMessage, refusal: TipstreamError, deps: DeliveryDeps): Promise<void> {
  const { directory, partition, clock, onKept, onUndelivered } = deps;
  let why: unknown = refusal;
  let path: string | undefined;
  for (const keep of [
    ...(isMostlyValue(message) && refusal.code === 'record_too_large' ? [() => keepValue(directory, message)] : []),
    () => keepRecord(directory, message, partition, clock()),
  ]) {
    let kept: Kept | undefined;
    try {
      kept = keep();
    } catch (error) {
      if (error instanceof TipstreamError && error.code === 'disk_full') throw error;
      why = error;
    }
    path = kept?.path;
    try {
      await deps.append(kept?.message ?? stubOf(message));
      if (kept === undefined) onUndelivered(why, undefined);
      else onKept(kept.path, bytesOf(message));
      return;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      why = error;
    }
  }
  onUndelivered(why, path);
}

const bytesOf = ({ key, value }: StoredMessage): number => (key?.length ?? 0) + (value?.length ?? 0);

/** Then the log may take the rest, and the letter keeps its key and headers. */
function isMostlyValue({ key, value, headers }: StoredMessage): boolean {
  const rest = headers.reduce((sum, [name, bytes]) => sum + Buffer.byteLength(name) + (bytes?.length ?? 0), key?.length ?? 0);
  return value !== null && value.length > rest;
}
