/**
 * `silent.json`: of which partitions nothing comes to the running service, and why (no broker answers, or the schema registry does not),
 * for other processes to read. It holds while the service runs.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './write-whole.js';

const document = z.record(z.string().regex(/^\d+$/), z.string());

const silentFile = (dataDirectory: string) => join(dataDirectory, 'silent.json');

/** partition -> why; empty where there is no such note, or none that can be read. */
export function silentPartitions(dataDirectory: string): ReadonlyMap<number, string> {
  try {
    const noted = document.parse(JSON.parse(readFileSync(silentFile(dataDirectory), 'utf8')));
    return new Map(Object.entries(noted).map(([partition, why]) => [Number(partition), why]));
  } catch {
    return new Map();
  }
}

/** The note of the process that owns the data directory. */
export class SilentNote {
  readonly #path: string;
  #written = '';

  /** Forgets what an earlier process noted. */
  constructor(dataDirectory: string) {
    this.#path = silentFile(dataDirectory);
    rmSync(this.#path, { force: true });
  }

  /** Writes what has changed. Only a note: a full disk keeps nothing from going on. */
  is(silent: ReadonlyMap<number, string>): void {
    const text = silent.size === 0 ? '' : `${JSON.stringify(Object.fromEntries(silent))}\n`;
    if (text === this.#written) return;
    try {
      if (text === '') rmSync(this.#path, { force: true });
      else writeWhole(this.#path, text);
      this.#written = text;
    } catch {
      // What keeps it from being written is said by whoever writes what matters.
    }
  }
}
