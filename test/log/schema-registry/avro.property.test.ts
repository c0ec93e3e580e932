/** Random values of random schemas, and random events, written by an encoder of the test's own, are read as what they were. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeRecord } from '../../../src/events/decode.js';
import { BadPayload } from '../../../src/log/schema-registry/avro-bytes.js';
import { avroReader, parseAvro } from '../../../src/log/schema-registry/avro-reader.js';
const runs = (usual: number): number => usual * Number(process.env.FUZZ ?? 1);

type Schema =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'double'
  | 'string'
  | 'bytes'
  | { readonly type: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly type: 'array'; readonly items: Schema }
  | { readonly type: 'map'; readonly values: Schema }
  | { readonly type: 'record'; readonly name: string; readonly fields: readonly { readonly name: string; readonly type: Schema }[] }
  | readonly Schema[];

/** A value as bytes, and as what it must be read as. */
interface Written {
  readonly bytes: Buffer;
  readonly json: unknown;
}

const long = (value: number | bigint): Buffer => {
  let bits = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; bits > 0x7fn; bits >>= 7n) bytes.push(Number(bits & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(bits)]);
};
const sized = (bytes: Buffer): Buffer => Buffer.concat([long(bytes.length), bytes]);
const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => value.isWellFormed());
const double = fc.double({ noNaN: true, noDefaultInfinity: true });

/** In one or two blocks, the second with its size in bytes. */
function blocks(items: readonly Buffer[], split: number): Buffer {
  const [first, second] = [items.slice(0, split), items.slice(split)];
  const of = Buffer.concat(second);
  return Buffer.concat([
    ...(first.length === 0 ? [] : [long(first.length), ...first]),
    ...(second.length === 0 ? [] : [long(-second.length), long(of.length), of]),
    long(0),
  ]);
}

const nameOf = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/);

/** Names are made unique afterwards, as a schema defines each once. */
const schemas: fc.Arbitrary<Schema> = fc
  .letrec<{ schema: Schema }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<Schema>('null', 'boolean', 'int', 'long', 'double', 'string', 'bytes'),
      fc.uniqueArray(nameOf, { minLength: 1, maxLength: 4 }).map((symbols): Schema => ({ type: 'enum', name: 'N', symbols })),
      tie('schema').map((items): Schema => ({ type: 'array', items })),
      tie('schema').map((values): Schema => ({ type: 'map', values })),
      fc
        .uniqueArray(fc.record({ name: nameOf, type: tie('schema') }), { maxLength: 4, selector: ({ name }) => name })
        .map((fields): Schema => ({ type: 'record', name: 'N', fields })),
      fc.uniqueArray(fc.constantFrom<Schema>('null', 'boolean', 'int', 'long', 'double', 'string'), { minLength: 1, maxLength: 4 }),
    ),
  }))
  .schema.map((schema) => uniquelyNamed(schema, { count: 0 }));

function uniquelyNamed(schema: Schema, names: { count: number }): Schema {
  if (typeof schema === 'string') return schema;
  if (Array.isArray(schema)) return schema;
  const one = schema as Exclude<Schema, string | readonly Schema[]>;
  const name = `N${names.count++}`;
  switch (one.type) {
    case 'enum':
      return { ...one, name };
    case 'array':
      return { ...one, items: uniquelyNamed(one.items, names) };
    case 'map':
      return { ...one, values: uniquelyNamed(one.values, names) };
    case 'record':
      return { ...one, name, fields: one.fields.map((field) => ({ ...field, type: uniquelyNamed(field.type, names) })) };
  }
}

function valueOf(schema: Schema): fc.Arbitrary<Written> {
  if (Array.isArray(schema))
    return fc
      .nat({ max: schema.length - 1 })
      .chain((branch) =>
        valueOf((schema as readonly Schema[])[branch]!).map(({ bytes, json }) => ({ bytes: Buffer.concat([long(branch), bytes]), json })),
      );
  switch (schema) {
    case 'null':
      return fc.constant({ bytes: Buffer.alloc(0), json: null });
    case 'boolean':
      return fc.boolean().map((json) => ({ bytes: Buffer.from([Number(json)]), json }));
    case 'int':
      return fc.integer().map((json) => ({ bytes: long(json), json }));
    case 'long':
      return fc.maxSafeInteger().map((json) => ({ bytes: long(json), json }));
    case 'double':
      return double.map((value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(value);
        return { bytes, json: value === 0 ? 0 : value };
      });
    case 'string':
      return text.map((json) => ({ bytes: sized(Buffer.from(json)), json }));
    case 'bytes':
      return fc
        .uint8Array({ maxLength: 8 })
        .map((value) => ({ bytes: sized(Buffer.from(value)), json: Buffer.from(value).toString('latin1') }));
  }
  const one = schema as Exclude<Schema, string | readonly Schema[]>;
  switch (one.type) {
    case 'enum':
      return fc.nat({ max: one.symbols.length - 1 }).map((index) => ({ bytes: long(index), json: one.symbols[index] }));
    case 'array':
      return fc.tuple(fc.array(valueOf(one.items), { maxLength: 4 }), fc.nat({ max: 4 })).map(([items, split]) => ({
        bytes: blocks(
          items.map(({ bytes }) => bytes),
          split,
        ),
        json: items.map(({ json }) => json),
      }));
    case 'map':
      return fc
        .tuple(fc.uniqueArray(fc.tuple(text, valueOf(one.values)), { maxLength: 4, selector: ([key]) => key }), fc.nat({ max: 4 }))
        .map(([entries, split]) => ({
          bytes: blocks(
            entries.map(([key, { bytes }]) => Buffer.concat([sized(Buffer.from(key)), bytes])),
            split,
          ),
          json: Object.fromEntries(entries.map(([key, { json }]) => [key, json])),
        }));
    case 'record':
      return fc.tuple(...one.fields.map(({ type }) => valueOf(type))).map((values) => ({
        bytes: Buffer.concat(values.map(({ bytes }) => bytes)),
        json: Object.fromEntries(values.map(({ json }, i) => [one.fields[i]!.name, json])),
      }));
  }
}

