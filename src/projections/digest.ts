/**
 * The digest of a set of profiles: SHA-256 over one line for each known user and feature, so that two sets of profiles can be compared
 * by comparing 64 hex digits. Every line, printed, is the input of `sha256sum`.
 */
import { createHash } from 'node:crypto';
import { TipstreamError } from '../errors.js';
import { compareCodePoints } from '../events/strings.js';
import { isObjectValue, objectText } from './object-value.js';
import type { FeatureValue, FeatureValues } from './feature.js';

/** Lines are hashed in chunks of at least this many UTF-16 units: calling the hash for every line costs more than hashing. */
const CHUNK_LENGTH = 16_384;

/** Numbers as ECMAScript prints them (-0 as 0), text as JSON, objects as canonical JSON, null as the word. */
function printValue(value: FeatureValue): string {
  if (isObjectValue(value)) return objectText(value);
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** `user_id TAB feature TAB value LF` */
export function digestLine(userId: string, feature: string, value: FeatureValue): string {
  return `${userId}\t${feature}\t${printValue(value)}\n`;
}

export interface ProfileDigest {
  /** 64 hex digits */
  readonly digest: string;
  /** how many users went in */
  readonly users: number;
}

/** Takes known users one by one, in the order of their ids by code point, and gives the digest at the end. */
export class ProfileDigester {
  readonly #hash = createHash('sha256');
  #chunk = '';
  #users = 0;
  #last: string | undefined;

  /** `values` has its names in order, as Registry.values gives them. Throws internal when the user does not come after the last one. */
  add(userId: string, values: FeatureValues): void {
    if (this.#last !== undefined && compareCodePoints(this.#last, userId) >= 0) {
      throw new TipstreamError('internal', `digest: user ${JSON.stringify(userId)} came after ${JSON.stringify(this.#last)}`);
    }
    this.#last = userId;
    this.#users++;
    for (const feature in values) this.#chunk += digestLine(userId, feature, values[feature]!);
    if (this.#chunk.length >= CHUNK_LENGTH) this.#flush();
  }

  finish(): ProfileDigest {
    this.#flush();
    return { digest: this.#hash.digest('hex'), users: this.#users };
  }

  #flush(): void {
    this.#hash.update(this.#chunk, 'utf8');
    this.#chunk = '';
  }
}
