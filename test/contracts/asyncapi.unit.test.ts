/** What AsyncAPI's own parser says of the document, and what a reader finds in what it has parsed. */
import { Parser, type AsyncAPIDocumentInterface } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { asyncApiDocument } from '../../src/contracts/asyncapi/document.js';
import { DEAD_LETTER_HEADERS } from '../../src/events/dead-letter.js';
import { CONSUMED_TOPICS, TOPIC_NAMES, TOPICS } from '../../src/topics.js';

const parser = new Parser();
const given = asyncApiDocument({ prefix: 'signals.', partitions: 8, group: 'signals.tipstream', version: '1.2.3' });
const parse = (document: unknown) => parser.parse(JSON.stringify(document));

describe('the parser', () => {
  let document: AsyncAPIDocumentInterface;
  beforeAll(async () => {
    const parsed = await parse(given);
    expect(parsed.diagnostics.map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`)).toEqual([]);
    document = parsed.document!;
  });

  it('takes it as AsyncAPI 3.1 and has nothing to say', () => expect(document.version()).toBe('3.1.0'));

  it('finds brokers, with and without TLS', () => {
    expect(
      document
        .servers()
        .all()
        .map((server) => server.protocol()),
    ).toEqual(['kafka', 'kafka-secure']);
  });

  it('finds the prefix as a parameter of every channel', () => {
    const channels = document.channels().all();
    expect(channels).toHaveLength(TOPIC_NAMES.length + CONSUMED_TOPICS.length);
    for (const channel of channels) {
      expect(
        channel
          .parameters()
          .all()
          .map((parameter) => parameter.id()),
      ).toEqual(['prefix']);
      expect(channel.servers().all()).toHaveLength(2);
    }
  });

  it.each(TOPIC_NAMES)('finds key, payload and examples of %s', (topic) => {
    const message = document.channels().get(topic)!.messages().get(topic)!;
    expect(message.bindings().get('kafka')!.json('key')).toBeDefined();
    expect(message.payload()!.required()).toContain(TOPICS[topic].keyed === 'always' ? 'user_id' : message.payload()!.required()![0]);
    expect(
      message
        .examples()
        .all()
        .map((example) => example.name()),
    ).toEqual(['minimal', 'full']);
    const others = document
      .channels()
      .get(topic)!
      .messages()
      .all()
      .map((one) => one.id()!.slice(topic.length + 1));
    const envelopes = TOPICS[topic].writtenBy === 'producers' ? ['cloudevents-binary', 'cloudevents-structured'] : [];
    expect(others).toEqual(['', ...envelopes, ...(TOPICS[topic].cleanupPolicy === 'compact' ? ['tombstone'] : [])]);
  });

  it.each(CONSUMED_TOPICS)('finds the headers of a dead letter of %s', (topic) => {
    const headers = document.channels().get(`${topic}-dlt`)!.messages().get(`${topic}-dlt`)!.headers()!;
    expect(headers.required()).toEqual(DEAD_LETTER_HEADERS);
    expect(Object.keys(headers.properties()!)).toEqual(expect.arrayContaining(DEAD_LETTER_HEADERS));
  });

  it('finds where a request is answered', () => {
    const reply = document.operations().get('receive.tip.candidates')!.reply()!;
    expect(reply.channel()!.id()).toBe('tip.scored');
  });

  it('would say that a channel is not there', async () => {
    const operations = { 'receive.none': { action: 'receive', channel: { $ref: '#/channels/none' } } };
    const { diagnostics } = await parse({ ...given, channels: {}, components: {}, servers: {}, operations });
    expect(diagnostics.map(({ path }) => path.join('.'))).toContain('operations.receive.none.channel.$ref');
  });
});

/** The parser does not compare them. */
describe('the examples of a message are what its payload and headers say', () => {
  interface Message {
    readonly payload: object;
    readonly headers?: object;
    readonly examples?: readonly { readonly payload?: unknown; readonly headers?: unknown }[];
  }
  const { components } = given as { components: { messages: Record<string, Message> } };
  const ajv = new Ajv2020({ strict: false });

  it.each(Object.entries(components.messages))('%s', (_, { payload, headers, examples = [] }) => {
    for (const part of ['payload', 'headers'] as const) {
      const schema = { payload, headers }[part];
      if (schema === undefined) continue;
      const accepts = ajv.compile({ ...schema, components });
      for (const example of examples)
        if (example[part] !== undefined) expect(accepts(example[part]), JSON.stringify(accepts.errors)).toBe(true);
    }
  });
});
