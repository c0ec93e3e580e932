/**
 * A RidgeState as bytes, for the store. All little-endian: version u16, dimension u16, four bytes of zero, then as doubles: updates, the
 * packed triangle of G, b. Equal states have equal bytes.
 */
import { TipstreamError } from '../errors.js';
import { emptyState, type RidgeState } from './ridge.js';

const VERSION = 1;
const HEADER_BYTES = 8;
const DOUBLE_BYTES = 8;

function byteLength(dimension: number): number {
  return HEADER_BYTES + DOUBLE_BYTES * (1 + (dimension * (dimension + 1)) / 2 + dimension);
}

export function encodeState(state: RidgeState): Buffer {
  const dimension = state.b.length;
  const bytes = Buffer.alloc(byteLength(dimension));
  bytes.writeUInt16LE(VERSION, 0);
  bytes.writeUInt16LE(dimension, 2);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setFloat64(HEADER_BYTES, state.updates, true);
  let at = HEADER_BYTES + DOUBLE_BYTES;
  for (const values of [state.g, state.b]) {
    for (const value of values) {
      view.setFloat64(at, value, true);
      at += DOUBLE_BYTES;
    }
  }
  return bytes;
}

/** Throws state_newer for a version this program does not know, state_corrupt for bytes that are not a state of `dimension`. */
export function decodeState(bytes: Uint8Array, dimension: number): RidgeState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES) throw corrupt(`${bytes.byteLength} bytes are too few`);
  const version = view.getUint16(0, true);
  if (version > VERSION) {
    throw new TipstreamError('state_newer', `a policy state of version ${version} was written by a newer tipstream`, {
      hint: `Run the version that wrote it; this one reads up to ${VERSION}.`,
    });
  }
  const stored = view.getUint16(2, true);
  if (version !== VERSION || stored !== dimension || bytes.byteLength !== byteLength(dimension)) {
    throw corrupt(`version ${version}, dimension ${stored}, ${bytes.byteLength} bytes, where dimension ${dimension} was expected`);
  }
  const state = emptyState(dimension);
  state.updates = view.getFloat64(HEADER_BYTES, true);
  let at = HEADER_BYTES + DOUBLE_BYTES;
  for (const values of [state.g, state.b]) {
    for (let i = 0; i < values.length; i++) {
      values[i] = view.getFloat64(at, true);
      at += DOUBLE_BYTES;
    }
  }
  return state;
}

function corrupt(what: string): TipstreamError {
  return new TipstreamError('state_corrupt', `the stored state of a policy cannot be read: ${what}`, {
    hint: 'Rebuild the projection from the log.',
  });
}
