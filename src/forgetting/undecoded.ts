/** Texts in keys and values that could not be decoded, by their bytes alone. Pure. */
import { MAX_CODE_POINTS } from '../events/strings.js';
import { framedValue } from '../events/wire-format.js';

const QUOTE = 0x22;
const MOST_BYTES = 4 * MAX_CODE_POINTS;
const JSON_STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/g;

/** What is behind the id of a schema; undefined: no id is there, or nothing behind it. */
function behindSchemaId(bytes: Buffer): Buffer | undefined {
  const payload = framedValue(bytes, [])?.payload;
  return payload?.length === 0 ? undefined : payload;
}

export const isFramed = (bytes: Buffer): boolean => behindSchemaId(bytes) !== undefined;

/** What a key can stand for: itself, a string of JSON, or of Avro or as it is behind the id of a schema. */
export function keyTexts(key: Buffer): Buffer[] {
  const payload = behindSchemaId(key);
  if (payload !== undefined) {
    return [
      key,
      payload,
      ...prefixedAt(payload, 0).filter((text) => text.byteOffset + text.length === payload.byteOffset + payload.length),
    ];
  }
  return key[0] === QUOTE ? [key, ...jsonStringsIn(key).map((text) => Buffer.from(text))] : [key];
}

/** As the two write a string: its length (Avro: twice that), then its bytes. */
export function prefixed(bytes: Buffer): Buffer[] {
  return [2 * bytes.length, bytes.length].map((length) => Buffer.concat([varint(length), bytes]));
}

/** Whatever could be such a string, no longer than an id. */
export function* prefixedTextsIn(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at++) yield* prefixedAt(bytes, at);
}

function prefixedAt(bytes: Buffer, at: number): Buffer[] {
  const low = bytes[at]!;
  const [number, from] = low < 0x80 ? [low, at + 1] : [(low & 0x7f) + 128 * (bytes[at + 1] ?? 0), at + 2];
  const lengths = number % 2 === 0 ? [number / 2, number] : [number];
  return lengths
    .filter((length) => length > 0 && length <= MOST_BYTES && from + length <= bytes.length)
    .map((length) => bytes.subarray(from, from + length));
}

function varint(number: number): Buffer {
  return number < 128 ? Buffer.of(number) : Buffer.of((number & 0x7f) | 0x80, number >> 7);
}

export function jsonStringsIn(bytes: Buffer): string[] {
  return (bytes.toString('utf8').match(JSON_STRING) ?? []).flatMap((text) => {
    try {
      return [JSON.parse(text) as string];
    } catch {
      return [];
    }
  });
}
