/** Whether a record is about a user, who is known by digest: by its key, or by what its value says where it says anything. */
import { userDigest } from '../events/user-digest.js';
import type { LogRecord } from '../log/port.js';
import { jsonStringsIn, keyTexts, prefixedTextsIn, isFramed, prefixed } from './undecoded.js';

export interface Whom {
  readonly digest: string;
  /** Absent: only the digest is known, and every value is parsed. */
  readonly userId?: string | undefined;
}

/** A shorter id, as bytes, can be anywhere by chance. */
export const SHORTEST_SEARCHED_BYTES = 4;

export function whom(userId: string): Whom {
  return { digest: userDigest(userId), userId };
}

const ESCAPE = Buffer.from('\\');
const ENVELOPE_TEXT = Buffer.from('"data_base64"');

type Content = Pick<LogRecord, 'key' | 'value' | 'payload'>;

/**
 * `needsUser`: an event of this topic without a user is refused. So one that names none, and has no key that does, is about whomever it
 * mentions.
 */
export function isAbout(who: Whom, { key, value, payload }: Content, needsUser = false): boolean {
  const { digest, userId } = who;
  if (key !== null && keyTexts(key).some((text) => userDigest(text) === digest)) return true;
  if (value === null) return false;
  const named = userId === undefined || value.includes(userId);
  // An id can be written with escapes, or lie in an envelope.
  if (!named && !value.includes(ESCAPE) && !value.includes(ENVELOPE_TEXT)) return false;
  // Behind a registry's id lies what only its schema can read.
  const users = usersIn(payload?.ok === true ? payload.json : value);
  const isStray = needsUser && users?.length === 0 && saysNobody(key);
  if (users !== undefined && !isStray) return users.some((id) => userDigest(id) === digest);
  return mentions(who, value) || mentionsWithLength(who, value, key);
}

const saysNobody = (key: Buffer | null): boolean => key === null || isFramed(key);

/** As a string of JSON, of a text that need not be JSON. */
function mentions({ digest, userId }: Whom, value: Buffer): boolean {
  if (userId !== undefined && value.includes(JSON.stringify(userId))) return true;
  return jsonStringsIn(value).some((text) => userDigest(text) === digest);
}

/** As a string of Avro or Protobuf. Where a key says whose the record is, a short id is taken for chance. */
function mentionsWithLength({ digest, userId }: Whom, value: Buffer, key: Buffer | null): boolean {
  const shortest = saysNobody(key) ? 1 : SHORTEST_SEARCHED_BYTES;
  if (userId !== undefined) {
    const bytes = Buffer.from(userId);
    return bytes.length >= shortest && prefixed(bytes).some((whole) => value.includes(whole));
  }
  for (const text of prefixedTextsIn(value)) if (text.length >= shortest && userDigest(text) === digest) return true;
  return false;
}

/** undefined: the value is no JSON object. */
function usersIn(value: Buffer): string[] | undefined {
  const object = objectIn(value.toString('utf8'));
  if (object === undefined) return undefined;
  const { user_id: userId, data, data_base64: base64, target } = object as Readonly<Record<string, unknown>>;
  const inside = typeof base64 === 'string' ? objectIn(Buffer.from(base64, 'base64').toString('utf8')) : data;
  const { kind, id } = fields(target);
  return [userId, fields(inside)['user_id'], kind === 'user' ? id : undefined]
    .map((found) => (typeof found === 'number' ? String(found) : found))
    .filter((found) => typeof found === 'string');
}

function objectIn(text: string): object | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
