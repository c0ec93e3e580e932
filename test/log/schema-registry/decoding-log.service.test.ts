/** Reading through a registry that is there, slow, wrong, away, or none at all. */
import { expect, it, onTestFinished } from 'vitest';
import type { Log, LogRecord } from '../../../src/log/port.js';
import { decodingLog, type DecodingOptions } from '../../../src/log/schema-registry/decoding-log.js';
import { FIXTURE_RECORDS, FIXTURE_SCHEMAS, fixture, framed } from '../../support/registry-fixtures.js';
import { StandInRegistry, type RegistryFault, type StandInOptions } from '../../support/stand-in-registry.js';

async function opened(options: StandInOptions = {}): Promise<StandInRegistry> {
  const registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS, ...options });
  onTestFinished(() => registry.goAway());
  return registry;
}

/** The records in one read, and the log's facts behind them. */
async function readThrough(
  records: readonly (Pick<LogRecord, 'value'> & Partial<LogRecord>)[],
  options: Pick<DecodingOptions, 'urls'> & Partial<DecodingOptions>,
  { raw, signal }: { raw?: true; signal?: AbortSignal } = {},
) {
  const whole = records.map(
    (record, offset): LogRecord => ({ topic: 'tip.served', partition: 0, offset, timestampMs: 1, key: null, headers: [], ...record }),
  );
  const inner = {
    kind: 'sqlite',
    async *read() {
      yield whole;
    },
    close: () => Promise.resolve(),
  } as unknown as Log;
  const log = decodingLog(inner, { patienceMs: 300, timeoutMs: 200, ...options });
  onTestFinished(() => log.close());
  const found: LogRecord[] = [];
  const range = { topic: 'tip.served', partition: 0, from: 0, to: records.length };
  for await (const some of log.read({ ...range, ...(raw && { raw }), ...(signal && { signal }) })) found.push(...some);
  return { found, payloads: found.map(({ payload }) => payload), facts: log.registryFacts!(), log, again: () => log.withPayloads!(whole) };
}

const jsonOf = (payload: LogRecord['payload']): unknown => (payload?.ok === true ? JSON.parse(payload.json.toString()) : payload);

it('what real serializers wrote is read, and each schema is asked for once', async () => {
  const registry = await opened();
  const { payloads, found, facts, again } = await readThrough(FIXTURE_RECORDS, { urls: [registry.url] });
  for (const [i, { event, value }] of FIXTURE_RECORDS.entries()) {
    if (event !== null) expect(jsonOf(payloads[i])).toMatchObject(event);
    expect(found[i]!.value).toEqual(value);
  }
  const { id } = FIXTURE_SCHEMAS.find(({ schemaType }) => schemaType === 'PROTOBUF')!;
  expect(payloads.at(-1)).toMatchObject({
    rejection: {
      code: 'unsupported_schema',
      message: expect.stringContaining(`schema id ${id} at the Schema Registry at 127.0.0.1:`) as string,
    },
  });
  expect(payloads.at(-1)).toMatchObject({
    rejection: { message: expect.stringContaining('is of type PROTOBUF: tipstream reads JSON and AVRO') as string },
  });
  expect(new Set(registry.asked).size).toBe(registry.asked.length);
  expect(registry.asked).toContain('/subjects/com.example.tips.Candidate/versions/1?deleted=true');
  await again();
  expect(facts.requests).toEqual({ found: registry.asked.length, unknown: 0, refused: 0, failed: 0 });
});

it('plain JSON asks nobody, and comes as it is', async () => {
  const registry = await opened();
  const plain = [Buffer.from('{"a":1}'), null, Buffer.alloc(0), Buffer.from('\u0001')].map((value) => ({ value }));
  const { found } = await readThrough(plain, { urls: [registry.url] });
  expect(found.some((record) => 'payload' in record)).toBe(false);
  expect(registry.asked).toEqual([]);
});

it('a raw read asks nobody', async () => {
  const registry = await opened();
  const { found } = await readThrough(FIXTURE_RECORDS, { urls: [registry.url] }, { raw: true });
  expect(found.some((record) => 'payload' in record)).toBe(false);
  expect(registry.asked).toEqual([]);
});

it('bytes that are not what the schema says are refused with the field', async () => {
  const registry = await opened();
  const { payloads } = await readThrough([{ value: framed(1, '\x04t1\x06an') }], { urls: [registry.url] });
  expect(payloads[0]).toMatchObject({
    rejection: { code: 'bad_payload', message: 'the value is not what schema id 1 says: user_id: a length of 3, and 2 bytes are left' },
  });
});

it('an id that the registry does not know is named with its topic, subject and host, and asked for once', async () => {
  const registry = await opened();
  const { payloads, again } = await readThrough([{ value: framed(77, 'x') }, { value: framed(77, 'y') }], { urls: [registry.url] });
  const message =
    `schema id 77 cannot be read: the Schema Registry at ${new URL(registry.url).host} does not know it (error 40403) ` +
    '(tip.served; by default of subject tip.served-value)';
  expect(payloads).toEqual(Array(2).fill({ ok: false, rejection: { stage: 'decode', code: 'unknown_schema', message } }));
  await again();
  expect(registry.asked).toEqual(['/schemas/ids/77']);
});

