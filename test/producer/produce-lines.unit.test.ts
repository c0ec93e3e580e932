import { describe, expect, test, vi } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.js';
import { MAX_LINE_BYTES } from '../../src/producer/line-reader.js';
import { MAX_ERRORS, produceLines, type LineRejection, type ProduceLinesOptions } from '../../src/producer/produce-lines.js';
import { FakeLog } from '../support/log/fake-log.js';

const SERVED = { tip_id: 't1', user_id: 'ann', served_at_ms: 5 };
const servedLine = (user: string, extra: object = {}) =>
  JSON.stringify({ topic: 'tip.served', value: { ...SERVED, user_id: user }, ...extra });

async function* each(lines: readonly (string | Buffer)[]) {
  yield* lines;
}

async function produce(lines: readonly (string | Buffer | object)[], options: Partial<ProduceLinesOptions> = {}, fake = new FakeLog()) {
  const texts = lines.map((line) => (typeof line === 'string' || Buffer.isBuffer(line) ? line : JSON.stringify(line)));
  const result = await produceLines(fake.log, each(texts), { prefix: '', ...options });
  return { result, records: fake.records, batches: fake.batches };
}

describe('a line', () => {
  test('becomes a record keyed by its user, written as it was given', async () => {
    const value = { ...SERVED, user_id: 'änn', mine: [1] };
    const { result, records } = await produce([
      { topic: 'tip.served', value, timestamp_ms: 7, headers: { a: 'x', b: ['y', { base64: '/w==' }] }, partition: 9 },
    ]);
    expect(result).toEqual({ accepted: 1, rejected: 0, errors: [] });
    expect(records).toMatchObject([
      {
        topic: 'tip.served',
        key: Buffer.from('änn'),
        timestampMs: 7,
        headers: [
          ['a', Buffer.from('x')],
          ['b', Buffer.from('y')],
          ['b', Buffer.from([0xff])],
        ],
      },
    ]);
    expect(JSON.parse(records[0]!.value!.toString())).toEqual(value);
  });

  test('says who wrote it where that is known, whatever its headers say; controls in each partition too', async () => {
    const control = { control_id: 'c1', type: 'rollback', effective_at_ms: 1_795_900_000_000 };
    const { records } = await produce(
      [
        { topic: 'tip.served', value: SERVED, headers: { 'tipstream.by': 'somebody else', a: 'x' } },
        { topic: 'policy.control', value: control },
      ],
      { by: 'otto' },
    );
    const by = ['tipstream.by', Buffer.from('otto')];
    expect(records.length).toBeGreaterThan(2);
    expect(records.map(({ headers }) => headers)).toEqual([[['a', Buffer.from('x')], by], ...records.slice(1).map(() => [by])]);
    const { records: plain } = await produce([{ topic: 'tip.served', value: SERVED, headers: { 'tipstream.by': 'kept' } }]);
    expect(plain[0]!.headers).toEqual([['tipstream.by', Buffer.from('kept')]]);
  });

  test('names its topic with or without the prefix', async () => {
    const lines = ['tip.served', 'signals.tip.served'].map((topic) => ({
      topic,
      value: SERVED,
      key: null,
      headers: null,
      timestamp_ms: null,
    }));
    const { records } = await produce(lines, { prefix: 'signals.' });
    expect(records.map((record) => record.topic)).toEqual(['signals.tip.served', 'signals.tip.served']);
  });

  test('may hold a CloudEvent, whose data names the user', async () => {
    const { records } = await produce([
      { topic: 'tip.served', value: { specversion: '1.0', id: '1', source: 's', type: 't', data: SERVED } },
    ]);
    expect(records[0]!.key).toEqual(Buffer.from('ann'));
  });

  test('for everybody is written to every partition with one control_id', async () => {
    const value = { control_id: 'c1', type: 'rollback', effective_at_ms: 1 };
    const { result, records } = await produce([{ topic: 'policy.control', value }]);
    expect(result.accepted).toBe(1);
    expect(records.map(({ partition, key }) => ({ partition, key }))).toEqual([0, 1, 2, 3].map((partition) => ({ partition, key: null })));
    expect(new Set(records.map((record) => record.value!.toString()))).toEqual(new Set([JSON.stringify(value)]));
  });

  test('goes where crc32 says when the consumers expect that', async () => {
    const { records } = await produce(
      ['a', 'b', 'c'].map((user) => servedLine(user)),
      { partitioner: 'crc32' },
    );
    expect(records.map((record) => record.partition)).toEqual(records.map((record) => partitionFor('crc32', record.key!, 4)));
  });
});

