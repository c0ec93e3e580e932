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
/** Behind the reason, of a letter that did not fit its topic. */
const PAYLOAD_HEADER_PREFIX = '__dlq.payload.';
const PAYLOAD_FIELDS = ['bytes', 'sha256', 'file', 'record'] as const satisfies (keyof KeptPayload)[];

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

export const PAYLOAD_HEADERS = PAYLOAD_FIELDS.map((name) => PAYLOAD_HEADER_PREFIX + name);
export const DEAD_LETTER_HEADERS = Object.keys(FIELDS).map((name) => DEAD_LETTER_HEADER_PREFIX + name);

export function deadLetterHeaders(original: Headers, reason: DeadLetterReason): Headers {
  const reasons = Object.entries(FIELDS).map(
    ([name, field]) => [DEAD_LETTER_HEADER_PREFIX + name, Buffer.from(String(reason[field]))] as const,
  );
  return [...originalHeaders(original), ...reasons];
}

/** What of a dead letter is not in its topic, but in files of the data directory. */
export interface KeptPayload {
  /** Bytes of the value. */
  readonly bytes: number;
  readonly sha256: string;
  /** Name of the file that holds the value; absent when none was written. */
  readonly file?: string | undefined;
  /** Name of the file that holds the whole dead letter, as a line for `produce --raw`: its key or headers did not fit either. */
  readonly record?: string | undefined;
}

export function payloadHeaders({ bytes, sha256, file, record }: KeptPayload): Headers {
  const facts = { bytes: String(bytes), sha256, file, record };
  return Object.entries(facts).flatMap(([name, text]) =>
    text === undefined ? [] : [[PAYLOAD_HEADER_PREFIX + name, Buffer.from(text)] as const],
  );
}

/** undefined: the letter is whole. */
export function readKeptPayload(headers: Headers): KeptPayload | undefined {
  const written = new Map(headers.slice(reasonEndsAt(headers)).map(([name, value]) => [name, value?.toString()]));
  const text = (name: keyof KeptPayload): string | undefined => written.get(PAYLOAD_HEADER_PREFIX + name);
  const sha256 = text('sha256');
  if (sha256 === undefined) return undefined;
  return { bytes: Number(text('bytes')), sha256, file: text('file'), record: text('record') };
}

/** The headers without those that dead-lettering added. */
export function originalHeaders(headers: Headers): Headers {
  const end = reasonEndsAt(headers);
  return headers.filter(
    ([name], at) => !name.startsWith(DEAD_LETTER_HEADER_PREFIX) && !(end > 0 && at >= end && name.startsWith(PAYLOAD_HEADER_PREFIX)),
  );
}

/** Headers of the record itself stand before the reason, whatever they are called. 0: there is none. */
const reasonEndsAt = (headers: Headers): number => headers.findLastIndex(([name]) => name.startsWith(DEAD_LETTER_HEADER_PREFIX)) + 1;

/** The headers of the reason alone. */
export function reasonHeaders(headers: Headers): Headers {
  return headers.filter(([name]) => name.startsWith(DEAD_LETTER_HEADER_PREFIX));
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
