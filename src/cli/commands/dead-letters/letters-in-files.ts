/** Dead letters that lie whole in files of this data directory, as the service writes them: lines for `produce --raw`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDeadLetterReason, type KeptPayload } from '../../../events/dead-letter.js';
import type { DeadLetter } from '../../../log/dead-letters.js';
import { bytesFromJson, rawHeadersFromJson } from '../../../producer/json-form.js';

const SUFFIX = '.record.ndjson';

export interface LetterInFile extends DeadLetter {
  readonly kept: Omit<KeptPayload, 'file' | 'record'> & { readonly record: string };
}

/** A file that is no such line is passed over: the folder is anybody's. The letters have offset -1, and their values are left there. */
export function* lettersInFiles(directory: string): Generator<LetterInFile> {
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith(SUFFIX)) continue;
    const letter = readLetter(directory, file);
    if (letter !== undefined) yield letter;
  }
}

function readLetter(directory: string, file: string): LetterInFile | undefined {
  try {
    const line = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Line;
    const { topic, partition, timestamp_ms: timestampMs, key, headers: pairs } = line;
    const headers = rawHeadersFromJson(pairs);
    if (typeof topic !== 'string' || typeof partition !== 'number' || typeof timestampMs !== 'number' || headers === undefined) return;
    const record = { topic, partition, offset: -1, timestampMs, key: bytesFromJson(key) ?? null, value: null, headers };
    const value = bytesFromJson(line.value) ?? Buffer.alloc(0);
    const kept = { bytes: value.length, sha256: createHash('sha256').update(value).digest('hex'), record: file };
    return { record, reason: readDeadLetterReason(headers), kept };
  } catch {
    return undefined;
  }
}

type Line = Readonly<Record<'topic' | 'partition' | 'timestamp_ms' | 'key' | 'value' | 'headers', unknown>>;
