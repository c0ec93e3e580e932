/** Files that the user named on the command line, read whole; what is wrong with one is said with its name. */
import { jsonProblem } from '../events/json-problem.js';
import { TipstreamError } from '../errors.js';
import { readNamed } from '../named-file.js';

export interface InputFileOptions {
  /** What the file should be, or how it is made. */
  readonly hint?: string;
  /** Ends the wait for a pipe or for stdin. */
  readonly signal: AbortSignal;
}

/** Without a byte order mark; `path` - is stdin. Throws not_found when it cannot be read. */
export async function readText(path: string, options: InputFileOptions): Promise<string> {
  return (await readNamed(path, options)).toString('utf8').replace(/^\ufeff/, '');
}

export interface JsonFile {
  readonly json: unknown;
  /** An invalid_argument that names the file and says `what` is wrong in it. */
  wrong(what: string): TipstreamError;
}

export interface JsonFileOptions extends InputFileOptions {
  /** What messages call the file; `path` unless given. */
  readonly name?: string;
  readonly hint: string;
}

/** `path` - is stdin. Throws not_found when it cannot be read, and invalid_argument when it is not JSON. */
export async function readJson(path: string, { name = path, hint, signal }: JsonFileOptions): Promise<JsonFile> {
  const wrong = (what: string, cause?: unknown): TipstreamError =>
    new TipstreamError('invalid_argument', `${name}: ${what}`, { hint, cause });
  const text = await readText(path, { hint, signal });
  try {
    return { json: JSON.parse(text), wrong };
  } catch (error) {
    throw wrong(`is not JSON: ${jsonProblem(error)}`, error);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
