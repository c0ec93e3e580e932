/** Schemas of record headers. Their values are UTF-8 text, numbers included, and further headers are allowed everywhere. */
import { DEAD_LETTER_HEADERS, PAYLOAD_HEADERS } from '../../events/dead-letter.js';
import { REJECTION_CODES } from '../../events/rejection.js';
import type { JsonSchema } from '../json-schema.js';

const DIGITS = '^[0-9]+$';
const TEXT = { type: 'string', minLength: 1 };

const TRACE: JsonSchema = {
  type: 'object',
  description: 'W3C Trace Context, if the request belongs to a trace. Further headers are allowed.',
  properties: {
    traceparent: { type: 'string', examples: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'] },
    tracestate: { type: 'string', maxLength: 512 },
  },
};

const CLOUDEVENTS_BINARY: JsonSchema = {
  type: 'object',
  description: 'CloudEvents 1.0, binary: attributes in headers, the event as the value. They are checked, and what is folded is the value.',
  properties: {
    ce_specversion: { type: 'string', pattern: '^1\\.[0-9]+$', examples: ['1.0'] },
    ce_id: TEXT,
    ce_source: TEXT,
    ce_type: TEXT,
    'content-type': { type: 'string', description: 'a JSON media type, if there is one', examples: ['application/json'] },
  },
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type'],
};

const CLOUDEVENTS_STRUCTURED: JsonSchema = {
  type: 'object',
  description: 'CloudEvents 1.0, structured. Without the header, a value with specversion and data is taken for one too.',
  properties: {
    'content-type': { type: 'string', pattern: '^application/cloudevents\\+json', examples: ['application/cloudevents+json'] },
  },
};

export const HEADER_SCHEMAS = {
  'trace-headers': TRACE,
  'cloudevents-binary-headers': CLOUDEVENTS_BINARY,
  'cloudevents-structured-headers': CLOUDEVENTS_STRUCTURED,
  'dead-letter-headers': deadLetterHeaders(),
} satisfies Record<string, JsonSchema>;

export type HeaderSchema = keyof typeof HEADER_SCHEMAS;

/** The headers of the original record come before the reason. */
function deadLetterHeaders(): JsonSchema {
  const reason = DEAD_LETTER_HEADERS.map((name) => [name, reasonHeader(name)]);
  const payload = PAYLOAD_HEADERS.map((name) => [name, payloadHeader(name)]);
  return {
    type: 'object',
    description:
      'Behind the headers of the refused record: where it lay, who refused it, why and when. ' +
      'A record that did not fit the topic has further headers, and its value is in a file of the data directory.',
    properties: Object.fromEntries([...reason, ...payload]) as JsonSchema,
    required: DEAD_LETTER_HEADERS,
  };
}

function reasonHeader(name: string): JsonSchema {
  if (name.endsWith('.code')) return { type: 'string', description: 'later versions may have more', examples: REJECTION_CODES };
  if (name.endsWith('.stage')) return { type: 'string', examples: ['decode', 'validate', 'route'] };
  if (/\.(partition|offset|failed_at_ms|redrive_count)$/.test(name)) return { type: 'string', pattern: DIGITS };
  return { type: 'string' };
}

function payloadHeader(name: string): JsonSchema {
  if (name.endsWith('.bytes')) return { type: 'string', pattern: DIGITS };
  if (name.endsWith('.sha256')) return { type: 'string', pattern: '^[0-9a-f]{64}$' };
  return { type: 'string' };
}
