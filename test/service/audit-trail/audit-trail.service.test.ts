/** Who changed what, on a running service: each change over HTTP is an entry, and what keeps an entry away changes no answer. */
import { describe, expect, it } from 'vitest';
import { buildServer } from '../../../src/http/server.js';
import { Tokens } from '../../../src/http/tokens.js';
import { auditDocumentSchema } from '../../../src/http/routes/audit.js';
import { TipstreamError } from '../../../src/errors.js';
import { decodeRecord } from '../../../src/events/decode.js';
import { pause } from '../../../src/back-off.js';
import type { AuditDocument, RebuildJob, RedriveJob } from '../../../src/service/application.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../../support/embedded/service.js';

const NOW = Date.UTC(2026, 5, 1);
const [OWNER, OPERATOR, READER] = ['the-owner-of-this-service', 'an-operator-of-this-service', 'a-reader-of-this-service'];
const TOKENS = Tokens.parse(`own otto ${OWNER}\noperate olga ${OPERATOR}\nread rita ${READER}`, 'the test');
const served = (user_id: string, tip_id: string) => ({ user_id, tip_id, served_at_ms: NOW - 86_400_000 });
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function client({ service }: EmbeddedService) {
  const server = buildServer(service, { host: '127.0.0.1', tokens: () => TOKENS });
  const ask = async <T>(token: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object | string, more: object = {}) => {
    const type = typeof payload === 'string' ? { 'content-type': 'application/x-ndjson' } : {};
    const headers = { authorization: `Bearer ${token}`, ...type, ...more };
    const answer = await server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    return { status: answer.statusCode, body: answer.json<T>(), location: String(answer.headers['location']) };
  };
  const trail = async (query = '') => {
    const { status, body } = await ask<AuditDocument>(OPERATOR, 'GET', `/v1/audit${query}`);
    expect(status).toBe(200);
    expect(auditDocumentSchema.parse(body)).toEqual(body);
    return body.entries;
  };
  return { ask, trail };
}

describe('each change over HTTP', () => {
  it('is an event, with who asked and what came of it, and no secret', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => NOW });
    await embedded.append(recordOf('tip.served', served('ana', 't1')), {
      topic: 'tip.served',
      key: Buffer.from('ana'),
      value: Buffer.from('no json'),
    });
    await embedded.catchUp();
    const { ask, trail } = client(embedded);
    await ask(OWNER, 'POST', '/reset', { user_id: 'ana' }, { traceparent: TRACEPARENT });
    await ask(READER, 'POST', '/reset', { user_id: 'ana' });
    await ask(OPERATOR, 'POST', '/reset', { user_id: '' });
    const line = JSON.stringify({ topic: 'tip.served', value: served('ben', 't2') });
    for (let request = 0; request < 3; request++) await ask(OPERATOR, 'POST', '/v1/events', `${line}\n{}\n`);
    const control = { control_id: 'c1', type: 'configure', effective_at_ms: NOW, settings: { epsilon: 0.2 } };
    await ask(OWNER, 'POST', '/v1/events', JSON.stringify({ topic: 'policy.control', value: control }));
    await ask(OPERATOR, 'POST', '/v1/events', JSON.stringify({ topic: 'policy.control', value: control }));
    await ask(OPERATOR, 'POST', '/reward/egreedy/v1', { user_id: 'ana', tip_id: 't1', action: 'done' });

    const entries = await trail();
    expect(
      entries.map(({ actor, action, outcome, target, error }) => [actor.name, action, outcome, target?.id, error?.code]).reverse(),
    ).toEqual([
      ['otto', 'policy.reset', 'done', 'ana', undefined],
      ['rita', 'policy.reset', 'refused', undefined, 'forbidden'],
      ['olga', 'policy.reset', 'refused', undefined, 'invalid_argument'],
      ['otto', 'events.produce', 'done', undefined, undefined],
      ['olga', 'events.produce', 'refused', undefined, 'forbidden'],
      ['olga', 'events.produce', 'done', undefined, undefined],
    ]);
    const [appended, , written, , , reset] = entries;
    expect(appended!.details).toEqual({
      since_ms: NOW,
      requests: 4,
      written: { 'tip.served': 3, 'tip.feedback': 1 },
      rejected: 3,
      failed_requests: 0,
    });
    expect(written!.details).toEqual({ written: { 'policy.control': 1 }, rejected: 0 });
    expect(reset).toMatchObject({
      at_ms: NOW,
      actor: { kind: 'token', name: 'otto', role: 'own' },
      request_id: expect.any(String) as string,
      traceparent: TRACEPARENT,
      details: { control_id: expect.stringMatching(/^reset-/) as string, effective_at_ms: NOW },
    });

    const records = await embedded.records('tipstream.audit');
    for (const record of records) {
      const decoded = decodeRecord('tipstream.audit', record, { partitioner: null, partitions: 1, maxValueBytes: 10_000 });
      expect(decoded.ok).toBe(true);
      for (const secret of [OWNER, OPERATOR, READER]) expect(record.value!.toString()).not.toContain(secret);
    }
    expect(await embedded.records('tipstream.audit')).toHaveLength(6);
  });

  it('that a job does is two: that it began, and how it ended', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => NOW });
    await embedded.append(recordOf('tip.served', served('ana', 't1')), {
      topic: 'tip.served',
      key: Buffer.from('ana'),
      value: Buffer.from('no json'),
    });
    await embedded.catchUp();
    const { ask, trail } = client(embedded);
    const ended = async (location: string) => {
      while ((await ask<RedriveJob | RebuildJob>(OPERATOR, 'GET', location)).body.state === 'running') await pause(5);
    };
    for (const [path, payload] of [
      ['/v1/dead-letters/redrive', { dry_run: true }],
      ['/v1/dead-letters/redrive', { dry_run: false, topic: 'tip.served' }],
      ['/v1/profiles/ana/rebuild?dry_run=true', undefined],
      ['/v1/profiles/ana/rebuild', undefined],
    ] as const)
      await ended((await ask(OPERATOR, 'POST', path, payload)).location);
    const entries = (await trail()).toReversed();
    expect(entries.map(({ action, outcome, target }) => [action, outcome, target?.kind])).toEqual([
      ['dead_letters.redrive', 'begun', undefined],
      ['dead_letters.redrive', 'done', 'job'],
      ['profile.rebuild', 'begun', 'user'],
      ['profile.rebuild', 'done', 'user'],
    ]);
    const [begun, over, rebuilding, rebuilt] = entries;
    expect(over).toMatchObject({ target: { id: begun!.details!['job_id'] }, details: { redriven: 1 }, actor: { name: 'olga' } });
    expect(rebuilt!.details).toEqual({ job_id: rebuilding!.details!['job_id'], changed: [] });
  });

  it('is read by role operate, filtered, and refused to the role read', async () => {
    const embedded = await embeddedService({ partitions: 1 });
    await embedded.catchUp();
    const { ask, trail } = client(embedded);
    for (const [token, user] of [
      [OWNER, 'a'],
      [OPERATOR, 'b'],
      [OWNER, 'c'],
    ] as const)
      await ask(token, 'POST', '/reset', { user_id: user });
    const who = (entries: AuditDocument['entries']) => entries.map(({ target }) => target!.id);
    expect(who(await trail('?actor=otto'))).toEqual(['c', 'a']);
    expect(who(await trail('?action=policy&last=2'))).toEqual(['c', 'b']);
    expect(await trail('?action=state.rebuild')).toEqual([]);
    expect(await trail(`?until_ms=${Date.now() - 3_600_000}`)).toEqual([]);
    expect((await ask(READER, 'GET', '/v1/audit')).status).toBe(403);
    for (const query of ['?last=0', '?last=1001', '?since_ms=soon', '?nothing=1'])
      expect([query, (await ask(OWNER, 'GET', `/v1/audit${query}`)).status]).toEqual([query, 400]);
  });
});

