/** The rules of the compatibility check, one by one: name, path, old and new value, in both directions. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkContracts, defaultCompatibility, overallVerdict, type Contracts } from '../../src/contracts/compatibility/check.js';
import { contractsIn } from '../../src/contracts/compatibility/documents.js';
import { RULES } from '../../src/contracts/compatibility/rules.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { TOPIC_NAMES } from '../../src/topics.js';

const contracts = (schema: unknown): Contracts => new Map([['t', { value: { schema, root: schema } }]]);
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

function check(old: unknown, now: unknown, compatibility: 'backward' | 'forward' | 'full' = 'backward', strict = false) {
  return checkContracts(contracts(old), contracts(now), { compatibility, strict })[0]!;
}

const ID = { type: 'string', minLength: 1, maxLength: 128 };

/** [old, new, rule backward, rule forward, path, what OLD says there, what NEW says there]: `old` becomes `new`. */
const NARROWED: readonly (readonly [
  old: object,
  now: object,
  backward: string,
  forward: string,
  path: string,
  was: unknown,
  is: unknown,
])[] = [
  [object({ a: ID }), object({ a: ID }, { required: ['a'] }), 'required-added', 'required-removed', 'a', 'optional', 'required'],
  [object({}), object({ a: ID }, { required: ['a'] }), 'required-added', 'property-removed-from-output', 'a', 'optional', 'required'],
  [{ type: ['string', 'null'] }, { type: 'string' }, 'type-narrowed', 'type-widened', '', ['null', 'string'], ['string']],
  [{ type: 'number' }, { type: 'integer' }, 'type-narrowed', 'type-widened', '', 'number', 'integer'],
  [{ enum: ['a', 'b'] }, { enum: ['a'] }, 'enum-value-removed', 'enum-value-added', '', ['b'], ['a']],
  [{ type: 'string' }, { type: 'string', enum: ['a'] }, 'enum-added', 'enum-removed', '', undefined, ['a']],
  [{ type: 'integer', maximum: 9 }, { type: 'integer', maximum: 8 }, 'maximum-lowered', 'maximum-raised', '', 9, 8],
  [{ type: 'number', maximum: 9 }, { type: 'number', exclusiveMaximum: 9 }, 'maximum-lowered', 'maximum-raised', '', 9, 9],
  [{ type: 'number' }, { type: 'number', minimum: 0 }, 'minimum-raised', 'minimum-lowered', '', undefined, 0],
  [{ type: 'integer' }, { type: 'integer', multipleOf: 5 }, 'multiple-of-changed', 'multiple-of-changed', '', [], 5],
  [ID, { ...ID, maxLength: 64 }, 'max-length-lowered', 'max-length-raised', '', 128, 64],
  [ID, { ...ID, minLength: 2 }, 'min-length-raised', 'min-length-lowered', '', 1, 2],
  [ID, { ...ID, pattern: '^a' }, 'pattern-added', 'pattern-removed', '', undefined, '^a'],
  [{ type: 'array' }, { type: 'array', maxItems: 3 }, 'max-items-lowered', 'max-items-raised', '', undefined, 3],
  [{ type: 'array' }, { type: 'array', minItems: 1 }, 'min-items-raised', 'min-items-lowered', '', undefined, 1],
  [{ type: 'array' }, { type: 'array', uniqueItems: true }, 'unique-items-added', 'unique-items-removed', '', false, true],
  [object({}), object({}, { maxProperties: 3 }), 'max-properties-lowered', 'max-properties-raised', '', undefined, 3],
  [object({}), object({}, { minProperties: 1 }), 'min-properties-raised', 'min-properties-lowered', '', 0, 1],
  [
    object({ a: ID }),
    object({}, { additionalProperties: false }),
    'property-removed-from-closed',
    'property-added-to-closed',
    'a',
    undefined,
    'no further fields',
  ],
  [
    object({}),
    object({}, { additionalProperties: false }),
    'additional-properties-narrowed',
    'additional-properties-widened',
    '',
    true,
    false,
  ],
  [
    object({}, { additionalProperties: { type: 'integer' } }),
    object({}, { additionalProperties: { type: 'integer', minimum: 0 } }),
    'minimum-raised',
    'minimum-lowered',
    '.*',
    undefined,
    0,
  ],
  [
    object({ list: { type: 'array', items: object({ a: { anyOf: [ID, { type: 'null' }] } }) } }),
    object({ list: { type: 'array', items: object({ a: { anyOf: [{ ...ID, maxLength: 8 }, { type: 'null' }] } }) } }),
    'max-length-lowered',
    'max-length-raised',
    'list[].a',
    128,
    8,
  ],
];

