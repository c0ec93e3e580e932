/**
 * `stopped.json`: which partitions the service stopped and why, for other processes to read, also after its end. The next start
 * forgets it.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './write-whole.js';

const document = z.record(z.string().regex(/^\d+$/), z.object({ code: z.string(), message: z.string() }));

export interface WhyStopped {
  readonly code: string;
  readonly message: string;
}

const stoppedFile = (dataDirectory: string) => join(dataDirectory, 'stopped.json');

/** partition -> why; empty where there is no such note, or none that can be read. */
export function stoppedPartitions(dataDirectory: string): ReadonlyMap<number, WhyStopped> {
  try {
    const noted = document.parse(JSON.parse(readFileSync(stoppedFile(dataDirectory), 'utf8')));
    return new Map(Object.entries(noted).map(([partition, why]) => [Number(partition), why]));
  } catch {
    return new Map();
  }
}

/** The note of the process that owns the data directory. */
export class StoppedNote {
  readonly #path: string;
  readonly #stopped = new Map<number, WhyStopped>();

  /** Forgets what an earlier process noted. */
  constructor(dataDirectory: string) {
    this.#path = stoppedFile(dataDirectory);
    rmSync(this.#path, { force: true });
  }

  stopped(partition: number, { code, message }: WhyStopped): void {
    this.#stopped.set(partition, { code, message });
    this.#write();
  }

  goesOn(partition: number): void {
    if (this.#stopped.delete(partition)) this.#write();
  }

  /** Only a note: a full disk keeps nothing from going on. */
  #write(): void {
    try {
      if (this.#stopped.size === 0) rmSync(this.#path, { force: true });
      else writeWhole(this.#path, `${JSON.stringify(Object.fromEntries(this.#stopped))}\n`);
    } catch {
      // What keeps it from being written is said by whoever writes what matters.
    }
  }
}
