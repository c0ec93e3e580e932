/**
 * Record headers as one BLOB: for each pair the length of the name, the name in UTF-8, the length of the value, the value.
 * Lengths are base-128 varints, least significant group first. No headers at all is NULL. A value that is null has a length of 0 written
 * in two groups, which nothing else has: versions that know no such value read it as an empty one.
 */
import { TipstreamError } from '../../errors.js';
import type { RecordHeaders } from '../port.js';

const NULL_VALUE = Uint8Array.of(0x80, 0);
const NO_HEADERS: RecordHeaders = [];

export function encodeHeaders(headers: RecordHeaders | undefined): Buffer | null {
  if (headers === undefined || headers.length === 0) return null;
  const parts: Uint8Array[] = [];
  for (const [name, value] of headers) {
    const encodedName = Buffer.from(name);
    parts.push(encodeLength(encodedName.length), encodedName);
    if (value === null) parts.push(NULL_VALUE);
    else parts.push(encodeLength(value.length), value);
  }
  return Buffer.concat(parts);
}

export function decodeHeaders(encoded: Buffer | null): RecordHeaders {
  if (encoded === null) return NO_HEADERS;
  const headers: [string, Buffer | null][] = [];
  let position = 0;
  const take = (): Buffer => {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const group = encoded[position];
      if (group === undefined || shift > 28) throw cutShort();
      position += 1;
      length += (group & 0x7f) * 2 ** shift;
      if (group < 0x80) break;
    }
    const end = position + length;
    if (end > encoded.length) throw cutShort();
    const bytes = encoded.subarray(position, end);
    position = end;
    return bytes;
  };
  const isNull = (): boolean => encoded[position] === NULL_VALUE[0] && encoded[position + 1] === NULL_VALUE[1];
  while (position < encoded.length) {
    const name = take().toString();
    const value = isNull() ? null : take();
    if (value === null) position += NULL_VALUE.length;
    headers.push([name, value]);
  }
  return headers;
}

function cutShort(): TipstreamError {
  return new TipstreamError('state_corrupt', 'the headers of a record are cut short', {
    hint: 'Restore the data directory from a backup.',
  });
}

function encodeLength(length: number): Uint8Array {
  const groups: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) groups.push((rest & 0x7f) | 0x80);
  groups.push(rest);
  return Uint8Array.from(groups);
}
