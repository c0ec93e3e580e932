/** Why a record is not folded: the closed list of codes that dead letters, `produce` and HTTP answers share. */
import type { z } from 'zod';

/**
 * decode: the bytes are no JSON object; validate: the object is no event of its topic; route: the event is not where its
 * user's events belong.
 */
export type RejectionStage = 'decode' | 'validate' | 'route';

const STAGE_OF = {
  null_value: 'decode',
  value_too_large: 'decode',
  not_utf8: 'decode',
  not_json: 'decode',
  wire_format: 'decode',
  unknown_schema: 'decode',
  unsupported_schema: 'decode',
  bad_payload: 'decode',
  not_object: 'decode',
  bad_envelope: 'decode',
  invalid_event: 'validate',
  unknown_policy: 'validate',
  missing_key: 'route',
  foreign_key: 'route',
  wrong_partition: 'route',
} as const satisfies Record<string, RejectionStage>;

export type RejectionCode = keyof typeof STAGE_OF;
export const REJECTION_CODES = Object.keys(STAGE_OF) as RejectionCode[];

export interface Rejection {
  readonly stage: RejectionStage;
  readonly code: RejectionCode;
  /** One line of at most MAX_MESSAGE_LENGTH characters; names the field and what was expected there. */
  readonly message: string;
}

export interface Rejected {
  readonly ok: false;
  readonly rejection: Rejection;
}

/** A message travels in a record header and on one line of a terminal. */
export const MAX_MESSAGE_LENGTH = 400;
const MAX_ISSUES = 3;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export function reject(code: RejectionCode, message: string): Rejected {
  return { ok: false, rejection: { stage: STAGE_OF[code], code, message: oneLine(message) } };
}

/** Without control characters, well-formed and bounded: parts of a message can come from the event itself. */
function oneLine(text: string): string {
  const plain = text.replace(CONTROL, '?').toWellFormed();
  return plain.length <= MAX_MESSAGE_LENGTH ? plain : `${plain.slice(0, MAX_MESSAGE_LENGTH - 3).toWellFormed()}...`;
}

/** `candidates[3].priority: expected int, received string; user_id: is missing (expected string)` */
export function describeIssues(error: z.core.$ZodError, at = ''): string {
  const shown = error.issues.slice(0, MAX_ISSUES).map((issue) => {
    const path = at + printPath(issue.path);
    return path === '' ? expectation(issue.message) : `${path}: ${expectation(issue.message)}`;
  });
  const hidden = error.issues.length - shown.length;
  return shown.join('; ') + (hidden > 0 ? `; and ${hidden} more` : '');
}

function printPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${String(step)}`;
  return text;
}

function expectation(message: string): string {
  const missing = /^Invalid input: (expected .+), received undefined$/.exec(message);
  if (missing) return `is missing (${missing[1]})`;
  return message.replace(/^Invalid (input|option): /, '');
}