describe('what a narrower schema breaks', () => {
  it.each(NARROWED)('%j -> %j: %s, and %s the other way round', (old, now, backward, forward, path, was, is) => {
    const breaks = check(old, now).breaks;
    expect(breaks).toHaveLength(breaks.some(({ rule }) => rule === 'property-removed-from-closed') ? 2 : 1);
    expect(breaks[0]).toEqual({
      rule: backward,
      direction: 'backward',
      part: 'value',
      path,
      ...(was === undefined ? {} : { old: was }),
      ...(is === undefined ? {} : { new: is }),
    });
    // Old consumers read all of what is written now.
    expect(check(old, now, 'forward')).toMatchObject({ verdict: 'compatible', breaks: [] });
    const other = check(now, old, 'forward').breaks[0];
    expect(other).toEqual({
      rule: forward,
      direction: 'forward',
      part: 'value',
      path,
      ...(is === undefined ? {} : { old: is }),
      ...(was === undefined ? {} : { new: was }),
    });
    expect(check(now, old, 'backward')).toMatchObject({ verdict: 'compatible' });
    expect(check(old, now, 'full').verdict).toBe('incompatible');
  });

  it('every rule is here, or in a test of its own', () => {
    const here = NARROWED.flatMap(([, , backward, forward]) => [backward, forward]);
    const elsewhere = [
      'topic-removed',
      'could-not-tell',
      'property-added',
      'property-removed',
      'property-added-to-open',
      'property-removed-from-open',
    ];
    expect(
      Object.values(RULES)
        .flat()
        .filter((rule) => ![...here, ...elsewhere].includes(rule)),
    ).toEqual([]);
  });
});

it('docs/contracts.md has every rule', () => {
  const page = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8');
  expect([...new Set(Object.values(RULES).flat())].filter((rule) => !page.includes(`\`${rule}\``))).toEqual([]);
});

describe('fields that a schema does not name', () => {
  const [old, now] = [object({ a: ID }), object({ a: ID, b: { type: 'integer' } })];

  it('are taken as not written: a new optional field is a compatible change', () => {
    expect(check(old, now, 'full')).toMatchObject({ verdict: 'compatible', changes: [{ rule: 'property-added', path: 'b' }] });
    expect(check(now, old, 'full')).toMatchObject({ verdict: 'compatible', changes: [{ rule: 'property-removed', path: 'b' }] });
  });

  it('count as written with --strict, unless the schema is closed', () => {
    expect(check(old, now, 'backward', true).breaks).toMatchObject([{ rule: 'property-added-to-open', path: 'b' }]);
    expect(check(now, old, 'forward', true).breaks).toMatchObject([{ rule: 'property-removed-from-open', path: 'b' }]);
    expect(check({ ...old, additionalProperties: false }, now, 'backward', true)).toMatchObject({ verdict: 'compatible' });
  });

  it('that may be anything break nothing', () => {
    expect(check(old, object({ a: ID, b: {} }), 'backward', true).verdict).toBe('compatible');
  });
});

describe('what cannot be judged is said, and is not compatible', () => {
  const TEXT = { type: 'string' };
  it.each<[old: object, now: object, reason: string]>([
    [TEXT, { ...TEXT, not: { maxLength: 1 } }, 'the keyword not'],
    [TEXT, { $ref: 'https://example.com/a.json' }, '$ref https://example.com/a.json: it is not in this document'],
    [TEXT, { $ref: '#/$defs/gone' }, '$ref #/$defs/gone: there is nothing'],
    [TEXT, { $ref: '#' }, '$ref #: it refers to itself'],
    [TEXT, { $ref: '#/$defs/a', maxLength: 3, $defs: { a: TEXT } }, '$ref beside other keywords'],
    [
      TEXT,
      { $schema: 'http://json-schema.org/draft-04/schema#', type: ['string', 'null'] },
      'the dialect http://json-schema.org/draft-04/schema#',
    ],
    [{ ...TEXT, pattern: '^a' }, { ...TEXT, pattern: '^b' }, 'whether one pattern is within the other'],
    [TEXT, { ...TEXT, format: 'date' }, 'some validators check format, and some do not'],
    [{ type: 'array' }, { type: 'array', items: [TEXT] }, 'items of this form'],
    [TEXT, { ...TEXT, maxLength: 'long' }, 'maxLength of this form'],
    [object({}), { ...object({}), if: { required: ['a'] }, then: { required: ['b'] } }, 'an if of this form'],
    [
      TEXT,
      {
        oneOf: [
          { ...TEXT, maxLength: 1 },
          { ...TEXT, minLength: 3 },
        ],
      },
      'oneOf whose alternatives are of one type',
    ],
    [{ type: 'integer' }, { anyOf: [{ maximum: 1 }, { minimum: 2 }] }, 'none of 2 alternatives accepts all of it by itself'],
  ])('%j -> %j: %s', (old, now, reason) => {
    const { verdict, could_not_tell } = check(old, now);
    expect(verdict).not.toBe('compatible');
    expect(could_not_tell.map((one) => one.reason)).toContain(reason);
  });

  it('a schema that has not changed is the same, whatever its keywords', () => {
    expect(check({ not: { type: 'string' } }, { not: { type: 'string' }, description: 'other words' }).verdict).toBe('compatible');
    // What it refers to may have changed.
    expect(check({ $ref: 'a.json' }, { $ref: 'a.json' }).verdict).toBe('could_not_tell');
  });
});

