/** Files that the user named on the command line, read whole; what is wrong with one is said with its name. */
import { readFileSync } from 'node:fs';
import { jsonProblem } from '../events/json-problem.js';
import { TipstreamError } from '../errors.js';

/** Throws invalid_argument when `path` cannot be read. */
export function readText(path: string): string {
  return read(path, (why, cause) => new TipstreamError('invalid_argument', `cannot read ${path}: ${why}`, { cause }));
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

/** `path` 0 is stdin. Throws invalid_argument when it cannot be read or is not JSON. */
export function readJson(path: string | 0, { name = String(path), hint }: JsonFileNaming): JsonFile {
  const wrong = (what: string, cause?: unknown): TipstreamError =>
    new TipstreamError('invalid_argument', `${name}: ${what}`, { hint, cause });
  const text = read(path, (why, cause) => wrong(`cannot be read: ${why}`, cause));
  try {
    return { json: JSON.parse(text), wrong };
  } catch (error) {
    throw wrong(`is not JSON: ${jsonProblem(error)}`, error);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function read(path: string | 0, failure: (why: string, cause: unknown) => TipstreamError): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw failure((error as Error).message, error);
  }
}
