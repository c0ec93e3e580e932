/** An AsyncAPI 3.1 document of every topic: what to send, what to expect, and what a dead letter looks like. */
import { topicSettings } from '../../log/topic-settings.js';
import { CONSUMED_TOPICS, TOPICS, TOPIC_NAMES, deadLetterTopic, fullTopicName, type TopicName } from '../../topics.js';
import { eventSchema, type JsonSchema } from '../json-schema.js';
import { HEADER_SCHEMAS } from './headers.js';
import { BINDING_VERSION, headersRef, messageRefs, messagesOf } from './messages.js';
import { brokers } from './servers.js';

export const ASYNCAPI_VERSION = '3.1.0';

export interface AsyncApiOptions {
  readonly prefix: string;
  readonly partitions: number;
  /** Consumer group of the service. */
  readonly group: string;
  /** Of tipstream. */
  readonly version: string;
}

/** Answers to requests: AsyncAPI names the channel in which to expect them. */
const REPLIES: Partial<Record<TopicName, TopicName>> = { 'tip.candidates': 'tip.scored' };

export function asyncApiDocument({ prefix, partitions, group, version }: AsyncApiOptions): JsonSchema {
  const settings = new Map(topicSettings(prefix, partitions, undefined, CONSUMED_TOPICS).map((topic) => [topic.name, topic]));
  const channels: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  const messages: Record<string, JsonSchema> = {};
  const schemas: Record<string, JsonSchema> = {};

  const addChannel = (id: string, fullName: string, description: string, its: Record<string, JsonSchema>): void => {
    const topic = settings.get(fullName)!;
    Object.assign(messages, its);
    channels[id] = {
      address: `{prefix}${id}`,
      description,
      parameters: { prefix: { $ref: '#/components/parameters/prefix' } },
      messages: Object.fromEntries(Object.keys(its).map((message) => [message, { $ref: `#/components/messages/${message}` }])),
      bindings: {
        kafka: {
          topic: fullName,
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
  const addOperation = (action: 'send' | 'receive', id: string, summary: string, more: JsonSchema = {}): void => {
    const ids = Object.keys(channels[id]!.messages as object);
    const channel = { $ref: `#/channels/${id}` };
    operations[`${action}.${id}`] = { action, summary, channel, messages: messageRefs(id, ids), ...more };
  };
  const reads = { bindings: { kafka: { groupId: { type: 'string', enum: [group] }, bindingVersion: BINDING_VERSION } } };

  for (const topic of TOPIC_NAMES) {
    const { description, role, writtenBy } = TOPICS[topic];
    const fullName = fullTopicName(prefix, topic);
    // The messages have the examples.
    const { $schema: _schema, examples: _examples, ...payload } = eventSchema(topic);
    schemas[topic] = payload;
    addChannel(topic, fullName, description, messagesOf(topic));
    if (role === 'consumed') addOperation('receive', topic, `tipstream folds ${fullName}`, { ...reads, ...replyTo(topic) });
    if (writtenBy !== 'producers') addOperation('send', topic, `tipstream writes ${fullName}`);
    if (role !== 'consumed') continue;
    const id = deadLetterTopic(topic);
    addChannel(id, deadLetterTopic(fullName), `What was refused from ${fullName}.`, { [id]: deadLetter(id, fullName) });
    addOperation('send', id, `tipstream puts refused records of ${fullName} aside`);
  }
  const { servers, securitySchemes, serverVariables } = brokers();
  return {
    asyncapi: ASYNCAPI_VERSION,
    info: {
      title: 'tipstream',
      version,
      description:
        'Tip events in; 30-day profiles, decisions and dead letters out. Operations are those of tipstream itself. ' +
        'Payloads are JSON objects; unknown fields are allowed, and null means absent.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers,
    channels,
    operations,
    components: {
      securitySchemes,
      serverVariables,
      parameters: { prefix: { default: prefix, description: 'what --topic-prefix puts before every topic', examples: ['signals.'] } },
      correlationIds: { decision: { description: 'the decision that is asked for', location: '$message.payload#/decision_id' } },
      messages,
      schemas: { ...schemas, ...HEADER_SCHEMAS },
    },
  };
}

function replyTo(topic: TopicName): JsonSchema {
  const reply = REPLIES[topic];
  return reply === undefined ? {} : { reply: { channel: { $ref: `#/channels/${reply}` }, messages: messageRefs(reply, [reply]) } };
}

function deadLetter(id: string, fullName: string): JsonSchema {
  return {
    name: id,
    title: id,
    contentType: 'application/octet-stream',
    summary: `A record of ${fullName} that could not be folded: its key and value byte for byte, the reason in headers.`,
    headers: headersRef('dead-letter-headers'),
    payload: { description: 'any bytes, or none' },
    bindings: { kafka: { key: { description: 'of the refused record, byte for byte' }, bindingVersion: BINDING_VERSION } },
  };
}