describe('refused lines', () => {
  const refused: [line: string | Buffer | object, code: string, message: RegExp][] = [
    ['{', 'not_json', /^the line is not JSON/],
    ['[]', 'not_object', /^expected an object/],
    [Buffer.from([0x22, 0xff, 0x22]), 'not_utf8', /UTF-8/],
    ['x'.repeat(MAX_LINE_BYTES + 1), 'value_too_large', /the line is longer/],
    [{ value: SERVED }, 'invalid_line', /^topic: is missing/],
    [{ topic: 'tipstream.audit', value: {} }, 'forbidden', /^topic: only tipstream itself writes to tipstream.audit/],
    [{ topic: 'tip.seved', value: SERVED }, 'unknown_topic', /"tip.seved" is none of .*tip.served/],
    [{ topic: 'tip.served-dlt', value: SERVED }, 'unknown_topic', /tip.served-dlt/],
    [{ topic: 'tip.served' }, 'null_value', /^value: is missing/],
    [{ topic: 'tip.served', value: null }, 'null_value', /^value: is missing/],
    [{ topic: 'tip.served', value: JSON.stringify(SERVED) }, 'not_object', /found a string/],
    [{ topic: 'tip.served', value: { ...SERVED, tip_id: '' } }, 'invalid_event', /^tip_id: /],
    [
      '{"topic":"tip.served","value":{"tip_id":"t","user_id":"u","served_at_ms":1,"utc_offset_min":1e999}}',
      'invalid_event',
      /^utc_offset_min: .*Infinity/,
    ],
    [{ topic: 'tip.served', value: SERVED, key: 'bob' }, 'foreign_key', /user_id/],
    [{ topic: 'tip.served', value: SERVED, key: 5 }, 'invalid_line', /^key: /],
    [{ topic: 'tip.served', value: SERVED, timestamp_ms: -1 }, 'invalid_line', /^timestamp_ms: /],
    [{ topic: 'tip.served', value: SERVED, timestamp_ms: '5' }, 'invalid_line', /^timestamp_ms: /],
    [{ topic: 'tip.served', value: SERVED, headers: { a: 5 } }, 'invalid_line', /^headers: /],
    [{ topic: 'tip.served', value: SERVED, headers: [] }, 'invalid_line', /^headers: /],
    [
      { topic: 'tip.served', value: { ...SERVED, pad: 'x'.repeat(1_048_577) } },
      'value_too_large',
      /^the value has \d+ bytes, more than 1048576/,
    ],
    [
      { topic: 'tip.served', value: { ...SERVED, pad: 'x'.repeat(1_048_500) } },
      'value_too_large',
      /^the record has about 1048\d+ bytes with its key/,
    ],
    [
      { topic: 'tip.served', value: SERVED, headers: { a: 'x'.repeat(1_048_500) } },
      'value_too_large',
      /^the record has about 1048\d+ bytes with its key/,
    ],
    [{ topic: 'tip.served', value: { specversion: '2.0', data: SERVED } }, 'bad_envelope', /specversion/],
  ];
  test.each(refused)('%.80j', async (line, code, message) => {
    const { result, records } = await produce([line]);
    expect(result).toMatchObject({
      accepted: 0,
      rejected: 1,
      errors: [{ line: 1, code, message: expect.stringMatching(message) as string }],
    });
    expect(records).toEqual([]);
  });

  test('are counted with their line numbers, blank lines included, and the valid ones are written in order', async () => {
    const { result, records } = await produce([servedLine('a'), '', '{', '   ', servedLine('b'), servedLine('')]);
    expect(result).toMatchObject({
      accepted: 2,
      rejected: 2,
      errors: [
        { line: 3, code: 'not_json' },
        { line: 6, code: 'invalid_event' },
      ],
    });
    expect(records.map((record) => record.key!.toString())).toEqual(['a', 'b']);
  });

  test('beyond the cap are told to the caller and counted', async () => {
    const seen: LineRejection[] = [];
    const { result } = await produce(
      Array.from({ length: MAX_ERRORS + 5 }, () => '{'),
      { onRejection: (rejection) => seen.push(rejection) },
    );
    expect(result).toMatchObject({ accepted: 0, rejected: MAX_ERRORS + 5, errors_omitted: 5 });
    expect(result.errors).toHaveLength(MAX_ERRORS);
    expect(seen.at(-1)!.line).toBe(MAX_ERRORS + 5);
  });
});

