import { describe, expect, it } from 'vitest';
import { eventSchema } from '../../../src/contracts/json-schema.js';
import { TOPIC_NAMES } from '../../../src/topics.js';
import { schemaFields } from '../../../src/web/state/schema-fields.js';

describe('what a schema wants', () => {
  it('is said of each field, the required ones first', () => {
    const fields = schemaFields(eventSchema('tip.feedback'));
    expect(fields.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(['tip_id', 'user_id', 'action', 'reacted_at_ms']);
    const of = (name: string) => fields.find((field) => field.name === name)!.wants;
    expect(of('tip_id')).toBe('string, 1 to 128 characters');
    expect(of('reacted_at_ms')).toBe('integer, 0 to 253402300799999');
    expect(of('action')).toBe('one of done, dismiss, snooze');
    expect(of('utc_offset_min')).toBe('integer, -840 to 840 or null');
  });

  it.each(TOPIC_NAMES)('is said of every field of %s', (topic) => {
    const schema = eventSchema(topic) as { properties: object };
    const fields = schemaFields(schema as never);
    expect(fields.map(({ name }) => name).sort()).toEqual(Object.keys(schema.properties).sort());
    for (const { wants } of fields) expect(wants).not.toBe('');
  });

  it('is nothing where a schema says nothing', () => {
    expect(schemaFields({})).toEqual([]);
    expect(
      schemaFields({
        properties: {
          a: true,
          b: { const: 1 },
          c: { type: ['string', 'null'] },
          d: { type: 'array', items: { type: 'string' }, maxItems: 3 },
        },
      }).map(({ wants }) => wants),
    ).toEqual(['anything', '1', 'string or null', 'array of string, at most 3 items']);
  });
});
