/** Dead letters that lie whole in files of this data directory, as the service writes them: lines for `produce --raw`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDeadLetterReason, type KeptPayload } from '../events/dead-letter.js';
import { failedAtMs, type DeadLetter } from '../log/dead-letters.js';
import { bytesFromJson, rawHeadersFromJson } from '../producer/json-form.js';
import { inputOfDeadLetterTopic } from '../topics.js';
import type { KeptLetter } from './newest-letters.js';
import { bounded, summaryOf, type DeadLetterSummary } from './summary.js';

const SUFFIX = '.record.ndjson';
const MOST_FILES = 1_000;

export interface LetterInFile extends DeadLetter {
  readonly kept: Omit<KeptPayload, 'file' | 'record'> & { readonly record: string };
}

/** Its fields cut as those of other letters; it has no offset. */
export function summaryInFile({ record, reason, kept }: LetterInFile): DeadLetterSummary {
  return bounded({ ...summaryOf({ record, reason }), offset: null, kept });
}

/** To be listed with those of the log; undefined: its topic is no dead-letter topic of this prefix. */
export function keptInFile(prefix: string, letter: LetterInFile): KeptLetter | undefined {
  const input = inputOfDeadLetterTopic(prefix, letter.record.topic);
  return input && { input, summary: summaryInFile(letter), failedAtMs: failedAtMs(letter) };
}

/** A file that is no such line is passed over: the folder is anybody's. The letters have offset -1, and their values are left there. */
export function* lettersInFiles(directory: string): Generator<LetterInFile> {
  for (const file of existsSync(directory) ? letterFiles(readdirSync(directory)) : []) {
    const letter = letterIn(file, () => readFileSync(join(directory, file), 'utf8'));
    if (letter !== undefined) yield letter;
  }
}

/** The same for who looks again and again, and must not keep others waiting: a file is read once, and the first MOST_FILES alone are. */
export class LetterFiles {
  readonly #directory: string;
  #known = new Map<string, LetterInFile | undefined>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** `omitted`: how many more files there are. */
  async look(): Promise<{ readonly letters: readonly LetterInFile[]; readonly omitted: number }> {
    const files = letterFiles(await readdir(this.#directory).catch(() => []));
    const known = new Map<string, LetterInFile | undefined>();
    for (const file of files.slice(0, MOST_FILES)) known.set(file, this.#known.has(file) ? this.#known.get(file) : await this.#read(file));
    this.#known = known;
    return { letters: [...known.values()].filter((letter) => letter !== undefined), omitted: Math.max(0, files.length - MOST_FILES) };
  }

  async #read(file: string): Promise<LetterInFile | undefined> {
    const text = await readFile(join(this.#directory, file), 'utf8').catch(() => '');
    return letterIn(file, () => text);
  }
}

const letterFiles = (names: readonly string[]): string[] => names.filter((name) => name.endsWith(SUFFIX)).sort();

function letterIn(file: string, text: () => string): LetterInFile | undefined {
  try {
    const line = JSON.parse(text()) as Line;
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
