/**
 * The form of a dead letter: the original key and value byte for byte, the original headers, and behind them nine headers that say
 * where the record lay, who refused it, why and when. Pure; consumers write it, the CLI and the admin page read it.
 */
type Headers = readonly (readonly [name: string, value: Buffer | null])[];

export interface DeadLetterReason {
  /** Full name of the topic that held the record. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly group: string;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly failedAtMs: number;
  /** How many times it has been put back on its topic and refused again. */
  readonly redriveCount: number;
}

export const DEAD_LETTER_HEADER_PREFIX = '__dlq.errors.';

/** Header name behind the prefix -> field, in the order in which they are written. */
const FIELDS = {
  topic: 'topic',
  partition: 'partition',
  offset: 'offset',
  group: 'group',
  stage: 'stage',
  code: 'code',
  message: 'message',
  failed_at_ms: 'failedAtMs',
  redrive_count: 'redriveCount',
} as const satisfies Record<string, keyof DeadLetterReason>;

export const DEAD_LETTER_HEADERS = Object.keys(FIELDS).map((name) => DEAD_LETTER_HEADER_PREFIX + name);

export function deadLetterHeaders(original: Headers, reason: DeadLetterReason): Headers {
  const reasons = Object.entries(FIELDS).map(
    ([name, field]) => [DEAD_LETTER_HEADER_PREFIX + name, Buffer.from(String(reason[field]))] as const,
  );
  return [...originalHeaders(original), ...reasons];
}

/** The headers without those that dead-lettering added. */
export function originalHeaders(headers: Headers): Headers {
  return headers.filter(([name]) => !name.startsWith(DEAD_LETTER_HEADER_PREFIX));
}

/** What the headers say; null where one is missing or makes no sense (anybody can write to the topic). */
export function readDeadLetterReason(headers: Headers): { readonly [Field in keyof DeadLetterReason]: DeadLetterReason[Field] | null } {
  const written = new Map(headers.map(([name, value]) => [name, value?.toString() ?? null]));
  const text = (name: keyof typeof FIELDS): string | null => written.get(DEAD_LETTER_HEADER_PREFIX + name) ?? null;
  const count = (name: keyof typeof FIELDS): number | null => {
    const digits = text(name);
    return digits !== null && /^\d{1,15}$/.test(digits) ? Number(digits) : null;
  };
  return {
    topic: text('topic'),
    partition: count('partition'),
    offset: count('offset'),
    group: text('group'),
    stage: text('stage'),
    code: text('code'),
    message: text('message'),
    failedAtMs: count('failed_at_ms'),
    redriveCount: count('redrive_count'),
  };
}
