/** Data goes to stdout, at the pace of whoever reads it; everything else goes to stderr. */
import { once } from 'node:events';

const RED = '\u001b[31m';
const PLAIN = '\u001b[0m';

export class Output {
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;
  readonly #colour: boolean;
  #progressLines = 0;

  constructor(out: NodeJS.WriteStream, err: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>) {
    this.#out = out;
    this.#err = err;
    this.#colour = err.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  /** Whether a person reads stdout. */
  get isTerminal(): boolean {
    return this.#out.isTTY;
  }

  /** Resolves when there is room for more; rejects when the signal aborts while there is none, which may be for ever. */
  async write(data: string | Uint8Array, signal?: AbortSignal): Promise<void> {
    if (!this.#out.write(data)) await once(this.#out, 'drain', signal === undefined ? {} : { signal });
  }

  /** One JSON document on lines of its own. */
  async document(value: unknown): Promise<void> {
    await this.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** NDJSON. */
  async lines(values: readonly unknown[]): Promise<void> {
    if (values.length > 0) await this.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  }

  /** Columns under their headings; nothing but the headings when there are no rows. */
  async table(headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Promise<void> {
    const cells = [headings, ...rows.map((row) => row.map((cell) => printable(cell === null ? '-' : String(cell))))];
    const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
    const lines = cells.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
    await this.write(`${lines.join('\n')}\n`);
  }

  /** A line for the person at the terminal. */
  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** One line that the next one replaces; only where a person is watching. An empty one clears it. */
  progress(text: string): void {
    if (this.#err.isTTY) this.#err.write(`\r\u001b[K${printable(text)}`);
  }

  /** How many lines there is room for. */
  get progressRows(): number {
    return Math.max(1, (this.#err.rows || 24) - 3);
  }

  /** Lines that the next ones replace; only where a person is watching. None clears them. */
  progressLines(lines: readonly string[]): void {
    if (!this.#err.isTTY) return;
    const width = (this.#err.columns || 80) - 1;
    const up = this.#progressLines === 0 ? '' : `\u001b[${this.#progressLines}A\r\u001b[J`;
    this.#err.write(up + lines.map((line) => `${printable(line).slice(0, width)}\n`).join(''));
    this.#progressLines = lines.length;
  }

  error(message: string, hint?: string): void {
    this.note(`${this.#colour ? `${RED}error:${PLAIN}` : 'error:'} ${printable(message)}`);
    if (hint !== undefined) this.note(`hint: ${printable(hint)}`);
  }

  /** Resolves when everything has left the process. */
  async flush(): Promise<void> {
    for (const stream of [this.#out, this.#err]) {
      if (stream.writableLength > 0) await new Promise<void>((resolve) => stream.write('', () => resolve()));
    }
  }
}

/** Keys and messages can come from anybody: a control character must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}