describe('nobody writes to the trail over HTTP', () => {
  it.each([OWNER, OPERATOR])('with the token %s', async (token) => {
    const embedded = await embeddedService({ partitions: 1 });
    await embedded.catchUp();
    const { ask, trail } = client(embedded);
    const forged = { audit_id: 'x', at_ms: NOW, actor: { kind: 'token', name: 'olga' }, action: 'policy.reset', outcome: 'done' };
    const answer = await ask<{ error: { code: string; message: string } }>(
      token,
      'POST',
      '/v1/events',
      JSON.stringify({ topic: 'tipstream.audit', value: forged }),
    );
    expect([answer.status, answer.body.error.code]).toEqual([403, 'forbidden']);
    expect(answer.body.error.message).toContain('only tipstream itself writes to tipstream.audit');
    expect((await trail()).map(({ action, outcome }) => [action, outcome])).toEqual([['events.produce', 'refused']]);
  });
});

describe('an entry that cannot be written', () => {
  it('changes no answer, is a line of the log with all that it said, and is counted', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => NOW });
    await embedded.catchUp();
    const { ask, trail } = client(embedded);
    const append = embedded.faults.append.bind(embedded.faults);
    embedded.faults.append = async (records, ...rest) => {
      if (records.some(({ topic }) => topic === 'tipstream.audit')) throw new TipstreamError('topic_not_found', 'no topic tipstream.audit');
      return append(records, ...rest);
    };
    const answer = await ask<object>(OPERATOR, 'POST', '/reset', { user_id: 'ana' });
    expect([answer.status, answer.body]).toMatchObject([200, { user_id: 'ana', effective_at_ms: NOW }]);
    expect(await trail()).toEqual([]);
    const lines = embedded.logged.filter(({ msg }) => msg.includes('audit trail'));
    expect(lines).toMatchObject([
      {
        level: 50,
        err: { message: 'no topic tipstream.audit' },
        entry: { action: 'policy.reset', actor: { name: 'olga' }, target: { kind: 'user', id: 'ana' }, outcome: 'done' },
      },
    ]);
    expect(await embedded.service.metrics()).toMatch(
      /^tipstream_audit_entries_total\{outcome="written"\} 0\ntipstream_audit_entries_total\{outcome="lost"\} 1$/m,
    );
  });

  it('does not keep the service from stopping, and what waited at a stop is written', async () => {
    const embedded = await embeddedService({ partitions: 1 });
    await embedded.catchUp();
    const { ask } = client(embedded);
    await ask(OPERATOR, 'POST', '/v1/events', JSON.stringify({ topic: 'tip.served', value: served('ben', 't2') }));
    await embedded.stop();
    const records = await embedded.records('tipstream.audit');
    expect(records.map(({ value }) => JSON.parse(value!.toString()) as object)).toMatchObject([
      { action: 'events.produce', actor: { name: 'olga' }, details: { requests: 1, written: { 'tip.served': 1 } } },
    ]);
  });
});
