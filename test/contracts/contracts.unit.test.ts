import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asyncApiDocument } from '../../src/contracts/asyncapi/document.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { CONSUMED_TOPICS, TOPIC_NAMES } from '../../src/topics.js';

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Record<string, unknown>;
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('contracts/ is what the topic table says; if not: npm run contracts', () => {
  test.each(TOPIC_NAMES)('%s', (topic) => {
    expect(read(`contracts/schemas/${topic}.schema.json`)).toEqual(plain(eventSchema(topic)));
  });
  test('AsyncAPI', () => {
    expect(read('contracts/asyncapi.json')).toEqual(
      plain(asyncApiDocument({ prefix: '', partitions: 4, group: 'tipstream', version: read('package.json').version as string })),
    );
  });
  test('nothing is left of topics that are gone', () => {
    expect(existsSync(new URL('../../contracts/schemas/', import.meta.url))).toBe(true);
    expect(readdirSync(new URL('../../contracts/schemas/', import.meta.url)).sort()).toEqual(
      TOPIC_NAMES.map((topic) => `${topic}.schema.json`).sort(),
    );
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument({ prefix: 'signals.', partitions: 8, group: 'g', version: '1.2.3' }) as {
    channels: Record<
      string,
      { address: string; bindings: { kafka: { topic: string; partitions: number; topicConfiguration: Record<string, unknown> } } }
    >;
    operations: Record<string, { action: string }>;
  };

  test('has a channel for every topic and every dead-letter topic, under its full name', () => {
    const addresses = Object.values(document.channels).map((channel) => channel.bindings.kafka.topic);
    for (const [id, { address }] of Object.entries(document.channels)) expect(address).toBe(`{prefix}${id}`);
    const expected = [...TOPIC_NAMES.map((topic) => `signals.${topic}`), ...CONSUMED_TOPICS.map((topic) => `signals.${topic}-dlt`)];
    expect(addresses.sort()).toEqual(expected.sort());
    expect(document.channels['profile.features']!.bindings.kafka).toMatchObject({
      partitions: 8,
      topicConfiguration: { 'cleanup.policy': ['compact'] },
    });
  });

  test('receives what it folds and sends what it answers', () => {
    expect(Object.keys(document.operations)).toEqual(
      expect.arrayContaining([
        'receive.tip.served',
        'receive.tip.scored',
        'send.tip.scored',
        'send.profile.features',
        'send.tip.served-dlt',
      ]),
    );
    expect(document.operations).not.toHaveProperty(['send.tip.served']);
    expect(document.operations).not.toHaveProperty(['receive.profile.features']);
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(30);
    for (const reference of references) {
      let found: unknown = document;
      for (const step of reference.split('/')) found = (found as Record<string, unknown> | undefined)?.[step];
      expect(found, reference).toBeDefined();
    }
  });
});
