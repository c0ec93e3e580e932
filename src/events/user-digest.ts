/** How a user is named where the id itself must not be kept: whoever has an id can tell whether it is that one. */
import { createHash } from 'node:crypto';

/** SHA-256 of a user_id in UTF-8, or of a record's key, in hexadecimal digits. */
export function userDigest(userId: string | Uint8Array): string {
  return createHash('sha256').update(userId).digest('hex');
}
