/** Redrives as jobs of the running service: shown, sent, stopped, gone on with, one at a time. */
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { buildServer } from '../../../src/http/server.js';
import { redriveJobSchema } from '../../../src/http/redrive-schemas.js';
import { Tokens } from '../../../src/http/tokens.js';
import type { LogRecord } from '../../../src/log/port.js';
import { pause } from '../../../src/back-off.js';
import type { RedriveJob } from '../../../src/redrive/job.js';
import { lockRedrive } from '../../../src/store/directory/redrive-lock.js';
import { runCommand } from '../../support/cli-in-process.js';
import { countTurns } from '../../support/count-turns.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../../support/embedded/service.js';

const NOW = Date.UTC(2026, 5, 1);
const OWNER = 'the-owner-of-this-service';
const OPERATOR = 'an-operator-of-this-service';
const READER = 'a-reader-of-this-service';
const TOKENS = Tokens.parse(`own owner ${OWNER}\noperate on-call ${OPERATOR}\nread dashboards ${READER}`, 'the test');
const served = (user_id: string, tip_id: string, more: object = {}) => ({ user_id, tip_id, served_at_ms: NOW - 86_400_000, ...more });
const bad = (user: string, text = 'no json') => ({ topic: 'tip.served', key: Buffer.from(user), value: Buffer.from(text) });

async function refused(count: number, options: EmbeddedOptions = {}): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW, ...options });
  await embedded.append(...Array.from({ length: count }, (_, at) => bad(`u${at}`)));
  await embedded.catchUp();
  return embedded;
}

const isRedriven = ({ headers }: LogRecord) => headers.some(([name]) => name === '__dlq.redrive.source');
const redrivenIn = async (embedded: EmbeddedService) => (await embedded.records('tip.served')).filter(isRedriven);

function client({ service }: EmbeddedService, token = OWNER) {
  const server = buildServer(service, { host: '127.0.0.1', tokens: () => TOKENS });
  const ask = async <T = RedriveJob>(method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await server.inject({ method, url: path, headers, ...(payload === undefined ? {} : { payload }) });
    return { status: answer.statusCode, body: answer.json<T>(), location: String(answer.headers['location']) };
  };
  const ended = async (location: string): Promise<RedriveJob> => {
    for (;;) {
      const { body } = await ask('GET', location);
      if (body.state !== 'running' && body.state !== 'stopping') return body;
      await pause(5);
    }
  };
  return {
    ask,
    ended,
    async run(request: object): Promise<RedriveJob> {
      const { status, location } = await ask('POST', '/v1/dead-letters/redrive', request);
      expect(status).toBe(202);
      return ended(location);
    },
  };
}

