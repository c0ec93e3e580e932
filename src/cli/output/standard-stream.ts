/** stdout or stderr. What goes wrong with one is remembered for whoever asks, and ends nothing by itself. */
import { once } from 'node:events';
import { fstatSync, writeSync } from 'node:fs';

/** What a pipe says whose reader has left. */
const READER_LEFT: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET']);

export class StandardStream {
  readonly #stream: NodeJS.WriteStream;
  /** Of a file or a device: Node's stream would lose the rest of a write that the disk takes in part. */
  readonly #descriptor: number | undefined;
  readonly #left = new AbortController();
  #failure: NodeJS.ErrnoException | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#descriptor = plainDescriptor(stream);
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  get columns(): number | undefined {
    return this.#stream.columns;
  }

  get rows(): number | undefined {
    return this.#stream.rows;
  }

  /** Aborts when the reader has left (`| head`). What is written from then on is discarded. */
  get readerLeft(): AbortSignal {
    return this.#left.signal;
  }

  /** Why it cannot be written: no space, an error of the device. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure;
  }

  /** Whether there is room for more. */
  write(data: string | Uint8Array): boolean {
    if (this.#ended) return true;
    try {
      if (this.#descriptor === undefined) return this.#stream.write(data);
      writeWhole(this.#descriptor, Buffer.from(data as string));
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
    return true;
  }

  /** Resolves when there is room, or the stream has ended; rejects when `signal` aborts, because room may never come. */
  async room(signal?: AbortSignal): Promise<void> {
    try {
      await once(this.#stream, 'drain', {
        signal: signal === undefined ? this.#left.signal : AbortSignal.any([signal, this.#left.signal]),
      });
    } catch (error) {
      if (!this.#ended) throw error;
    }
  }

  /** Resolves when everything has left the process, or cannot. */
  async flush(): Promise<void> {
    if (!this.#ended && this.#stream.writableLength > 0) await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }

  get #ended(): boolean {
    return this.#failure !== undefined || this.#left.signal.aborted;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (READER_LEFT.has(error.code)) this.#left.abort();
    else this.#failure ??= error;
  }
}

function plainDescriptor({ fd, isTTY }: NodeJS.WriteStream & { readonly fd?: number }): number | undefined {
  if (fd === undefined || isTTY) return undefined;
  try {
    const found = fstatSync(fd);
    return found.isFile() || found.isCharacterDevice() || found.isBlockDevice() ? fd : undefined;
  } catch {
    return undefined;
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}
