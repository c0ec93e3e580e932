/** An AsyncAPI 3.0 document of every topic: what to send, what to expect, and what a dead letter looks like. */
import { topicSettings } from '../log/topic-settings.js';
import { DEAD_LETTER_HEADERS } from '../events/dead-letter.js';
import { REJECTION_CODES } from '../events/rejection.js';
import { TOPICS, TOPIC_NAMES, deadLetterTopic, fullTopicName } from '../topics.js';
import { eventSchema, type JsonSchema } from './json-schema.js';

const BINDING_VERSION = '0.5.0';
const KEY_SCHEMA = { type: 'string', minLength: 1, description: 'user_id as UTF-8' };
const OPTIONAL_KEY_SCHEMA = {
  type: ['string', 'null'],
  description: 'user_id as UTF-8 where the event has one; otherwise ' + 'the same record ' + 'is written to every partition',
};

export function asyncApiDocument(prefix: string, partitions: number, version: string): JsonSchema {
  const settings = new Map(topicSettings(prefix, partitions).map((topic) => [topic.name, topic]));
  const channels: Record<string, unknown> = {};
  const operations: Record<string, unknown> = {};
  const messages: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};

  const addChannel = (id: string, address: string, description: string): void => {
    const topic = settings.get(address)!;
    channels[id] = {
      address,
      description,
      messages: { [id]: { $ref: `#/components/messages/${id}` } },
      bindings: {
        kafka: {
          topic: address,
          partitions: topic.partitions,
          topicConfiguration: {
            'cleanup.policy': [topic.cleanupPolicy],
            'retention.ms': topic.retentionMs,
            'max.message.bytes': topic.maxMessageBytes,
          },
          bindingVersion: BINDING_VERSION,
        },
      },
    };
  };
  const addOperation = (action: 'send' | 'receive', id: string, summary: string): void => {
    operations[`${action}.${id}`] = {
      action,
      summary,
      channel: { $ref: `#/channels/${id}` },
      messages: [{ $ref: `#/channels/${id}/messages/${id}` }],
    };
  };

  for (const topic of TOPIC_NAMES) {
    const { description, role, writtenBy, keyed } = TOPICS[topic];
    const address = fullTopicName(prefix, topic);
    const { $schema: _, ...payload } = eventSchema(topic);
    schemas[topic] = payload;
    messages[topic] = {
      name: topic,
      title: topic,
      summary: description,
      contentType: 'application/json',
      payload: { $ref: `#/components/schemas/${topic}` },
      ...(TRACED.has(topic) ? { headers: { $ref: '#/components/schemas/trace-headers' } } : {}),
      bindings: { kafka: { key: keyed === 'always' ? KEY_SCHEMA : OPTIONAL_KEY_SCHEMA, bindingVersion: BINDING_VERSION } },
    };
    addChannel(topic, address, description);
    if (role === 'consumed') addOperation('receive', topic, `tipstream folds ${address}`);
    if (writtenBy === 'workers') addOperation('send', topic, `tipstream writes ${address}`);
    if (role !== 'consumed') continue;

    const deadLetter = deadLetterTopic(topic);
    messages[deadLetter] = {
      name: deadLetter,
      title: deadLetter,
      contentType: 'application/octet-stream',
      summary: `A record of ${address} that could not be folded: its key and value byte for byte, the reason in headers.`,
      headers: { $ref: '#/components/schemas/dead-letter-headers' },
      payload: {},
    };
    addChannel(deadLetter, deadLetterTopic(address), `What was refused from ${address}.`);
    addOperation('send', deadLetter, `tipstream puts refused records of ${address} aside`);
  }
  schemas['dead-letter-headers'] = deadLetterHeadersSchema();
  schemas['trace-headers'] = TRACE_HEADERS;
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'tipstream',
      version,
      description:
        'Tip events in; 30-day profiles, decisions and dead ' + 'letters ' + 'out. Operations ' + 'are those of tipstream itself.',
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: { messages, schemas },
  };
}

/** A request for a decision, and what it brings: each may belong to a trace. */
const TRACED: ReadonlySet<string> = new Set(['tip.candidates', 'tip.scored', 'tip.scored.shadow']);
const TRACE_HEADERS: JsonSchema = {
  type: 'object',
  description: 'W3C Trace Context, if the request belongs to a trace. Further headers are allowed.',
  properties: {
    traceparent: { type: 'string', examples: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'] },
    tracestate: { type: 'string', maxLength: 512 },
  },
};

/** Header values are UTF-8 text, numbers included; the headers of the original record come before these. */
function deadLetterHeadersSchema(): JsonSchema {
  const properties = Object.fromEntries(DEAD_LETTER_HEADERS.map((name) => [name, headerSchema(name)]));
  return { type: 'object', properties, required: DEAD_LETTER_HEADERS };
}

function headerSchema(name: string): JsonSchema {
  if (name.endsWith('.code')) return { type: 'string', examples: REJECTION_CODES };
  if (name.endsWith('.stage')) return { type: 'string', examples: ['decode', 'validate', 'route'] };
  if (/\.(partition|offset|failed_at_ms|redrive_count)$/.test(name)) return { type: 'string', pattern: '^[0-9]+$' };
  return { type: 'string' };
}
