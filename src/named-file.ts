/**
 * A file that the user named, read without waiting where no signal is heard: to open a pipe, or to read one in Node's file system calls,
 * keeps the process from ending until somebody writes.
 */
import { closeSync, constants, fstatSync, openSync, read, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { cannotRead } from './errors.js';

const PIECE_BYTES = 256 * 1024;
const readAt = promisify(read);

export interface NamedFile {
  /** What messages call it. */
  readonly name: string;
  /** Whether it can be read again from its beginning. */
  readonly isPlain: boolean;
  /** Its bytes; of a pipe, those of a writer that comes later too. Throws not_found, and the signal's reason when it aborts. */
  pieces(signal?: AbortSignal): AsyncGenerator<Buffer, void, void>;
  close(): void;
}

/** Under this name a stdin that is a socket cannot be opened once more. */
const STDIN: ReadonlySet<string> = new Set(['-', '/dev/stdin']);

/** `-` is stdin. Throws not_found, with the hint if one is given, for a file that cannot be read. */
export function openNamed(path: string, hint?: string): NamedFile {
  if (STDIN.has(path)) return named('stdin', hint, { isPlain: false, pieces: piecesOf(process.stdin), close: () => undefined });
  let descriptor: number | undefined;
  try {
    // Of a pipe without a writer, waits for none; of anything else, means nothing.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return named(path, hint, opened(descriptor));
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw cannotRead(path, error, hint);
  }
}

export interface ReadNamedOptions {
  /** What the file should be, or how it is made. */
  readonly hint?: string;
  readonly signal?: AbortSignal;
}

/** The whole of it. */
export async function readNamed(path: string, { hint, signal }: ReadNamedOptions = {}): Promise<Buffer> {
  const file = openNamed(path, hint);
  const pieces: Buffer[] = [];
  try {
    for await (const piece of file.pieces(signal)) pieces.push(piece);
  } finally {
    file.close();
  }
  return Buffer.concat(pieces);
}

interface Opened {
  readonly isPlain: boolean;
  readonly pieces: (signal: AbortSignal | undefined) => AsyncIterable<Buffer>;
  readonly close: () => void;
}

function opened(descriptor: number): Opened {
  const found = fstatSync(descriptor);
  if (found.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  if (waits(descriptor, found)) {
    const stream = isatty(descriptor) ? new ReadStream(descriptor) : new Socket({ fd: descriptor, readable: true, writable: false });
    return { isPlain: false, pieces: piecesOf(stream), close: () => stream.destroy() };
  }
  const isPlain = found.isFile();
  return { isPlain, pieces: (signal) => readOn(descriptor, isPlain ? 0 : null, signal), close: () => closeSync(descriptor) };
}

function piecesOf(stream: Readable): Opened['pieces'] {
  return (signal) => (signal === undefined ? stream : addAbortSignal(signal, stream));
}

/**
 * `fromByte`: null of what has no places. Without a stream of Node's, which closes the descriptor when it is left early, whatever autoClose
 * says: somebody else's file may have the number by then.
 */
async function* readOn(descriptor: number, fromByte: number | null, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void, void> {
  for (let at = fromByte; ; ) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await readAt(descriptor, Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    if (at !== null) at += bytesRead;
  }
}

/** For somebody to write. */
function waits(descriptor: number, found: Stats): boolean {
  return found.isFIFO() || isatty(descriptor);
}

function named(name: string, hint: string | undefined, { isPlain, pieces, close }: Opened): NamedFile {
  let isOpen = true;
  return {
    name,
    isPlain,
    async *pieces(signal) {
      try {
        for await (const piece of pieces(signal)) yield piece;
      } catch (error) {
        signal?.throwIfAborted();
        throw cannotRead(name, error, hint);
      }
    },
    close() {
      if (isOpen) close();
      isOpen = false;
    },
  };
}
