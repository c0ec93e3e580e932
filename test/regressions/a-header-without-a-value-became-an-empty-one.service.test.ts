/** Kafka tells a header without a value from one with an empty value: so do the embedded log, dead letters, tail and produce. */
import { expect, it } from 'vitest';
import { encodeBatch } from '../../src/log/kafka/record-encoding.js';
import { recordsOf, splitBatches } from '../../src/log/kafka/record-batch.js';
import type { RecordHeaders } from '../../src/log/port.js';
import { headersFromJson, printFields, recordToJson, recordToRawJson } from '../../src/producer/json-form.js';
import { produceLines } from '../../src/producer/produce-lines.js';
import { pack, unpack } from '../../src/consumers/worker/threads/record-packing.js';
import { embeddedService } from '../support/embedded/directory.js';
import { FakeLog } from '../support/log/fake-log.js';

const HEADERS: RecordHeaders = [
  ['a', null],
  ['b', Buffer.from('')],
  ['a', Buffer.from('x')],
  ['ce_specversion', null],
  ['content-type', null],
  ['a', null],
];

it('in dead letters of the embedded log', async () => {
  const embedded = await embeddedService({ clock: () => 5_000 });
  await embedded.append({ topic: 'tip.served', key: Buffer.from('a'), value: Buffer.from('not json'), headers: HEADERS });
  await embedded.catchUp();
  expect((await embedded.records('tip.served'))[0]!.headers).toEqual(HEADERS);
  expect((await embedded.records('tip.served-dlt'))[0]!.headers.slice(0, HEADERS.length)).toEqual(HEADERS);
  await embedded.close();
});

it('in what Kafka is sent and what it gives back', () => {
  const bytes = encodeBatch([{ topic: 't', key: null, value: null, headers: HEADERS, timestampMs: 1 }], {
    producerId: 1n,
    epoch: 0,
    sequence: 0,
  });
  const records = recordsOf(splitBatches(bytes, []), 't', 0, 0, 9);
  expect(records.recordAt(0).headers).toEqual(HEADERS);
  const packed = structuredClone(pack({ topic: 't', partition: 0, fromOffset: 0, nextOffset: 1, endOffset: 1, records }));
  expect(unpack(packed).records.recordAt(0).headers).toEqual(HEADERS);
});

it('in what tail prints and produce reads', async () => {
  const record = { topic: 'tip.served', partition: 0, offset: 0, timestampMs: 1, key: null, value: null, headers: HEADERS };
  const printed = recordToJson(record).headers;
  expect(printed).toEqual({ a: [null, 'x', null], b: '', ce_specversion: null, 'content-type': null });
  expect(headersFromJson({ a: null, b: [null, ''] })).toEqual([
    ['a', null],
    ['b', null],
    ['b', Buffer.from('')],
  ]);
  const fake = new FakeLog();
  async function* lines() {
    yield printFields(recordToRawJson(record));
  }
  expect(await produceLines(fake.log, lines(), { prefix: '', raw: true })).toMatchObject({ accepted: 1 });
  expect(fake.records[0]!.headers).toEqual(HEADERS);
});
