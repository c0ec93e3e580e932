/** Files that the user named on the command line, read whole; what is wrong with one is said with its name. */
import { readFileSync } from 'node:fs';
import { jsonProblem } from '../events/json-problem.js';
import { cannotRead, TipstreamError } from '../errors.js';

/** Without a byte order mark. Throws not_found when `path` (0: stdin) cannot be read. */
export function readText(path: string | 0, hint?: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw cannotRead(path === 0 ? 'stdin' : path, error, hint);
  }
}

export interface JsonFile {
  readonly json: unknown;
  /** An invalid_argument that names the file and says `what` is wrong in it. */
  wrong(what: string): TipstreamError;
}

export interface JsonFileNaming {
  /** What messages call the file; `path` unless given. */
  readonly name?: string;
  /** What the file should be, or how it is made. */
  readonly hint: string;
}

/** `path` 0 is stdin. Throws not_found when it cannot be read, and invalid_argument when it is not JSON. */
export function readJson(path: string | 0, { name = String(path), hint }: JsonFileNaming): JsonFile {
  const wrong = (what: string, cause?: unknown): TipstreamError =>
    new TipstreamError('invalid_argument', `${name}: ${what}`, { hint, cause });
  const text = readText(path, hint);
  try {
    return { json: JSON.parse(text), wrong };
  } catch (error) {
    throw wrong(`is not JSON: ${jsonProblem(error)}`, error);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
