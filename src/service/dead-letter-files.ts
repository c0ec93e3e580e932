/** Dead letters too large even for their -dlt topic: the bytes stay whole in a file, the message carries its name, size and hash. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readDeadLetterReason } from '../events/dead-letter.js';
import { makeDirectory } from '../make-directory.js';
import { writingIn } from '../store/directory/data-directory.js';
import type { StoredMessage } from '../store/tables/outbox.js';
import { PRIVATE_FILE_MODE } from '../private-file.js';

/**
 * Writes the value durably and answers the message to send in its place. Throws disk_full, and invalid_argument for a directory that
 * cannot be used.
 */
export function keepWhole(directory: string, message: StoredMessage): { readonly path: string; readonly message: StoredMessage } {
  const { topic, partition, offset } = readDeadLetterReason(message.headers);
  const value = message.value ?? Buffer.alloc(0);
  const path = join(directory, `${topic}-${partition}-${offset}.bin`);
  makeDirectory(directory);
  writingIn(directory, () => writeFileSync(path, value, { flush: true, mode: PRIVATE_FILE_MODE }));
  const facts = { bytes: String(value.length), sha256: createHash('sha256').update(value).digest('hex'), file: basename(path) };
  const headers = Object.entries(facts).map(([name, text]) => [`__dlq.payload.${name}`, Buffer.from(text)] as const);
  return { path, message: { ...message, value: null, headers: [...message.headers, ...headers] } };
}
