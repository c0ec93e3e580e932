/** Records cross to another thread whole: with null, with headers, and with what a schema registry made of their values. */
import { expect, it } from 'vitest';
import { pack, unpack } from '../../../../src/consumers/worker/threads/record-packing.js';
import { reject } from '../../../../src/events/rejection.js';
import type { LogRecord } from '../../../../src/log/port.js';
import { runOf } from '../../../../src/log/record-run.js';

it('nothing of a record is lost on the way', () => {
  const base = { topic: 'tip.served', partition: 3, key: Buffer.from('ana'), value: Buffer.from('{"a":1}'), headers: [] };
  const parts: readonly Partial<LogRecord>[] = [
    {},
    { key: null },
    { value: null },
    { key: null, value: null },
    { value: Buffer.alloc(0) },
    {
      headers: [
        ['trace', Buffer.from([0, 255])],
        ['empty', null],
      ],
    },
    { payload: { ok: true, json: Buffer.from('{"user_id":"ana"}') } },
    { payload: { ok: true, json: Buffer.alloc(0) } },
    { payload: reject('unknown_schema', 'schema id 7 cannot be read') },
    { key: null, payload: { ok: true, json: Buffer.from('x') }, headers: [['a', Buffer.from('b')]] },
  ];
  const records = parts.map((part, i): LogRecord => ({ ...base, offset: i * 2, timestampMs: 1_796_000_000_000 + i, ...part }));
  const packed = structuredClone(
    pack({ topic: 'tip.served', partition: 3, fromOffset: 0, nextOffset: 20, endOffset: 30, records: runOf(records) }),
  );
  const { records: run, ...range } = unpack(packed);
  expect(Array.from({ length: run.length }, (_, i) => run.recordAt(i))).toStrictEqual(records);
  expect(range).toEqual({ topic: 'tip.served', partition: 3, fromOffset: 0, nextOffset: 20, endOffset: 30 });
  expect([run.offsetAt(4), run.timestampAt(4)]).toEqual([8, 1_796_000_000_004]);
});
