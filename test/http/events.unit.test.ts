import { afterEach, describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { Application } from '../../src/service/application.js';
import { startHttp, type HttpServer } from '../../src/http/start.js';
import { buildServer } from '../../src/http/server.js';
import { fakeApplication } from '../support/fake-application.js';
import { connectTo, rawBytes, rawRequest } from '../support/raw-request.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const line = (index: number) =>
  `${JSON.stringify({ topic: 'tip.served', value: { tip_id: `t${index}`, user_id: 'é🦊', served_at_ms: index } })}\n`;

function post(payload: string | Buffer, over: Partial<Application> = {}, query = '', headers: Record<string, string> = NDJSON) {
  const application = fakeApplication(over);
  const answer = buildServer(application, { host: '127.0.0.1' }).inject({ method: 'POST', url: `/v1/events${query}`, payload, headers });
  return { application, answer };
}

describe('POST /v1/events', () => {
  it('is 200 when every line was accepted', async () => {
    const { answer } = post(line(1) + line(2));
    expect((await answer).statusCode).toBe(200);
    expect((await answer).json()).toEqual({ accepted: 2, rejected: 0, errors: [] });
  });

  it('is 422 when a line was rejected, with the same fields beside the error', async () => {
    const { answer } = post(`${line(1)}bad\n\n${line(2)}`);
    expect((await answer).statusCode).toBe(422);
    expect((await answer).json()).toEqual({
      accepted: 2,
      rejected: 1,
      errors: [{ line: 2, code: 'invalid_event', message: 'user_id: is missing (expected string)' }],
      error: { code: 'invalid_event', message: '1 of 3 lines was rejected; line 2: user_id: is missing (expected string)' },
    });
  });

  it('passes on how many errors were left out', async () => {
    const { answer } = post(line(1), { produce: async () => ({ accepted: 0, rejected: 20_000, errors: [], errors_omitted: 20_000 }) });
    expect((await answer).json()).toMatchObject({
      rejected: 20_000,
      errors_omitted: 20_000,
      error: { message: '20000 of 20000 lines were rejected' },
    });
  });

  it('is 200 for nothing', async () => {
    expect((await post('').answer).json()).toEqual({ accepted: 0, rejected: 0, errors: [] });
  });

  it.each([
    ['', false],
    ['?atomic=true', true],
    ['?atomic=1', true],
    ['?atomic', true],
    ['?atomic=false', false],
    ['?atomic=0', false],
  ])('with %j, atomic is %s', async (query, atomic) => {
    const { application, answer } = post(line(1), {}, query);
    expect((await answer).statusCode).toBe(200);
    expect(application.calls[0]![2]).toMatchObject({ atomic });
  });

  it.each(['?atomic=yes', '?atomic=true&atomic=false', '?Atomic=true'])('refuses %j', async (query) => {
    const { application, answer } = post(line(1), {}, query);
    expect((await answer).statusCode).toBe(400);
    expect((await answer).json<{ error: { message: string } }>().error.message).toMatch(/atomic/i);
    expect(application.calls).toEqual([]);
  });

  it.each(['application/x-ndjson', 'application/x-ndjson; charset=utf-8', 'application/ndjson', 'application/jsonl', 'application/json'])(
    'takes %s',
    async (type) => {
      expect((await post(line(1), {}, '', { 'content-type': type }).answer).json()).toMatchObject({ accepted: 1 });
    },
  );

  it('hands on bytes, so that bad UTF-8 can be seen', async () => {
    const seen: (string | Buffer)[] = [];
    const { answer } = post(Buffer.from([0x61, 0xff, 0x0a, 0x62]), {
      produce: async (lines) => {
        for await (const each of lines) seen.push(each);
        return { accepted: 0, rejected: 0, errors: [] };
      },
    });
    expect((await answer).statusCode).toBe(200);
    expect(seen).toEqual([Buffer.from([0x61, 0xff]), Buffer.from([0x62])]);
  });
});

describe('POST /v1/events over a socket', () => {
  let http: HttpServer | undefined;
  afterEach(async () => http?.close());
  const start = async (over: Partial<Application>) =>
    (http = await startHttp(fakeApplication(over), { host: '127.0.0.1', port: 0 })).address;

  it('reads lines while they arrive: the second is sent once the first was seen', async () => {
    const seen: string[] = [];
    let sawFirst!: () => void;
    const first = new Promise<void>((resolve) => (sawFirst = resolve));
    const address = await start({
      async produce(lines) {
        for await (const each of lines) {
          seen.push(each.toString());
          sawFirst();
        }
        return { accepted: seen.length, rejected: 0, errors: [] };
      },
    });
    async function* body() {
      yield 'one\ntw';
      await first;
      yield 'o\n';
    }
    expect(
      JSON.parse((await rawRequest(address, { method: 'POST', path: '/v1/events', headers: NDJSON, body: body() })).body),
    ).toMatchObject({ accepted: 2 });
    expect(seen).toEqual(['one', 'two']);
  });

  it('takes 10,000 lines in odd pieces', async () => {
    const address = await start({});
    const whole = Buffer.from(Array.from({ length: 10_000 }, (_, index) => line(index)).join(''));
    const answer = await rawRequest(address, { method: 'POST', path: '/v1/events', headers: NDJSON, body: slices(whole) });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ accepted: 10_000, rejected: 0, errors: [] });
  });

  it('answers an error that comes before the body ends, and the connection goes on', async () => {
    const address = await start({
      async produce(lines) {
        for await (const _ of lines) throw new TipstreamError('log_unavailable', 'no broker answers');
        throw new Error('no line came');
      },
    });
    const length = 16 * 1_048_576; // more than socket buffers hold
    const answers = rawBytes(
      address,
      `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: ` +
        `${length}\r\n\r\n${'x\n'.repeat(length / 2)}` +
        'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect((await answers).match(/HTTP\/1\.1 \d+|\{.*\}/g)).toEqual([
      'HTTP/1.1 503',
      '{"error":{"code":"log_unavailable","message":"no broker answers"}}',
      'HTTP/1.1 200',
      '{"live":true}',
    ]);
  });

  it('survives a client that goes away in the middle', async () => {
    let failed!: (error: unknown) => void;
    const failure = new Promise((resolve) => (failed = resolve));
    const socket = connectTo(
      await start({
        async produce(lines) {
          try {
            for await (const _ of lines) socket.destroy();
          } catch (error) {
            failed(error);
            throw error;
          }
          return { accepted: 0, rejected: 0, errors: [] };
        },
      }),
    );
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n${line(1)}`,
    );
    expect(await failure).toBeInstanceOf(Error);
    expect((await rawRequest(http!.address, { path: '/livez' })).status).toBe(200);
  });
});

function* slices(whole: Buffer): Generator<Buffer> {
  let size = 1;
  for (let start = 0; start < whole.length; start += size) {
    size = ((size * 7 + 13) % 4_099) + 1;
    yield whole.subarray(start, start + size);
  }
}