describe('conditions are taken case by case', () => {
  const conditional = (type: string, then: object) => ({ if: { properties: { type: { const: type } }, required: ['type'] }, then });
  const base = object({ type: { type: 'string', enum: ['x', 'y'] }, a: { type: ['string', 'null'] } }, { required: ['type'] });

  it('a new condition breaks the events that it is about', () => {
    const now = { ...base, allOf: [conditional('x', { required: ['a'], properties: { a: { type: 'string' } } })] };
    expect(check(base, now).breaks.map(({ rule, path, when }) => [rule, path, when])).toEqual([
      ['required-added', 'a', 'type is "x"'],
      ['type-narrowed', 'a', 'type is "x"'],
    ]);
    expect(check(now, base).verdict).toBe('compatible');
  });

  it('one that is there on both sides breaks nothing, and a value that is gone is named once', () => {
    const was = { ...base, allOf: [conditional('x', { required: ['a'] })] };
    const one = object({ type: { type: 'string', enum: ['x'] }, a: { type: ['string', 'null'] } }, { required: ['type'] });
    expect(check(was, { ...one, allOf: [conditional('x', { required: ['a'] })] }).breaks).toMatchObject([
      { rule: 'enum-value-removed', path: 'type', old: ['y'], new: ['x'] },
    ]);
  });

  it('policy.control may drop a condition, and may not add one', () => {
    const now = eventSchema('policy.control') as { allOf: object[] };
    const old = { ...now, allOf: now.allOf.slice(1) };
    expect(check(old, now).breaks.map(({ path, when }) => [path, when])).toEqual([
      ['user_id', 'type is "promote", or type is "rollback", or type is "configure"'],
    ]);
    expect(check(now, old).verdict).toBe('compatible');
  });
});

describe('documents', () => {
  it('the topics of a release that are gone break, those that are new do not', () => {
    const topics = checkContracts(contracts(ID), new Map([['u', { value: { schema: ID, root: ID } }]]), { strict: false });
    expect(topics.map(({ topic, verdict, breaks, changes }) => [topic, verdict, breaks[0]?.rule ?? changes[0]?.rule])).toEqual([
      ['t', 'incompatible', 'topic-removed'],
      ['u', 'compatible', 'topic-added'],
    ]);
    expect(overallVerdict(topics)).toBe('incompatible');
  });

  it('each topic is held to what its writers and readers need', () => {
    expect(
      Object.fromEntries([...TOPIC_NAMES, 'tip.served-dlt', 'of.others'].map((topic) => [topic, defaultCompatibility(topic)])),
    ).toMatchObject({
      'policy.control': 'backward',
      'tip.served': 'backward',
      'tip.candidates': 'backward',
      'tip.scored': 'full',
      'profile.features': 'forward',
      'tipstream.audit': 'forward',
      'tip.served-dlt': 'forward',
      'of.others': 'full',
    });
  });

  it.each([
    ['a schema by its $id', { $id: 'urn:tipstream:schema:tip.served', type: 'object' }, 'x.json', ['tip.served']],
    ['a schema by its title', { title: 'tip.served', $id: 'https://shop.example/served', type: 'object' }, 'x.json', ['tip.served']],
    ['a schema by its file', { type: 'object' }, 'tip.served.schema.json', ['tip.served']],
    ['a bundle', { $defs: { 'tip.served': { type: 'object' }, 'tip.feedback': {} } }, 'x.json', ['tip.served', 'tip.feedback']],
    ['an AsyncAPI document', { asyncapi: '3.0.0', channels: { 'tip.served': { messages: {} } } }, 'x.json', ['tip.served']],
  ])('%s', (_, document, file, topics) => {
    expect([...(contractsIn(document, file) as Contracts).keys()]).toEqual(topics);
  });

  it.each([
    [[], 'is neither a JSON Schema nor an AsyncAPI document'],
    [{ name: 'tipstream', type: 'module' }, 'is neither a JSON Schema nor an AsyncAPI document'],
    [{ asyncapi: '2.6.0' }, 'is AsyncAPI 2.6.0, and only version 3 is read'],
  ])('%j is refused', (document, wrong) => expect(contractsIn(document, 'x.json')).toEqual({ wrong }));

  it('keys and headers of an AsyncAPI document are compared too', () => {
    const document = (key: object, headers: object) => ({
      asyncapi: '3.1.0',
      channels: { t: { messages: { t: { $ref: '#/components/messages/t' } } } },
      components: {
        messages: { t: { payload: { $ref: '#/components/schemas/p' }, headers, bindings: { kafka: { key } } } },
        schemas: { p: ID },
      },
    });
    const [old, now] = [document({ type: 'string' }, {}), document({ type: 'null' }, { type: 'object', required: ['h'] })];
    const [verdict] = checkContracts(contractsIn(old, '') as Contracts, contractsIn(now, '') as Contracts, {
      compatibility: 'backward',
      strict: false,
    });
    expect(verdict!.breaks.map(({ part, rule, path }) => [part, rule, path])).toEqual([
      ['key', 'type-narrowed', ''],
      ['headers', 'type-narrowed', ''],
      ['headers', 'required-added', 'h'],
    ]);
  });
});
