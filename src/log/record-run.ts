/** Runs of records that are objects already, and the end of a run. */
import type { LogRecord, RecordRun } from './port.js';

export function runOf(records: readonly LogRecord[]): RecordRun {
  return new ObjectRun(records);
}

class ObjectRun implements RecordRun {
  readonly #records: readonly LogRecord[];
  #bytes: number | undefined;

  constructor(records: readonly LogRecord[]) {
    this.#records = records;
  }

  get length(): number {
    return this.#records.length;
  }

  get bytes(): number {
    return (this.#bytes ??= this.#records.reduce((sum, record) => sum + bytesOf(record), 0));
  }

  timestampAt(index: number): number {
    return this.#records[index]!.timestampMs;
  }

  offsetAt(index: number): number {
    return this.#records[index]!.offset;
  }

  recordAt(index: number): LogRecord {
    return this.#records[index]!;
  }

  [Symbol.iterator](): Iterator<LogRecord> {
    return this.#records[Symbol.iterator]();
  }
}

function bytesOf({ key, value, payload }: LogRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + (payload?.ok === true ? payload.json.length : 0);
}

/** A run's records from one of them on. */
export class RunFrom implements RecordRun {
  readonly #run: RecordRun;
  readonly #skip: number;

  constructor(run: RecordRun, skip: number) {
    this.#run = run;
    this.#skip = skip;
  }

  get length(): number {
    return this.#run.length - this.#skip;
  }

  get bytes(): number {
    let bytes = 0;
    for (const record of this) bytes += bytesOf(record);
    return bytes;
  }

  timestampAt(index: number): number {
    return this.#run.timestampAt(index + this.#skip);
  }

  offsetAt(index: number): number {
    return this.#run.offsetAt(index + this.#skip);
  }

  recordAt(index: number): LogRecord {
    return this.#run.recordAt(index + this.#skip);
  }

  *[Symbol.iterator](): Iterator<LogRecord> {
    for (let index = 0; index < this.length; index++) yield this.recordAt(index);
  }
}