describe('a redrive over HTTP', () => {
  it('shows what it would change, and changes nothing; then sends, and a second one sends nothing', async () => {
    const embedded = await refused(2);
    const { run } = client(embedded);
    const value = JSON.stringify(served('u0', 't1'));
    const one = { dead_letter: 'tip.served-dlt/0/0', value };
    const before = await embedded.records('tip.served');
    const dry = await run({ ...one, dry_run: true });
    expect(redriveJobSchema.parse(dry)).toEqual(dry);
    expect(dry).toMatchObject({
      state: 'done',
      redriven: 0,
      result: {
        redriven: 1,
        would_be_refused: 0,
        profiles: { as_of_ms: NOW, users: [{ user_id: 'u0', before: null, after: { tip_volume_30d: 1 } }] },
      },
    });
    expect(await embedded.records('tip.served')).toEqual(before);

    const sent = await run({ ...one, dry_run: false });
    expect(redriveJobSchema.parse(sent)).toEqual(sent);
    expect(sent).toMatchObject({ state: 'done', redriven: 1, result: { redriven: 1, records: [{ to: { offset: 2 }, redrive_count: 1 }] } });
    await embedded.catchUp();
    expect((await embedded.service.profile('u0')).features['tip_volume_30d']).toBe(1);
    expect((await embedded.records('tip.served-dlt')).map(({ value: kept }) => kept!.toString())).toEqual(['no json', 'no json']);
    expect(await run({ dry_run: false })).toMatchObject({ redriven: 1, result: { skipped: { redriven: 1 } } });
    await embedded.catchUp();
    expect(await run({ dry_run: false })).toMatchObject({ redriven: 0, result: { skipped: { redriven: 2, failed_again: 1 } } });
    const [copy] = (await redrivenIn(embedded)).slice(-1);
    expect([copy!.key!.toString(), copy!.value!.toString()]).toEqual(['u1', 'no json']);
  });

  it('takes those of a topic, code and time, at most so many, and leaves the rest to the next', async () => {
    const embedded = await refused(3);
    await embedded.append(bad('u9', '[]'));
    await embedded.catchUp();
    const { run } = client(embedded);
    expect(await run({ code: 'not_object', dry_run: true })).toMatchObject({ result: { matching: 1 } });
    expect(await run({ topic: 'tip.feedback', dry_run: true })).toMatchObject({ result: { matching: 0 } });
    expect(await run({ since_ms: NOW + 1, dry_run: true })).toMatchObject({ result: { matching: 0 } });
    expect(await run({ since_ms: NOW, max: 3, dry_run: false })).toMatchObject({ redriven: 3, result: { left: 1 } });
    expect(await run({ dry_run: false })).toMatchObject({ redriven: 1 });
  });

  it('is one at a time, beside the command too, and stops when it is told to; the same request goes on', async () => {
    const embedded = await refused(40);
    const { ask, ended, run } = client(embedded);
    const begun = await ask('POST', '/v1/dead-letters/redrive', { rate: 20, dry_run: false });
    expect(begun).toMatchObject({ status: 202, body: { state: 'running', progress: { step: 'looking' } } });
    for (const dry_run of [true, false]) {
      const second = await ask<object>('POST', '/v1/dead-letters/redrive', { dry_run });
      expect(second).toMatchObject({ status: 409, body: { error: { code: 'data_in_use', details: { job_id: begun.body.job_id } } } });
    }
    const beside = await runCommand(COMMANDS, ['dead-letters', 'redrive', '--data', embedded.directory]);
    expect(beside).toMatchObject({ code: 1, stderr: expect.stringContaining('[data_in_use]') as string });
    await expect.poll(async () => (await ask('GET', begun.location)).body.redriven, { interval: 20 }).toBeGreaterThan(3);
    expect((await ask('DELETE', begun.location)).body.state).toBe('stopping');
    const stopped = await ended(begun.location);
    expect(stopped).toMatchObject({ state: 'stopped', progress: { step: 'sending', total: 40 }, result: { stopped: true } });
    expect(stopped.redriven).toBeLessThan(40);
    expect((await redrivenIn(embedded)).length).toBe(stopped.redriven);
    expect((await ask('DELETE', begun.location)).body).toEqual(stopped);
    expect((await run({ dry_run: false })).redriven).toBe(40 - stopped.redriven);
    const keys = (await redrivenIn(embedded)).map(({ key }) => key!.toString());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is refused while the command runs on the data directory, but for a dry run', async () => {
    const embedded = await refused(1);
    const { ask, run } = client(embedded);
    const lock = lockRedrive(embedded.directory)!;
    expect(await ask<object>('POST', '/v1/dead-letters/redrive', { dry_run: false })).toMatchObject({
      status: 409,
      body: { error: { code: 'data_in_use' } },
    });
    expect((await run({ dry_run: true })).state).toBe('done');
    lock.release();
    expect((await run({ dry_run: false })).state).toBe('done');
  });

  it('ends when the service stops', async () => {
    const embedded = await refused(40);
    const { ask } = client(embedded);
    const { location } = await ask('POST', '/v1/dead-letters/redrive', { rate: 1, dry_run: false });
    await expect.poll(async () => (await ask('GET', location)).body.redriven, { interval: 20 }).toBeGreaterThan(0);
    const beganMs = performance.now();
    await embedded.stop();
    expect(performance.now() - beganMs).toBeLessThan(3_000);
    expect((await ask('GET', location)).body.state).toBe('stopped');
    lockRedrive(embedded.directory)!.release();
  });

  it('that fails says why, and what was sent', async () => {
    const embedded = await refused(1);
    const { run, ask } = client(embedded);
    expect(await run({ dead_letter: 'tip.served-dlt/0/9', dry_run: false })).toMatchObject({
      state: 'failed',
      redriven: 0,
      error: { code: 'not_found' },
    });
    expect(await run({ dead_letter: 'tip.served-dlt/0/0', value: '{}', dry_run: false })).toMatchObject({
      state: 'failed',
      error: { code: 'invalid_event', hint: expect.any(String) as string },
    });
    expect(await redrivenIn(embedded)).toEqual([]);
    expect(await ask<object>('POST', '/v1/dead-letters/redrive', { dead_letter: 'tip.served/0/0', dry_run: true })).toMatchObject({
      status: 404,
      body: { error: { code: 'topic_not_found' } },
    });
    expect((await ask('GET', '/v1/dead-letters/redrive/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });

  it('sends controls for the role own alone: a promotion cannot pass the gate as a dead letter', async () => {
    const embedded = await refused(1);
    await embedded.append({ topic: 'policy.control', key: null, value: Buffer.from('no json') });
    await embedded.catchUp();
    expect((await client(embedded, READER).ask('POST', '/v1/dead-letters/redrive', { dry_run: true })).status).toBe(403);
    const operator = client(embedded, OPERATOR);
    for (const request of [{ topic: 'policy.control' }, { dead_letter: 'policy.control-dlt/0/0' }])
      expect(await operator.ask<object>('POST', '/v1/dead-letters/redrive', { ...request, dry_run: true })).toMatchObject({
        status: 403,
        body: { error: { code: 'forbidden', details: { needed: 'own' } } },
      });
    expect(await operator.run({ dry_run: false })).toMatchObject({
      redriven: 1,
      result: { matching: 1, notes: ['1 dead letter of policy.control left out: it takes the role own to write to that topic'] },
    });
    expect(await client(embedded).run({ dry_run: true })).toMatchObject({
      result: { redriven: 1, records: [{ dead_letter: 'policy.control-dlt/0/0' }] },
    });
  });

  it('keeps nobody waiting while it reads a long topic', async () => {
    const embedded = await refused(1, { publishProfiles: false });
    for (let at = 0; at < 30; at++)
      await embedded.append(...Array.from({ length: 1_000 }, (_, i) => recordOf('tip.served', served(`user-${i}`, `t${at}`))));
    const { run } = client(embedded);
    const stopCounting = countTurns();
    const dry = await run({ dry_run: true });
    const others = stopCounting();
    expect(dry.progress).toEqual({ step: 'looking', done: 30_001, total: 30_001 });
    // A turn for everybody else between two thousand records, whatever else the machine does.
    expect(others).toBeGreaterThanOrEqual(30);
  });
});
