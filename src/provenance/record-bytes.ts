import { isUtf8 } from 'node:buffer';
import type { RecordBytes } from './documents.js';

/** null stays null: there is no key, or no value. */
export function recordBytes(bytes: Buffer | null): RecordBytes | null {
  if (bytes === null) return null;
  return isUtf8(bytes)
    ? { bytes: bytes.length, text: bytes.toString('utf8'), hex: null }
    : { bytes: bytes.length, text: null, hex: bytes.toString('hex') };
}
