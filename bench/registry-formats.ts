/**
 * What Confluent's wire format costs beside plain JSON: an event from its bytes to a valid event, in Avro, with JSON behind the five bytes,
 * and as JSON alone. CPU time of one thread, in turns: `node --import ./test/support/typescript-register.mjs bench/registry-formats.ts`.
 */
import avsc from 'avsc';
import { decodeRecord, type DecodeRules } from '../src/events/decode.js';
import { partitionFunction } from '../src/log/partitioner.js';
import type { LogRecord } from '../src/log/port.js';
import { RegistryClient } from '../src/log/schema-registry/client.js';
import { Payloads } from '../src/log/schema-registry/payloads.js';
import { Schemas } from '../src/log/schema-registry/schemas.js';
import { framed } from '../test/support/registry-fixtures.js';
import { StandInRegistry } from '../test/support/stand-in-registry.js';
import { upstreamEvents, type UpstreamEvent } from './events.js';

const EVENTS = 10_000;
const TURNS = 25;
const RUNS_A_TURN = 5;
const JSON_ID = 3;
const RULES: DecodeRules = { partitioner: partitionFunction('murmur2'), partitions: 1, maxValueBytes: 1_048_576 };

const optional = (name: string, type: string): object => ({ name, type: ['null', type], default: null });
const text = (name: string): object => ({ name, type: 'string' });
/** As a producer of these events would declare them. */
const AVRO = {
  'tip.served': {
    id: 1,
    type: avsc.Type.forSchema({
      type: 'record',
      name: 'TipServed',
      fields: [
        ...[text('tip_id'), text('user_id'), { name: 'served_at_ms', type: 'long' }, optional('policy', 'string')],
        ...[optional('source', 'string'), optional('category', 'string'), optional('utc_offset_min', 'int')],
      ],
    } as avsc.Schema),
  },
  'tip.feedback': {
    id: 2,
    type: avsc.Type.forSchema({
      type: 'record',
      name: 'TipFeedback',
      fields: [
        ...[text('tip_id'), text('user_id'), { name: 'reacted_at_ms', type: 'long' }, optional('utc_offset_min', 'int')],
        { name: 'action', type: { type: 'enum', name: 'Action', symbols: ['done', 'dismiss', 'snooze'] } },
      ],
    } as avsc.Schema),
  },
} as const;

interface Format {
  readonly name: string;
  readonly valueOf: (event: UpstreamEvent) => Buffer;
  readonly records: Map<UpstreamEvent['topic'], LogRecord[]>;
  best: number;
}

const format = (name: string, valueOf: Format['valueOf']): Format => ({ name, valueOf, records: new Map(), best: Infinity });
const formats = [
  format('plain JSON', ({ value }) => Buffer.from(value)),
  format('JSON Schema', ({ value }) => framed(JSON_ID, value)),
  format('Avro', ({ topic, value }) => {
    const { id, type } = AVRO[topic];
    return framed(id, type.toBuffer(type.clone(JSON.parse(value), { wrapUnions: true, skipMissingFields: true })));
  }),
];

/** Answers how many events there were; throws where one is refused. */
function decoded({ records }: Format, payloads: Payloads): number {
  let events = 0;
  for (const [topic, all] of records) {
    const attached = payloads.attach(all);
    if (attached === undefined) throw new Error('a schema is missing');
    for (const record of attached) {
      if (!decodeRecord(topic, record, RULES).ok) throw new Error(`an event of ${topic} was refused`);
      events++;
    }
  }
  return events;
}

for (const event of upstreamEvents({ events: EVENTS, users: 500, endMs: Date.now(), withDecisions: false })) {
  for (const { records, valueOf } of formats) {
    const of = records.get(event.topic) ?? [];
    records.set(event.topic, of);
    const [key, value] = [Buffer.from(event.userId), valueOf(event)];
    of.push({ topic: event.topic, partition: 0, offset: of.length, timestampMs: event.arrivedAtMs, key, value, headers: [] });
  }
}
const schemas = [
  ...Object.values(AVRO).map(({ id, type }) => ({ id, schemaType: 'AVRO', schema: JSON.stringify(type.schema()) })),
  { id: JSON_ID, schemaType: 'JSON', schema: '{"type": "object"}' },
].map((schema) => ({ ...schema, subject: `s${schema.id}`, version: 1, guid: String(schema.id), references: [] }));
const registry = await StandInRegistry.open({ schemas });
const client = new RegistryClient({ urls: [registry.url] });
const payloads = new Payloads(new Schemas(client));
for (const { records } of formats) for (const all of records.values()) await payloads.resolve(all, {});

for (let turn = 0; turn < TURNS; turn++) {
  for (const one of formats) {
    const before = process.cpuUsage();
    let events = 0;
    for (let run = 0; run < RUNS_A_TURN; run++) events += decoded(one, payloads);
    const { user, system } = process.cpuUsage(before);
    one.best = Math.min(one.best, ((user + system) * 1_000) / events);
  }
}
client.close();
await registry.goAway();
for (const { name, best, records } of formats) {
  const all = [...records.values()].flat();
  const bytes = all.reduce((sum, { value }) => sum + value!.length, 0) / all.length;
  const rate = Math.round(1e9 / best).toLocaleString('en');
  const share = (best / formats[0]!.best).toFixed(2);
  console.log(`${name}: ${Math.round(best)} ns an event, ${rate} events/s, ${Math.round(bytes)} bytes, ${share} of JSON`);
}
