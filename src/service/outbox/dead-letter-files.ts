/**
 * Dead letters that their -dlt topic does not take: the bytes stay whole in files of the data directory, and the topic gets a stub with
 * their names, size and hash, or nothing at all when it takes no stub either.
 *
 *     TOPIC-PARTITION-OFFSET.bin             the value, byte for byte
 *     TOPIC-PARTITION-OFFSET.record.ndjson   the dead letter as a line for `produce --raw`: its key or headers did not fit
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { payloadHeaders, readDeadLetterReason, reasonHeaders } from '../../events/dead-letter.js';
import { makeDirectory } from '../../make-directory.js';
import { printFields, recordToRawJson } from '../../producer/json-form.js';
import { writingIn } from '../../store/directory/data-directory.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import { PRIVATE_FILE_MODE } from '../../private-file.js';

export interface Kept {
  readonly path: string;
  /** To send in its place. */
  readonly message: StoredMessage;
}

/** A key of a user is shorter by far. */
const STUB_KEY_BYTES = 4_096;

/**
 * Writes the value durably and answers the message to send in its place. Throws disk_full, and invalid_argument for a directory that
 * cannot be used.
 */
export function keepValue(directory: string, message: StoredMessage): Kept {
  const value = message.value ?? Buffer.alloc(0);
  const path = write(directory, `${nameOf(message)}.bin`, value);
  return { path, message: { ...message, value: null, headers: [...message.headers, ...facts(value, { file: basename(path) })] } };
}

/** As keepValue, with key and headers; what is left to send is the reason, and the key where it is short. */
export function keepRecord(directory: string, message: StoredMessage, partition: number, timestampMs: number): Kept {
  const { offset: _, ...line } = recordToRawJson({ ...message, partition, timestampMs, offset: 0 });
  const path = write(directory, `${nameOf(message)}.record.ndjson`, Buffer.from(`${printFields(line)}\n`));
  return { path, message: stubOf(message, { record: basename(path) }) };
}

/** What is sent when there is no place for the bytes: the record still lies where the reason says. */
export function stubOf(message: StoredMessage, place: { readonly record?: string } = {}): StoredMessage {
  const { key, value, headers } = message;
  return {
    ...message,
    key: key !== null && key.length > STUB_KEY_BYTES ? null : key,
    value: null,
    headers: [...reasonHeaders(headers), ...facts(value ?? Buffer.alloc(0), place)],
  };
}

function facts(value: Buffer, place: { readonly file?: string; readonly record?: string }): StoredMessage['headers'] {
  return payloadHeaders({ bytes: value.length, sha256: createHash('sha256').update(value).digest('hex'), ...place });
}

function nameOf({ headers }: StoredMessage): string {
  const { topic, partition, offset } = readDeadLetterReason(headers);
  return `${topic}-${partition}-${offset}`;
}

function write(directory: string, name: string, bytes: Buffer): string {
  const path = join(directory, name);
  makeDirectory(directory);
  writingIn(directory, () => writeFileSync(path, bytes, { flush: true, mode: PRIVATE_FILE_MODE }));
  return path;
}
