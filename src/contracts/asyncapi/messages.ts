/** The messages of a topic: the event as it is, in the two envelopes of CloudEvents where others write it, and what marks an end. */
import { TOPICS, type TopicName } from '../../topics.js';
import { EXAMPLES } from '../examples.js';
import type { JsonSchema } from '../json-schema.js';
import type { HeaderSchema } from './headers.js';

/** Of Kafka's message binding and channel binding. */
export const BINDING_VERSION = '0.5.0';

const KEYS: Readonly<Record<(typeof TOPICS)[TopicName]['keyed'], JsonSchema>> = {
  always: { type: 'string', minLength: 1, description: 'user_id as UTF-8' },
  'of-a-user': {
    type: ['string', 'null'],
    description: 'user_id as UTF-8 where the event has one; otherwise the same record is written to every partition',
  },
  'by-digest': { type: 'string', minLength: 1, description: "the event's user_digest; the record lies on the user's partition" },
  never: { type: 'null', description: 'records of this topic have no key' },
};

/** A request for a decision, and what it brings: each may belong to a trace. */
const TRACED: ReadonlySet<TopicName> = new Set(['tip.candidates', 'tip.scored', 'tip.scored.shadow']);

export const headersRef = (name: HeaderSchema): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** By id, the event as it is first. */
export function messagesOf(topic: TopicName): Record<string, JsonSchema> {
  const { writtenBy, cleanupPolicy, description } = TOPICS[topic];
  const trace: HeaderSchema[] = TRACED.has(topic) ? ['trace-headers'] : [];
  const { minimal, full } = EXAMPLES[topic];
  const base = {
    ...(TRACED.has(topic) ? { correlationId: { $ref: '#/components/correlationIds/decision' } } : {}),
    bindings: { kafka: { key: KEYS[TOPICS[topic].keyed], bindingVersion: BINDING_VERSION } },
  };
  const plain = {
    ...base,
    name: topic,
    title: topic,
    summary: description,
    contentType: 'application/json',
    ...headers(trace),
    payload: { $ref: `#/components/schemas/${topic}` },
    examples: [
      { name: 'minimal', summary: 'What is required.', payload: minimal },
      { name: 'full', summary: 'Every field.', payload: full },
    ],
  };
  return {
    [topic]: plain,
    ...(writtenBy === 'producers' ? envelopes(topic, base, trace) : {}),
    ...(cleanupPolicy === 'compact' ? { [`${topic}.tombstone`]: tombstone(topic) } : {}),
  };
}

/** Which messages of a channel an operation is about: all of them. */
export const messageRefs = (channel: string, ids: readonly string[]): JsonSchema[] =>
  ids.map((id) => ({ $ref: `#/channels/${channel}/messages/${id}` }));

function envelopes(topic: TopicName, base: JsonSchema, trace: readonly HeaderSchema[]): Record<string, JsonSchema> {
  const { minimal } = EXAMPLES[topic];
  const attributes = { specversion: '1.0', id: 'e-1001', source: '/app', type: topic };
  const { correlationId: _, ...withoutCorrelation } = base;
  const ceHeaders = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]));
  return {
    [`${topic}.cloudevents-binary`]: {
      ...base,
      name: `${topic}.cloudevents-binary`,
      title: `${topic} as a binary CloudEvent`,
      summary: 'The same event with the attributes of a CloudEvent in headers.',
      contentType: 'application/json',
      ...headers(['cloudevents-binary-headers', ...trace]),
      payload: { $ref: `#/components/schemas/${topic}` },
      examples: [{ name: 'minimal', headers: ceHeaders, payload: minimal }],
    },
    [`${topic}.cloudevents-structured`]: {
      // The decision's id lies deeper here.
      ...withoutCorrelation,
      name: `${topic}.cloudevents-structured`,
      title: `${topic} in a structured CloudEvent`,
      summary: 'A CloudEvent that holds the same event in data, or its bytes as Base64 in data_base64.',
      contentType: 'application/cloudevents+json',
      ...headers(['cloudevents-structured-headers', ...trace]),
      payload: envelopeAround(topic),
      examples: [{ name: 'minimal', payload: { ...attributes, datacontenttype: 'application/json', data: minimal } }],
    },
  };
}

function envelopeAround(topic: TopicName): JsonSchema {
  const text = { type: 'string', minLength: 1 };
  return {
    type: 'object',
    properties: {
      specversion: { type: 'string', pattern: '^1\\.[0-9]+$' },
      id: text,
      source: text,
      type: text,
      datacontenttype: { type: ['string', 'null'], description: 'a JSON media type' },
      data: { $ref: `#/components/schemas/${topic}` },
      data_base64: { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' },
    },
    required: ['specversion', 'id', 'source', 'type'],
    oneOf: [{ required: ['data'] }, { required: ['data_base64'] }],
  };
}

function tombstone(topic: TopicName): JsonSchema {
  return {
    name: `${topic}.tombstone`,
    title: `${topic}, tombstone`,
    summary: 'A key without a value: the user of the key is not known any more. Compaction drops what came before.',
    payload: { type: 'null', description: 'no bytes: the value of the record is null' },
    bindings: { kafka: { key: KEYS[TOPICS[topic].keyed], bindingVersion: BINDING_VERSION } },
  };
}

function headers(names: readonly HeaderSchema[]): JsonSchema {
  if (names.length === 0) return {};
  const refs = names.map(headersRef);
  return { headers: refs.length === 1 ? refs[0] : { type: 'object', allOf: refs } };
}