it('a schema that refers to what is not there names it', async () => {
  const registry = await opened({ schemas: FIXTURE_SCHEMAS.filter(({ subject }) => subject !== 'com.example.tips.Candidate') });
  const { payloads } = await readThrough([fixture('avro, a schema in another subject')], { urls: [registry.url] });
  expect(payloads[0]).toMatchObject({
    rejection: { code: 'unknown_schema', message: expect.stringContaining('it refers to com.example.tips.Candidate version 1') as string },
  });
});

it('a registry that knows no GUIDs says so of the record, a server that is none of the option', async () => {
  const old = await opened({ old: true });
  const { payloads } = await readThrough([fixture('avro, id in a header')], { urls: [old.url] });
  expect(payloads[0]).toMatchObject({
    rejection: { code: 'unknown_schema', message: expect.stringContaining('too old to look up') as string },
  });
  const wrong = readThrough([fixture('avro')], { urls: [`${old.url}/wrong`] });
  await expect(wrong).rejects.toMatchObject({
    code: 'schema_registry_refused',
    hint: expect.stringContaining('--schema-registry') as string,
  });
});

it('a path in the URL is kept, as contexts need', async () => {
  const registry = await opened();
  await expect(readThrough([fixture('avro')], { urls: [`${registry.url}/contexts/.team`] })).rejects.toThrow();
  expect(registry.asked[0]).toBe('/contexts/.team/schemas/ids/1');
});

it('basic authorization: with it schemas are read, without it the option is named and never the password', async () => {
  const registry = await opened({ auth: 'ana:geheim:1' });
  const { payloads } = await readThrough([fixture('avro')], { urls: [registry.url], auth: 'ana:geheim:1' });
  expect(payloads[0]).toMatchObject({ ok: true });
  const error = await readThrough([fixture('avro')], { urls: [registry.url], auth: 'ana:falsch' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'schema_registry_refused',
    message: expect.stringContaining('(HTTP 401)') as string,
    hint: expect.stringContaining('TIPSTREAM_SCHEMA_REGISTRY_AUTH') as string,
  });
  expect(JSON.stringify(error) + String(error)).not.toContain('falsch');
  expect(registry.asked).toHaveLength(2);
});

it.each<[string, RegistryFault | 'away', string]>([
  ['answers 500', { status: 500 }, 'it answered HTTP 500'],
  ['asks to be called less often', { status: 429 }, 'it answered HTTP 429'],
  ['answers something else', { status: 200, body: { schema: 1 } }, 'its answer is no schema'],
  ['hangs', 'hangs', 'no answer within 0.1 s'],
  ['cuts the connection', 'cut', ''],
  ['is away', 'away', 'ECONNREFUSED'],
])('a registry that %s is asked again, and named when patience ends', async (_, fault, why) => {
  const registry = await opened();
  if (fault === 'away') await registry.goAway();
  else registry.fault = fault;
  await expect(readThrough([fixture('avro')], { urls: [registry.url], timeoutMs: 100, patienceMs: 2_000 })).rejects.toMatchObject({
    code: 'schema_registry_unavailable',
    message: expect.stringMatching(new RegExp(`^the Schema Registry at 127.0.0.1:\\d+ cannot be asked: .*${why}`)) as string,
  });
  if (fault !== 'away') expect(registry.asked.length).toBeGreaterThan(1);
});

it('one that comes back while it is waited for is read from', async () => {
  const registry = await opened();
  registry.fault = { status: 503 };
  const reading = readThrough([fixture('avro')], { urls: [registry.url], patienceMs: 10_000 });
  await expect.poll(() => registry.asked.length).toBeGreaterThan(1);
  registry.fault = undefined;
  expect((await reading).payloads[0]).toMatchObject({ ok: true });
});

it('a slow one is waited for', async () => {
  const registry = await opened();
  registry.fault = { slowMs: 100 };
  const { payloads } = await readThrough([fixture('avro')], { urls: [registry.url], timeoutMs: 5_000, patienceMs: 5_000 });
  expect(payloads[0]).toMatchObject({ ok: true });
});

it('of several addresses the next is asked when one does not answer, and stays first', async () => {
  const [away, there] = [await opened(), await opened()];
  await away.goAway();
  const { payloads } = await readThrough([fixture('avro'), fixture('json')], { urls: [away.url, there.url] });
  expect(payloads).toMatchObject([{ ok: true }, { ok: true }]);
});

it('a read that is told to stop ends, whatever the registry does', async () => {
  const registry = await opened();
  registry.fault = 'hangs';
  const stop = new AbortController();
  const reading = readThrough([fixture('avro')], { urls: [registry.url], patienceMs: 60_000, timeoutMs: 60_000 }, { signal: stop.signal });
  await expect.poll(() => registry.asked.length).toBe(1);
  stop.abort();
  expect((await reading).found).toEqual([]);
});

it('those who ask at once share one request', async () => {
  const registry = await opened();
  registry.fault = { slowMs: 50 };
  const { log } = await readThrough([], { urls: [registry.url], timeoutMs: 5_000, patienceMs: 5_000 });
  const record: LogRecord = { ...fixture('avro'), partition: 0, offset: 0, timestampMs: 0 };
  await Promise.all(Array.from({ length: 5 }, () => log.withPayloads!([record])));
  expect(registry.asked).toEqual(['/schemas/ids/1']);
});
