/** Data goes to stdout, at the pace of whoever reads it; everything else goes to stderr. */
import { setImmediate } from 'node:timers/promises';
import { cannotWrite, type TipstreamError } from '../../errors.js';
import { jsonText } from '../../projections/object-value.js';
import { StandardStream } from './standard-stream.js';

const RED = '\u001b[31m';
const PLAIN = '\u001b[0m';

export class Output {
  readonly #out: StandardStream;
  readonly #err: StandardStream;
  readonly #colour: boolean;
  readonly #dumb: boolean;
  #drawn = false;
  #endsWithReader = false;
  #failure: TipstreamError | undefined;
  #progressLines = 0;

  constructor(out: NodeJS.WriteStream, err: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>) {
    this.#out = new StandardStream(out);
    this.#err = new StandardStream(err);
    this.#dumb = env.TERM === 'dumb';
    this.#colour = this.#err.isTerminal && !env.NO_COLOR && !this.#dumb;
  }

  /** Whether a person reads stdout. */
  get isTerminal(): boolean {
    return this.#out.isTerminal;
  }

  /** An output_failed when stdout could not be written; a reader that has left is none. */
  get failure(): TipstreamError | undefined {
    if (this.#out.failure !== undefined) this.#failure ??= cannotWrite('stdout', this.#out.failure);
    return this.#failure;
  }

  /** For a command that has no verdict but what it prints. Aborts when nobody reads it any more, and `write` then throws the reason. */
  endWithReader(): AbortSignal {
    this.#endsWithReader = true;
    return this.#out.readerLeft;
  }

  /**
   * Resolves when there is room for more; what nobody reads is discarded. Throws output_failed, and the signal's reason when it aborts
   * while there is no room, which may be for ever.
   */
  async write(data: string | Uint8Array, signal?: AbortSignal): Promise<void> {
    this.#refuse();
    if (!this.#out.write(data)) await this.#out.room(signal);
    this.#refuse();
  }

  #refuse(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#endsWithReader) this.#out.readerLeft.throwIfAborted();
  }

  /** Whether it was for its reader alone, and the reader left before the end of it. */
  get unread(): boolean {
    return this.#endsWithReader && this.#out.readerLeft.aborted;
  }

  /** As `write`, for who cannot wait; a failure is kept for `failure`. */
  post(data: string): void {
    this.#out.write(data);
  }

  /** One JSON document on lines of its own. */
  async document(value: unknown): Promise<void> {
    await this.write(`${jsonText(value, 2)}\n`);
  }

  /** One JSON document on one line. */
  async line(value: unknown): Promise<void> {
    await this.lines([value]);
  }

  /** NDJSON. */
  async lines(values: readonly unknown[]): Promise<void> {
    if (values.length > 0) await this.write(values.map((value) => `${jsonText(value)}\n`).join(''));
  }

  /** Columns under their headings; nothing but the headings when there are no rows. */
  async table(headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Promise<void> {
    const cells = [headings, ...rows.map((row) => row.map((cell) => printable(cell === null ? '-' : String(cell))))];
    const widths = headings.map((_, column) => cells.reduce((widest, row) => Math.max(widest, row[column]!.length), 0));
    const lines = cells.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
    await this.write(`${lines.join('\n')}\n`);
  }

  /** Of the terminal on stdout; 80 by 24 where there is none. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: (this.isTerminal && this.#out.columns) || 80, rows: (this.isTerminal && this.#out.rows) || 24 };
  }

  /** Whether what is printed again can take the place of what it was: not on a terminal that is none or takes no codes. */
  get redraws(): boolean {
    return this.isTerminal && !this.#dumb;
  }

  /** Lines that take the place of the whole screen. They must fit it, with one row to spare. */
  async screen(lines: readonly string[]): Promise<void> {
    const clear = this.#drawn ? '' : '\u001b[2J';
    this.#drawn = true;
    await this.write(`${clear}\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
  }

  /** A line for the person at the terminal. */
  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** One line that the next one replaces; only where a person is watching. An empty one clears it. */
  progress(text: string): void {
    if (this.#err.isTerminal) this.#err.write(`\r\u001b[K${printable(text)}`);
  }

  /** How many lines there is room for. */
  get progressRows(): number {
    return Math.max(1, (this.#err.rows || 24) - 3);
  }

  /** Lines that the next ones replace; only where a person is watching. None clears them. */
  progressLines(lines: readonly string[]): void {
    if (!this.#err.isTerminal) return;
    const width = (this.#err.columns || 80) - 1;
    const up = this.#progressLines === 0 ? '' : `\u001b[${this.#progressLines}A\r\u001b[J`;
    this.#err.write(up + lines.map((line) => `${printable(line).slice(0, width)}\n`).join(''));
    this.#progressLines = lines.length;
  }

  error(message: string, hint?: string): void {
    this.note(`${this.#colour ? `${RED}error:${PLAIN}` : 'error:'} ${printable(message)}`);
    if (hint !== undefined) this.note(`hint: ${printable(hint)}`);
  }

  /** Resolves when everything has left the process, or cannot. */
  async flush(): Promise<void> {
    await setImmediate(); // what is wrong with the last write is said after it
    await this.#out.flush();
    await this.#err.flush();
  }
}

/** Keys and messages can come from anybody: a control character must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}
