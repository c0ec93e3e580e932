/** What is not ours passes through as it was written: a number, a name or a blank that JSON.parse would change is somebody's data. */
import { expect, test } from 'vitest';
import { createProducer } from '../../src/producer/producer.js';
import { produceLines } from '../../src/producer/produce-lines.js';
import { FakeLog } from '../support/log/fake-log.js';

const OURS = '"user_id":"ann","tip_id":"t","served_at_ms":5';

const VALUES: [what: string, value: string][] = [
  ['a number beyond 2^53', `{${OURS},"trace":9007199254740993}`],
  ['a number beyond doubles', `{${OURS},"weight":1e400,"least":-1E+999}`],
  ['spellings of numbers', `{${OURS},"a":1.0,"b":1e2,"c":-0,"d":0.10,"e":12345678901234567890.123456789}`],
  ['a name twice', `{${OURS},"mine":1,"mine":{"a":2,"a":3},"mine":1}`],
  ['one of our own names twice', `{"served_at_ms":1,${OURS}}`],
  ['names that look like integers', `{"10":1,"9":2,${OURS},"1":{"2":0,"1":0}}`],
  ['blanks', `{ \t${OURS} ,\t"mine" : [ 1 , 2 ]   }`],
  ['escapes', `{${OURS},"mine":"\\u00e4\\/\\ud800 \\"}","\\u0076alue":"\\\\"}`],
  ['__proto__', `{${OURS},"__proto__":{"a":1.0}}`],
  ['nested 8,000 deep', `{${OURS},"mine":${'['.repeat(8_000)}1.0${']'.repeat(8_000)}}`],
  ['nested 100,000 deep', `{${OURS},"mine":${'{"a":'.repeat(100_000)}1.0${'}'.repeat(100_000)}}`],
  ['a CloudEvent', `{"specversion":"1.0","id":"1","source":"s","type":"t","mine":1.0,"data":{${OURS},"trace":9007199254740993}}`],
];

async function produced(line: string | Buffer, options: object = {}): Promise<string[]> {
  const fake = new FakeLog();
  async function* one() {
    yield line;
  }
  expect(await produceLines(fake.log, one(), { prefix: '', ...options })).toEqual({ accepted: 1, rejected: 0, errors: [] });
  expect(fake.records.map(({ key }) => key!.toString())).toEqual(['ann']);
  return fake.records.map(({ value }) => value!.toString());
}

test.each(VALUES)('%s, in a line of produce', async (_, value) => {
  expect(await produced(`{"topic":"tip.served","value": ${value} ,"key":"ann"}`)).toEqual([value]);
  expect(await produced(Buffer.from(`{"value":{"value":1},"topic":"tip.served","v\\u0061lue":${value}}\r`))).toEqual([value]);
});

test.each(VALUES)('%s, as an event without an envelope', async (_, value) => {
  expect(await produced(value, { topic: 'tip.served' })).toEqual([value]);
});

test.each(VALUES)('%s, in a line of produce --raw', async (_, value) => {
  expect(await produced(`{"topic":"tip.served","key":"ann","value":${value}}`, { raw: true })).toEqual([value]);
});

test.each(VALUES)('%s, as bytes that a program sends', async (_, value) => {
  const fake = new FakeLog();
  await createProducer(fake.log).send('tip.served', Buffer.from(value));
  expect(fake.records.map((record) => [record.key!.toString(), record.value!.toString()])).toEqual([['ann', value]]);
});

test('an object that a program sends is written however deep it is, and a bigint as the number that it is', async () => {
  const fake = new FakeLog();
  const deep = (levels: number): unknown => {
    let value: unknown = [undefined, 'x', () => 1, { gone: undefined, at: new Date(0) }];
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { value } : [value];
    return value;
  };
  const event = { user_id: 'ann', tip_id: 't', served_at_ms: 5 };
  const producer = createProducer(fake.log);
  await producer.send('tip.served', { ...event, mine: deep(4) } as typeof event);
  await producer.send('tip.served', { ...event, mine: deep(4), n: 9_007_199_254_740_993n } as typeof event);
  await producer.send('tip.served', { ...event, mine: deep(100_000) } as typeof event);
  const [small, withBigInt, large] = fake.records.map(({ value }) => value!.toString());
  expect(withBigInt).toBe(`${small!.slice(0, -1)},"n":9007199254740993}`);
  const wrapped = (levels: number): string =>
    '[{"value":'.repeat(levels / 2) + '[null,"x",null,{"at":"1970-01-01T00:00:00.000Z"}]' + '}]'.repeat(levels / 2);
  expect(large).toBe(`{${OURS},"mine":${wrapped(100_000)}}`);
  const cyclic: Record<string, unknown> = { ...event };
  cyclic.mine = { again: [cyclic] };
  await expect(producer.send('tip.served', cyclic as typeof event)).rejects.toMatchObject({ code: 'invalid_event' });
});
