/**
 * A partition's replayed events on disk, in as many files as it takes for one of them to fit into memory. A user's events are all in
 * one file, in the order they were added. The files have no names: they are gone when they are closed or the process dies, in whatever
 * way.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bucketHash } from './user-hash.js';
import { PRIVATE_FILE_MODE } from '../private-file.js';

/** File descriptors are few. */
const MOST_BUCKETS = 512;
const WRITE_CHARACTERS = 32 * 1024;
const READ_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export class Buckets {
  readonly #files: number[] = [];
  readonly #pending: string[] = [];
  readonly #sizes: number[] = [];

  /** `lines` is about how many there will be, of which `linesPerBucket` fit into memory. The files are made in `directory`. */
  constructor(directory: string, lines: number, linesPerBucket: number) {
    const count = Math.min(MOST_BUCKETS, Math.max(1, Math.ceil(lines / linesPerBucket)));
    const folder = mkdtempSync(join(directory, 'verify-'));
    try {
      for (let i = 0; i < count; i++) {
        this.#files.push(openSync(join(folder, String(i)), 'wx+', PRIVATE_FILE_MODE));
        this.#pending.push('');
        this.#sizes.push(0);
      }
    } catch (error) {
      this.close();
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  get count(): number {
    return this.#files.length;
  }

  /** `line` is any JSON value whose form as text is kept. */
  add(userId: string, line: unknown): void {
    const bucket = this.count === 1 ? 0 : bucketHash(userId) % this.count;
    this.#pending[bucket] += `${JSON.stringify(line)}\n`;
    if (this.#pending[bucket]!.length >= WRITE_CHARACTERS) this.#flush(bucket);
  }

  /** What was added to a bucket. */
  *read(bucket: number): Generator<unknown> {
    this.#flush(bucket);
    let rest = Buffer.alloc(0);
    for (let at = 0; at < this.#sizes[bucket]!; ) {
      const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, this.#sizes[bucket]! - at));
      const length = readSync(this.#files[bucket]!, chunk, 0, chunk.length, at);
      if (length === 0) throw new Error(`bucket ${bucket} ended at ${at} of ${this.#sizes[bucket]} bytes`);
      at += length;
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      rest = bytes.subarray(end);
      if (end === 0) continue;
      for (const line of bytes.toString('utf8', 0, end - 1).split('\n')) yield JSON.parse(line) as unknown;
    }
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
    this.#files.length = 0;
  }

  #flush(bucket: number): void {
    const bytes = Buffer.from(this.#pending[bucket]!, 'utf8');
    this.#pending[bucket] = '';
    for (let written = 0; written < bytes.length; )
      written += writeSync(this.#files[bucket]!, bytes, written, bytes.length - written, this.#sizes[bucket]! + written);
    this.#sizes[bucket]! += bytes.length;
  }
}
