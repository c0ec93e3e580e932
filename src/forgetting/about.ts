/** Whether a record is about a user, who is known by digest: by its key, or by what its value says where it says anything. */
import { userDigest } from '../events/user-digest.js';
import type { LogRecord } from '../log/port.js';

export interface Whom {
  readonly digest: string;
  /** Absent: only the digest is known, and every value is parsed. */
  readonly userId?: string | undefined;
}

export function whom(userId: string): Whom {
  return { digest: userDigest(userId), userId };
}

const ESCAPE = Buffer.from('\\');
const ENVELOPE_TEXT = Buffer.from('"data_base64"');

export function isAbout({ digest, userId }: Whom, { key, value, payload }: Pick<LogRecord, 'key' | 'value' | 'payload'>): boolean {
  if (key !== null && userDigest(key) === digest) return true;
  if (value === null) return false;
  const named = userId === undefined || value.includes(userId);
  // An id can be written with escapes, or lie in an envelope.
  if (!named && !value.includes(ESCAPE) && !value.includes(ENVELOPE_TEXT)) return false;
  // Behind a registry's id lies what only its schema can read.
  const users = usersIn(payload?.ok === true ? payload.json : value);
  if (users !== undefined) return users.some((id) => userDigest(id) === digest);
  return userId !== undefined && value.includes(JSON.stringify(userId));
}

/** undefined: the value is no JSON object. */
function usersIn(value: Buffer): string[] | undefined {
  const object = objectIn(value.toString('utf8'));
  if (object === undefined) return undefined;
  const { user_id: userId, data, data_base64: base64, target } = object as Readonly<Record<string, unknown>>;
  const inside = typeof base64 === 'string' ? objectIn(Buffer.from(base64, 'base64').toString('utf8')) : data;
  const { kind, id } = fields(target);
  return [userId, fields(inside)['user_id'], kind === 'user' ? id : undefined].filter((found) => typeof found === 'string');
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