const written = schemas.chain((schema) => valueOf(schema).map((value) => ({ schema, ...value })));

it('a value is read as what was written', () => {
  fc.assert(
    fc.property(written, ({ schema, bytes, json }) => {
      const read = avroReader(parseAvro(JSON.stringify(schema), {}));
      expect(JSON.parse(read(bytes).toString())).toEqual(json);
    }),
    { numRuns: runs(500) },
  );
});

it('any bytes are read within their length, or refused', () => {
  fc.assert(
    fc.property(written, fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 60 }), ({ schema, bytes }, noise, at) => {
      const read = avroReader(parseAvro(JSON.stringify(schema), {}));
      const broken = Buffer.concat([bytes.subarray(0, Math.min(at, bytes.length)), noise, bytes.subarray(Math.min(at, bytes.length))]);
      try {
        JSON.parse(read(broken).toString());
      } catch (error) {
        expect(error).toBeInstanceOf(BadPayload);
      }
    }),
    { numRuns: runs(500) },
  );
});

const CANDIDATES = {
  type: 'record',
  name: 'TipCandidates',
  fields: [
    { name: 'utc_offset_min', type: ['null', 'int'] },
    { name: 'decision_id', type: 'string' },
    { name: 'user_id', type: 'string' },
    { name: 'requested_at_ms', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'candidates',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Candidate',
          fields: [
            { name: 'tip_id', type: 'string' },
            { name: 'is_overdue', type: 'boolean' },
            { name: 'task_age_days', type: 'double' },
            { name: 'priority', type: 'int' },
            { name: 'category', type: ['null', 'string'] },
          ],
        },
      },
    },
  ],
} as const;

const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const events = fc.record(
  {
    decision_id: id,
    user_id: id,
    requested_at_ms: fc.nat({ max: 253_402_300_799_999 }),
    utc_offset_min: fc.integer({ min: -840, max: 840 }),
    candidates: fc.uniqueArray(
      fc.record(
        {
          tip_id: id,
          is_overdue: fc.boolean(),
          task_age_days: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
          priority: fc.integer({ min: 1, max: 4 }),
          category: fc.string({ maxLength: 20 }).filter((value) => value.isWellFormed()),
        },
        { requiredKeys: ['tip_id', 'is_overdue', 'task_age_days', 'priority'] },
      ),
      { minLength: 1, maxLength: 5, selector: ({ tip_id: tipId }) => tipId },
    ),
  },
  { requiredKeys: ['decision_id', 'user_id', 'requested_at_ms', 'candidates'] },
);

const string = (value: string): Buffer => sized(Buffer.from(value));
const optional = <T>(value: T | undefined, write: (value: T) => Buffer): Buffer =>
  value === undefined ? long(0) : Buffer.concat([long(1), write(value)]);

it('an event is the event that was written', () => {
  const read = avroReader(parseAvro(JSON.stringify(CANDIDATES), {}));
  fc.assert(
    fc.property(events, fc.nat({ max: 5 }), (event, split) => {
      const candidates = event.candidates.map((candidate) => {
        const age = Buffer.alloc(8);
        age.writeDoubleLE(candidate.task_age_days);
        return Buffer.concat([
          string(candidate.tip_id),
          Buffer.from([Number(candidate.is_overdue)]),
          age,
          long(candidate.priority),
          optional(candidate.category, string),
        ]);
      });
      const value = Buffer.concat([
        optional(event.utc_offset_min, long),
        string(event.decision_id),
        string(event.user_id),
        long(event.requested_at_ms),
        blocks(candidates, split),
      ]);
      const asJson = Buffer.from(JSON.stringify(event));
      const record = { key: Buffer.from(event.user_id), headers: [], partition: 0 };
      const rules = { partitioner: null, partitions: 1, maxValueBytes: 1_000_000 };
      // What is an event as JSON is the same event as Avro, and what is refused is refused with the same words.
      expect(decodeRecord('tip.candidates', { ...record, value, payload: { ok: true, json: read(value) } }, rules)).toEqual(
        decodeRecord('tip.candidates', { ...record, value: asJson }, rules),
      );
    }),
    { numRuns: runs(300) },
  );
});
