/** Where rows go: one file per format. */
import type { Cell } from './cell.js';

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

export interface RowSink {
  /** Cells in the order of the columns. Resolves when there is room for more. */
  add(row: readonly Cell[]): Promise<void> | void;
  /** Writes what is still held. */
  flush(): Promise<void>;
  /** Writes what is still held, and what the format has at its end. */
  finish(): Promise<void>;
}

export type WriteText = (text: string) => Promise<void>;

const CHUNK_CHARACTERS = 64 * 1024;

/** Rows of text, written in chunks. */
export class TextSink implements RowSink {
  readonly #line: (row: readonly Cell[]) => string;
  readonly #write: WriteText;
  #held: string;

  constructor(head: string, line: (row: readonly Cell[]) => string, write: WriteText) {
    this.#line = line;
    this.#write = write;
    this.#held = head;
  }

  add(row: readonly Cell[]): Promise<void> | void {
    this.#held += this.#line(row);
    if (this.#held.length >= CHUNK_CHARACTERS) return this.flush();
  }

  finish(): Promise<void> {
    return this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#held;
    this.#held = '';
    if (text !== '') await this.#write(text);
  }
}
