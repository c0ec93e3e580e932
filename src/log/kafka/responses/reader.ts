/**
 * Reads the responses of one connection whole. Node would make a buffer for every 64 KiB of a fetch, and kafkajs copy them into one: all of
 * that is garbage outside of V8's heap, and V8 collects the heap to be rid of it. Here a response that does not come at once is read into
 * its own buffer.
 */
import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { responseBuffer } from './buffers.js';

const SIZE_BYTES = 4;
const SCRATCH_BYTES = 65_536;
/**
 * Of a response. What claims more is no broker, and is handed on as it comes: kafkajs waits for the rest until its time is over. An alert
 * of TLS seems to claim more.
 */
const RESPONSE_BYTES_LIMIT = 256 * 1_048_576;
const KEEP_ALIVE_MS = 60_000;

/** kafkajs' factory, for connections without TLS. */
export const openPlainSocket: ISocketFactory = ({ host, port, onConnect }) => {
  const responses = new ResponseReader((bytes) => socket.emit('data', bytes));
  const socket: Socket = connect(
    {
      host,
      port,
      onread: {
        buffer: () => responses.room,
        callback: (bytes) => {
          try {
            responses.filled(bytes);
            return true;
          } catch (error) {
            socket.destroy(error as Error); // whose bytes come next is not known any more
            return false;
          }
        },
      },
    },
    onConnect,
  );
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
};

/** A response is its size, INT32, and as many bytes. */
export class ResponseReader {
  readonly #emit: (responses: Buffer) => void;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** The beginning of a response, too short to tell its size. */
  #kept = 0;
  #response: Buffer | undefined;
  #received = 0;

  /** @param emit takes one whole response or more, and keeps the bytes */
  constructor(emit: (responses: Buffer) => void) {
    this.#emit = emit;
  }

  /** Where to put the next bytes; never empty. */
  get room(): Buffer {
    return this.#response === undefined ? this.#scratch.subarray(this.#kept) : this.#response.subarray(this.#received);
  }

  /** So many bytes are in `room` as it was last given. */
  filled(bytes: number): void {
    if (this.#response === undefined) return this.#split(this.#kept + bytes);
    this.#received += bytes;
    if (this.#received < this.#response.length) return;
    const response = this.#response;
    this.#response = undefined;
    this.#emit(response);
  }

  /** Hands on what is whole of the first `end` bytes of the scratch buffer. */
  #split(end: number): void {
    const scratch = this.#scratch;
    this.#kept = 0;
    let at = 0;
    while (end - at >= SIZE_BYTES) {
      const length = SIZE_BYTES + scratch.readInt32BE(at);
      if (length < SIZE_BYTES || length > RESPONSE_BYTES_LIMIT) return this.#emit(Buffer.from(scratch.subarray(0, end)));
      if (at + length > end) {
        this.#response = responseBuffer(length);
        this.#received = scratch.copy(this.#response, 0, at, end);
        break;
      }
      at += length;
    }
    if (at > 0) this.#emit(Buffer.from(scratch.subarray(0, at)));
    if (this.#response !== undefined) return;
    this.#kept = scratch.copy(scratch, 0, at, end);
  }
}
