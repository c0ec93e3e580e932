import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { redriveJobSchema } from '../../src/http/redrive-schemas.js';
import { Tokens } from '../../src/http/tokens.js';
import { GUARDED_TOPICS } from '../../src/topics.js';
import { fakeApplication } from '../support/fake-application.js';
import { REDRIVE } from '../support/fake-letters.js';

const PATH = '/v1/dead-letters/redrive';
const JOB_PATH = `${PATH}/${REDRIVE.job_id}`;
const application = fakeApplication();
const server = buildServer(application, { host: '127.0.0.1' });
const post = (payload: object) => server.inject({ method: 'POST', url: PATH, payload });

describe('POST /v1/dead-letters/redrive', () => {
  it('answers 202 with the job, and where to look for it', async () => {
    const request = { topic: 'tip.served', code: 'not_json', since_ms: 1_769_882_645_000, max: 10, rate: 5, dry_run: true };
    const answer = await post(request);
    expect([answer.statusCode, answer.headers['location']]).toEqual([202, JOB_PATH]);
    expect(redriveJobSchema.parse(answer.json())).toEqual(answer.json());
    expect(answer.json()).toMatchObject({ state: 'running', request });
    // Without tokens everybody has the role operate.
    expect(application.calls.at(-1)).toEqual(['redrive', request, GUARDED_TOPICS, { kind: 'loopback', role: 'operate' }]);
  });

  it('takes null for what is absent', async () => {
    expect(
      (await post({ topic: null, code: null, since_ms: null, dead_letter: null, value: null, max: null, rate: null, dry_run: true }))
        .statusCode,
    ).toBe(202);
    expect(application.calls.at(-1)![1]).toEqual({ dry_run: true });
  });

  it.each([
    [{}, 'dry_run'],
    [{ dry_run: 'true' }, 'dry_run'],
    [{ dry_run: true, dryRun: false }, 'dryRun'],
    [{ dry_run: true, topic: 'tip.served-dlt' }, 'topic'],
    [{ dry_run: true, since_ms: '2026-01-01' }, 'since_ms'],
    [{ dry_run: true, max: 0 }, 'max'],
    [{ dry_run: true, max: 100_001 }, 'max'],
    [{ dry_run: true, rate: 0.5 }, 'rate'],
    [{ dry_run: true, dead_letter: 'tip.served-dlt/0' }, 'dead_letter'],
    [{ dry_run: true, dead_letter: 'tip.served-dlt/0/1', code: 'not_json' }, 'dead_letter'],
    [{ dry_run: true, value: '{}' }, 'value'],
  ])('refuses %j by the name of %s', async (payload, name) => {
    const before = application.calls.length;
    const answer = await post(payload);
    expect([answer.statusCode, answer.json<{ error: { message: string } }>().error.message]).toEqual([400, expect.stringContaining(name)]);
    expect(application.calls.length).toBe(before);
  });

  it('closes no topic to a token of the role own', async () => {
    const token = 'the-owner-of-this-service';
    const secured = buildServer(application, { host: '127.0.0.1', tokens: () => Tokens.ofOwner(token) });
    await secured.inject({ method: 'POST', url: PATH, payload: { dry_run: true }, headers: { authorization: `Bearer ${token}` } });
    expect(application.calls.at(-1)).toEqual(['redrive', { dry_run: true }, [], { kind: 'token', name: 'own', role: 'own' }]);
  });

  it('is refused to pages of other origins', async () => {
    const answer = await server.inject({
      method: 'POST',
      url: PATH,
      payload: { dry_run: false },
      headers: { origin: 'http://elsewhere.example' },
    });
    expect(answer.statusCode).toBe(403);
  });
});

describe('/v1/dead-letters/redrive/{job_id}', () => {
  it('answers the job, and stops it', async () => {
    expect((await server.inject(JOB_PATH)).json()).toEqual(REDRIVE);
    const stopped = await server.inject({ method: 'DELETE', url: JOB_PATH });
    expect([stopped.statusCode, stopped.json<{ state: string }>().state]).toEqual([200, 'stopping']);
    expect(application.calls.slice(-2)).toEqual([
      ['redriveJob', REDRIVE.job_id],
      ['stopRedrive', REDRIVE.job_id],
    ]);
  });

  it('knows no others, and takes nothing else', async () => {
    expect((await server.inject(`${PATH}/00000000-0000-4000-8000-000000000000`)).statusCode).toBe(404);
    expect((await server.inject(`${PATH}/none`)).statusCode).toBe(400);
    const got = await server.inject(PATH);
    expect([got.statusCode, got.headers['allow']]).toEqual([405, 'POST']);
  });
});