describe('batches', () => {
  test('of a thousand', async () => {
    const { batches } = await produce(Array.from({ length: 2_500 }, (_, i) => servedLine(`u${i}`)));
    expect(batches).toEqual([1_000, 1_000, 500]);
  });

  test('of few megabytes', async () => {
    const { batches } = await produce(
      Array.from({ length: 10 }, (_, i) => ({ topic: 'tip.served', value: { ...SERVED, user_id: `u${i}`, pad: 'x'.repeat(900_000) } })),
    );
    expect(batches).toEqual([5, 5]);
  });

  test('of what there is, when the next line is slow to come', async () => {
    const fake = new FakeLog();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    async function* slow() {
      yield servedLine('a');
      yield servedLine('b');
      await gate;
      yield servedLine('c');
    }
    const producing = produceLines(fake.log, slow(), { prefix: '' });
    await vi.waitFor(() => expect(fake.records).toHaveLength(2));
    open();
    expect(await producing).toMatchObject({ accepted: 3 });
    expect(fake.batches).toEqual([2, 1]);
  });

  test('a log that fails midway says how much was written', async () => {
    const fake = new FakeLog();
    fake.failAfterBatches = 1;
    const lines = Array.from({ length: 1_500 }, (_, i) => servedLine(`u${i}`));
    await expect(produce(lines, {}, fake)).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('1000 lines had been written') as string,
      details: { accepted: 1_000 },
    });
  });

  test('an interruption stops between batches', async () => {
    const stop = new AbortController();
    const fake = new FakeLog();
    async function* endless() {
      for (let i = 0; ; i++) {
        if (i === 1_500) stop.abort(new Error('interrupted'));
        yield servedLine(`u${i}`);
      }
    }
    await expect(produceLines(fake.log, endless(), { prefix: '', signal: stop.signal })).rejects.toThrow('interrupted');
    expect(fake.records).toHaveLength(1_000);
  });

  test('missing topics are an error that says what to do', async () => {
    await expect(
      produce(
        [{ topic: 'policy.control', value: { control_id: 'c', type: 'rollback', effective_at_ms: 1 } }],
        {},
        new FakeLog({ hasTopics: false }),
      ),
    ).rejects.toMatchObject({ code: 'topic_not_found', hint: expect.stringContaining('topics create') as string });
  });
});

describe('atomic', () => {
  test('writes everything when everything is valid', async () => {
    const { result, records } = await produce(
      Array.from({ length: 1_200 }, (_, i) => servedLine(`u${i}`)),
      { atomic: true },
    );
    expect(result.accepted).toBe(1_200);
    expect(records).toHaveLength(1_200);
  });

  test('writes nothing when a line is refused, and still names every refused one', async () => {
    const lines = [...Array.from({ length: 1_200 }, (_, i) => servedLine(`u${i}`)), '{', servedLine('a'), '{'];
    const { result, records } = await produce(lines, { atomic: true });
    expect(result).toMatchObject({ accepted: 0, rejected: 2, errors: [{ line: 1_201 }, { line: 1_203 }] });
    expect(records).toEqual([]);
  });

  test('holds a bounded amount', async () => {
    async function* large() {
      const line = JSON.stringify({ topic: 'tip.served', value: { ...SERVED, pad: 'x'.repeat(990_000) } });
      for (let i = 0; i < 300; i++) yield line;
    }
    const fake = new FakeLog();
    await expect(produceLines(fake.log, large(), { prefix: '', atomic: true })).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(fake.records).toEqual([]);
  });

  test('can be checked without writing', async () => {
    const { result, records } = await produce([servedLine('a'), servedLine('b')], { checkOnly: true });
    expect(result).toEqual({ accepted: 2, rejected: 0, errors: [] });
    expect(records).toEqual([]);
  });
});

describe('raw', () => {
  test('writes what it is told', async () => {
    const { result, records } = await produce(
      [
        { topic: 'tip.served', value: 'not json', key: 'k', partition: 2, timestamp_ms: 3 },
        { topic: 'tip.served', value: null },
        { topic: 'tip.served', value_base64: '/w==', key_base64: '/g==', headers: { a: 'b' } },
        { topic: 'tip.served', value: { base64: '/w==' }, key: { base64: '/g==' } },
        { topic: 'tip.served-dlt', value: { any: 'thing' }, key: 'k' },
      ],
      { raw: true },
    );
    expect(result).toEqual({ accepted: 5, rejected: 0, errors: [] });
    expect(records).toMatchObject([
      { key: Buffer.from('k'), value: Buffer.from('not json'), partition: 2, timestampMs: 3 },
      { key: null, value: null },
      { key: Buffer.from([0xfe]), value: Buffer.from([0xff]), headers: [['a', Buffer.from('b')]] },
      { key: Buffer.from([0xfe]), value: Buffer.from([0xff]) },
      { topic: 'tip.served-dlt', value: Buffer.from('{"any":"thing"}') },
    ]);
  });

  test.each([
    [{ topic: 'other', value: 'x' }, 'unknown_topic'],
    [{ topic: 'profile.features-dlt', value: 'x' }, 'unknown_topic'],
    [{ topic: 'tip.served', value: 'x', partition: 4 }, 'invalid_line'],
    [{ topic: 'tip.served', value: 'x', partition: '1' }, 'invalid_line'],
    [{ topic: 'tip.served', value_base64: '*' }, 'invalid_line'],
    [{ topic: 'tip.served', key: 7, value: 'x' }, 'invalid_line'],
  ])('refuses %j', async (line, code) => {
    const { result } = await produce([line], { raw: true });
    expect(result.errors).toMatchObject([{ line: 1, code }]);
  });
});
