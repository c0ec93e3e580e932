/** A wrong `brokers` key meant an embedded log in ./data; an unknown topic was a TypeError of ours. */
import { existsSync, readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { openTipstream, TipstreamError, type TipstreamOptions } from '../../src/index.js';
import { newDirectory } from '../support/embedded/directory.js';

async function opened() {
  const tipstream = await openTipstream({ data: newDirectory() });
  onTestFinished(() => tipstream.close());
  return tipstream;
}
const SERVED = { tip_id: 't', user_id: 'ana', served_at_ms: 5 };
type Untyped = Record<string, (...given: unknown[]) => Promise<unknown>>;

test.each([
  [{ broker: '127.0.0.1:9092' }, /"broker"/, 'Did you mean brokers?'],
  [{ Brokers: '127.0.0.1:9092' }, /"Brokers"/, 'Did you mean brokers?'],
  [{ bootstrapServers: '127.0.0.1:9092' }, /"bootstrapServers"/, /^Give one of data, brokers, /],
  [{ topic_prefix: 'a.' }, /"topic_prefix"/, 'Did you mean topicPrefix?'],
  [{ partition: 3 }, /"partition"/, /^Did you mean partition(s|er)\?$/],
  [{ log: 'kafka' }, /"log"/, /Give one of/],
])('openTipstream(%j) is refused, and nothing is made', async (given, message, hint) => {
  const data = newDirectory();
  await expect(openTipstream({ data, ...(given as TipstreamOptions) })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(message) as string,
    hint: typeof hint === 'string' ? hint : (expect.stringMatching(hint) as string),
  });
  expect(existsSync(data) ? readdirSync(data) : []).toEqual([]);
});

test.each([
  [null, /must be an object, not null/],
  ['127.0.0.1:9092', /must be an object, not a string/],
  [{ brokers: null }, /brokers must not be null/],
  [{ brokers: { host: 'a' } }, /brokers must not be an object/],
  [{ brokers: [] }, /^brokers must/],
  [{ partitions: 0 }, /^partitions must be/],
  [{ partitioner: 'murmur3' }, /^partitioner must be/],
  [{ registry: {} }, /^registry must be one that createRegistry made/],
])('openTipstream(%j) says what must be given', async (given, message) => {
  await expect(openTipstream(given as TipstreamOptions)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  ['tip.serve', 'Did you mean tip.served?'],
  ['TIP.FEEDBACK', 'Did you mean tip.feedback?'],
  ['orders', /^Give one of policy\.control, /],
  ['constructor', /^Give one of/],
  ['__proto__', /^Give one of/],
  [undefined, /^Give one of/],
])('a send to %s is topic_not_found', async (topic, hint) => {
  const { producer } = await opened();
  const refused = {
    code: 'topic_not_found',
    hint: typeof hint === 'string' ? hint : (expect.stringMatching(hint) as string),
  };
  const sending = (producer as unknown as Untyped).send!(topic, SERVED);
  await expect(sending).rejects.toBeInstanceOf(TipstreamError);
  await expect(sending).rejects.toMatchObject(refused);
  await expect((producer as unknown as Untyped).sendAll!([{ topic, event: SERVED }])).rejects.toMatchObject(refused);
});

test.each([
  ['send', ['tip.served', SERVED, { timestamp: 5 }], /"timestamp"/],
  ['send', ['tip.served', SERVED, { timestampMs: NaN }], /timestampMs/],
  ['send', ['tip.served', SERVED, { headers: { trace: 'a' } }], /headers must be an array/],
  ['send', ['tip.served', SERVED, { headers: [['trace', 'a']] }], /headers must be an array/],
  ['sendAll', [[{ topic: 'tip.served', value: SERVED }]], /"value"/],
  ['sendAll', [{ topic: 'tip.served', event: SERVED }], /an array of events, not an object/],
  ['sendAll', [[null]], /must be an object, not null/],
])('%s of %j is refused', async (method, given, message) => {
  const { producer } = await opened();
  await expect((producer as unknown as Untyped)[method]!(...given)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  ['getProfile', [undefined], /user_id must be a text/],
  ['getProfile', [''], /user_id must be a text/],
  ['getProfile', ['\n'], /user_id must be 1 to 128 characters/],
  ['rebuildProfile', ['x'.repeat(129)], /user_id must be 1 to 128 characters/],
  ['getProfile', ['ana', { as_of: 5 }], /"as_of"/],
  ['getProfile', ['ana', { asOf: null }], /asOf must be/],
  ['getProfile', ['ana', 1_795_132_800_000], /must be an object, not a number/],
  ['rebuildProfile', [42], /user_id must be a text/],
])('%s of %j is refused', async (method, given, message) => {
  const tipstream = await opened();
  await expect((tipstream as unknown as Untyped)[method]!(...given)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(message) as string,
  });
});

test('headers may be any bytes, and null', async () => {
  const { producer } = await opened();
  expect(
    await producer.send('tip.served', SERVED, {
      timestampMs: 7,
      headers: [
        ['trace', new Uint8Array([1])],
        ['none', null],
      ],
    }),
  ).toHaveLength(1);
});
