/** What happened, line by line. Two runs of a seed have the same lines; the hash says so without keeping them. */
import { createHash } from 'node:crypto';

export class Trace {
  readonly lines: string[] = [];
  readonly #hash = createHash('sha256');
  readonly #echo: ((line: string) => void) | undefined;

  constructor(echo?: (line: string) => void) {
    this.#echo = echo;
  }

  add(line: string): void {
    this.lines.push(line);
    this.#hash.update(`${line}\n`);
    this.#echo?.(line);
  }

  get hash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}

/** A few hex digits that stand for bytes, without the id that each forgetting gets by chance. */
export const fingerprint = (bytes: Buffer | null): string =>
  bytes === null
    ? 'null'
    : createHash('sha256')
        .update(bytes.includes('"forget_id"') ? bytes.toString().replace(/"forget_id":"[^"]*"/, '') : bytes)
        .digest('hex')
        .slice(0, 8);
