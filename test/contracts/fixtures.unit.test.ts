/**
 * Events that were written once stay readable: today's decoder gives what each golden fixture says. Fixtures are made by
 * `npm run contracts` when a topic or its schema is new, and are only added to.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutAnnotations } from '../../src/contracts/annotations.js';
import { checkContracts, type Contracts } from '../../src/contracts/compatibility/check.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { decodeRecord, validate, type Decoded } from '../../src/events/decode.js';
import { REJECTION_CODES } from '../../src/events/rejection.js';
import { partitionFunction } from '../../src/log/partitioner.js';
import { TOPIC_NAMES, TOPICS, type TopicName } from '../../src/topics.js';
import { ACCEPTED_BREAKS } from './accepted-breaks.js';

interface Case {
  readonly name: string;
  readonly event: object;
  readonly decodes_to?: object;
  readonly code?: string;
  readonly stage?: string;
  readonly path?: string;
}
interface TopicFixture {
  readonly topic: TopicName;
  readonly version: number;
  readonly schema: unknown;
  readonly valid: readonly Case[];
  readonly invalid: readonly Case[];
}
interface RecordCase extends Omit<Case, 'event'> {
  readonly topic: TopicName;
  readonly key: string | null;
  readonly value_base64: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly max_value_bytes: number;
}

const folder = new URL('../../contracts/fixtures/', import.meta.url);
const bytesOf = (name: string) => readFileSync(new URL(name, folder));
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) => readdirSync(new URL(`${entry.name}/`, folder)).map((file) => `${entry.name}/${file}`));
const listed = new Map(
  bytesOf('SHA256SUMS')
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => line.split('  ').toReversed() as [string, string]),
);
const isRecords = (name: string) => name.startsWith('records/');
const fixtures = names.filter((name) => !isRecords(name)).map((name) => JSON.parse(bytesOf(name).toString()) as TopicFixture);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the files', () => {
  it('are those of SHA256SUMS: none is gone, and each new one is listed', () => {
    expect(names.toSorted(), 'bring back what is gone; what is new: npm run contracts').toEqual([...listed.keys()].sort());
  });

  it.each([...listed])('%s is what it was', (name, hash) => {
    expect(createHash('sha256').update(bytesOf(name)).digest('hex'), 'a fixture is never changed: take it back').toBe(hash);
  });

  it.each(TOPIC_NAMES)('of %s have a version of the schema as it is now', (topic) => {
    const versions = fixtures.filter((fixture) => fixture.topic === topic).toSorted((a, b) => a.version - b.version);
    const advice = `${topic} has no fixture as it is now: put its events into src/contracts/examples.ts and run npm run contracts`;
    expect(versions.at(-1)?.schema, advice).toEqual(plain(withoutAnnotations(eventSchema(topic))));
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, at) => at + 1));
  });

  it('are of topics that are there', () => {
    for (const { topic } of fixtures) expect(Object.keys(TOPICS), 'what was written under this name is still on logs').toContain(topic);
  });
});

function expectDecoded(decoded: Decoded<TopicName>, { decodes_to, code, stage, path }: Omit<Case, 'event'>): void {
  if (decodes_to !== undefined) expect(decoded).toEqual({ ok: true, event: decodes_to });
  else {
    expect(decoded).toMatchObject({ ok: false, rejection: { code, stage } });
    if (path !== undefined && !decoded.ok) expect(decoded.rejection.message.slice(0, path.length + 2)).toBe(`${path}: `);
  }
}

describe.each(fixtures.map((fixture) => [`${fixture.topic} v${fixture.version}`, fixture] as const))('%s', (_, fixture) => {
  const { topic, valid, invalid } = fixture;

  it('has the smallest event and the fullest, and events for every reason to be refused', () => {
    expect(valid.map(({ name }) => name)).toEqual(expect.arrayContaining(['minimal', 'full', 'a field that is not known']));
    const { required } = fixture.schema as { required: string[] };
    expect(invalid.map(({ name }) => name)).toEqual(expect.arrayContaining(required.map((field) => `without ${field}`)));
  });

  it('its schema is compatible with today, both for who wrote such events and for who reads them', () => {
    const [was, is] = [fixture.schema, eventSchema(topic)].map(
      (schema): Contracts => new Map([[topic, { value: { schema, root: schema } }]]),
    );
    const [verdict] = checkContracts(was!, is!, { strict: false });
    const accepted = ACCEPTED_BREAKS.filter(({ topics, since }) => topics.includes(topic) && fixture.version < since);
    const breaks = verdict!.breaks.filter(({ rule, path }) => !accepted.some((one) => one.rule === rule && one.path === path));
    expect(breaks, 'keep what older programs rely on; if it must break, say why in test/contracts/accepted-breaks.ts').toEqual([]);
    expect(verdict!.could_not_tell).toEqual([]);
  });

  it('accepted events decode to what they were', () => {
    for (const one of valid) expectDecoded(validate(topic, one.event), one);
  });

  it('refused events are refused with the same code at the same path', () => {
    for (const one of invalid) expectDecoded(validate(topic, one.event), one);
  });
});

describe.each(names.filter(isRecords))('%s', (name) => {
  const { partitions, records } = JSON.parse(bytesOf(name).toString()) as { partitions: number; records: RecordCase[] };

  it.each(records.map((record) => [record.name, record] as const))('%s', (_, record) => {
    const { topic, key, value_base64, headers, partition, max_value_bytes } = record;
    const rules = { partitioner: partitionFunction('murmur2'), partitions, maxValueBytes: max_value_bytes };
    const encoded = {
      key: key === null ? null : Buffer.from(key),
      value: value_base64 === null ? null : Buffer.from(value_base64, 'base64'),
      headers: Object.entries(headers).map(([header, text]) => [header, Buffer.from(text)] as const),
      partition,
    };
    expectDecoded(decodeRecord(topic, encoded, rules), record);
  });
});

it('the records are refused with every code of the decoder that a record can have', () => {
  const codes = new Set(
    names
      .filter(isRecords)
      .flatMap((name) => (JSON.parse(bytesOf(name).toString()) as { records: RecordCase[] }).records.map(({ code }) => code)),
  );
  // invalid_event is in the topics' own files; unknown_policy comes from what folds.
  // What a schema registry says is in test/log/schema-registry.
  const elsewhere = ['invalid_event', 'unknown_policy', 'unknown_schema', 'unsupported_schema', 'bad_payload'];
  const others = REJECTION_CODES.filter((code) => !elsewhere.includes(code));
  expect(others.filter((code) => !codes.has(code))).toEqual([]);
});
