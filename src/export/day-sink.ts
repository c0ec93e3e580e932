/** Rows into one file a day, by their as_of_ms in UTC: FOLDER/date=2026-11-20/part-0.parquet, which readers of Hive's layout know. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../errors.js';
import type { Cell } from './cell.js';
import type { WrittenFile } from './description.js';
import type { RowSink } from './sink.js';

/** Each of them is open until the end. */
const MOST_DAYS = 400;
/** Of all files together; the one that holds most is written out when there are more. */
const MOST_HELD_ROWS = 200_000;
/** Where readers of Hive's layout expect rows without a value. */
const NO_DAY = '__HIVE_DEFAULT_PARTITION__';

interface OpenDay {
  readonly file: string;
  readonly sink: RowSink;
  rows: number;
  held: number;
}

export class DaySink implements RowSink {
  readonly #folder: string;
  readonly #asOfAt: number;
  readonly #ending: string;
  readonly #open: (path: string) => RowSink;
  readonly #days = new Map<string, OpenDay>();
  #held = 0;

  /** `asOfAt` is where rows have their as_of_ms; `open` makes the sink of a file, whose name ends as `ending` says. */
  constructor(folder: string, asOfAt: number, ending: string, open: (path: string) => RowSink) {
    this.#folder = folder;
    this.#asOfAt = asOfAt;
    this.#ending = ending;
    this.#open = open;
  }

  async add(row: readonly Cell[]): Promise<void> {
    const day = this.#dayOf(row[this.#asOfAt]);
    await day.sink.add(row);
    day.rows++;
    day.held++;
    if (++this.#held > MOST_HELD_ROWS) await this.flush();
  }

  /** The day that holds most. */
  async flush(): Promise<void> {
    const most = [...this.#days.values()].reduce((a, b) => (b.held > a.held ? b : a));
    await most.sink.flush();
    this.#held -= most.held;
    most.held = 0;
  }

  async finish(): Promise<void> {
    for (const { sink } of this.#days.values()) await sink.finish();
  }

  /** When it is finished: the files by day. */
  async files(): Promise<WrittenFile[]> {
    const files: WrittenFile[] = [];
    for (const { file, rows } of [...this.#days.values()].sort((a, b) => (a.file < b.file ? -1 : 1)))
      files.push({ file, rows, sha256: await sha256Of(join(this.#folder, file)) });
    return files;
  }

  #dayOf(asOf: Cell): OpenDay {
    const name = typeof asOf === 'number' ? new Date(asOf).toISOString().slice(0, 10) : NO_DAY;
    const known = this.#days.get(name);
    if (known !== undefined) return known;
    if (this.#days.size === MOST_DAYS) {
      throw new TipstreamError('invalid_argument', `the rows are of more than ${MOST_DAYS} days, each of which is a file`, {
        hint: 'Ask for fewer days at a time, or leave --partition-by out.',
      });
    }
    mkdirSync(join(this.#folder, `date=${name}`));
    const file = `date=${name}/part-0.${this.#ending}`;
    const day = { file, sink: this.#open(join(this.#folder, file)), rows: 0, held: 0 };
    this.#days.set(name, day);
    return day;
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
