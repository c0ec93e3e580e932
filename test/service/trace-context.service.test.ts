/** A trace that a request for a decision belongs to is on the decision's record, however the request came and whatever happens between. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { traceContextIn, traceHeaders, type TraceContext } from '../../src/events/trace-context.js';
import { Gateway } from '../../src/gateway/gateway.js';
import { startHttp } from '../../src/http/start.js';
import type { LogRecord } from '../../src/log/port.js';
import { promptSettings } from '../../src/prompts/choice.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../support/embedded/service.js';
import { verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';
import { StubGateway } from '../support/stub-gateway.js';

const NOW_MS = 1_795_219_200_000;
const TRACE: TraceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'congo=t61rcWkgMzE' };
const candidates = [
  { tip_id: 'a', is_overdue: true, task_age_days: 3, priority: 4 },
  { tip_id: 'b', is_overdue: false, task_age_days: 1, priority: 1 },
];
const request = (decision_id: string) => ({ user_id: 'ana', decision_id, requested_at_ms: NOW_MS, candidates });
const asked = (decisionId: string, trace?: TraceContext) =>
  recordOf('tip.candidates', request(decisionId), trace === undefined ? {} : { headers: traceHeaders(trace) });
const open = (more: EmbeddedOptions = {}) =>
  embeddedService({ clock: () => NOW_MS, settings: { shadow: 'egreedy-v2' }, maxTaskIdleMs: 0, ...more });

/** decision_id -> the headers of its record, as text. */
async function headersOf(embedded: EmbeddedService, topic: 'tip.scored' | 'tip.scored.shadow'): Promise<Record<string, unknown>> {
  const idOf = ({ value }: LogRecord) => (JSON.parse(value!.toString()) as { decision_id: string }).decision_id;
  const records = await embedded.records(embedded.topic(topic));
  return Object.fromEntries(records.map((record) => [idOf(record), traceContextIn(record.headers) ?? record.headers.length]));
}

describe('from tip.candidates', () => {
  it('the trace is on tip.scored and tip.scored.shadow, and records without one have no headers', async () => {
    const embedded = await open();
    await embedded.append(asked('traced', TRACE), asked('plain'), {
      ...asked('bad'),
      headers: [['traceparent', Buffer.from('00-0-0-01')]],
    });
    await embedded.catchUp();
    for (const topic of ['tip.scored', 'tip.scored.shadow'] as const)
      expect(await headersOf(embedded, topic)).toEqual({ traced: TRACE, plain: 0, bad: 0 });
    expect(embedded.countOf('decisions')).toBe(3);
    // Each was read back as its worker's own: written once, with the bytes that the state has.
    expect(embedded.query(embedded.partitionOf('ana'), 'SELECT 1 FROM decision WHERE scored_offset IS NULL')).toEqual([]);
  });

  it('a crash before the message was sent, a rebuild and verify leave it as it was', async () => {
    const embedded = await open();
    await embedded.start();
    embedded.faults.failAppends(0, 'refused');
    await embedded.append(asked('traced', TRACE));
    const waits = () => embedded.query(embedded.partitionOf('ana'), 'SELECT headers FROM outbox WHERE topic = ?', 'tip.scored').length;
    await expect.poll(waits, { timeout: 10_000 }).toBe(1);
    await embedded.kill();
    await embedded.catchUp();
    expect(await headersOf(embedded, 'tip.scored')).toEqual({ traced: TRACE });
    expect(await headersOf(embedded, 'tip.scored.shadow')).toEqual({ traced: TRACE });

    const before = embedded.digest(NOW_MS + 1);
    expect(await rebuilt(embedded)).toMatchObject({ swapped: true, differences: [], difference_count: 0 });
    await embedded.stop();
    expect(await verified(embedded, { asOfMs: NOW_MS + 1 })).toMatchObject({ equal: true, differences: [] });
    await embedded.deleteState();
    await embedded.catchUp();
    expect(embedded.digest(NOW_MS + 1)).toEqual(before);
    expect(await headersOf(embedded, 'tip.scored')).toEqual({ traced: TRACE });
    expect(await embedded.records('tip.scored')).toHaveLength(1);
  });
});

describe('from HTTP', () => {
  it.each(['/score', '/score/egreedy/v2', '/generate'])('POST %s: the trace of the request is on tip.scored', async (path) => {
    const stub = await StubGateway.open();
    onTestFinished(() => stub.close());
    const gateway = new Gateway({ url: stub.url, model: 'stub-1', timeoutMs: 60_000, retries: 0 });
    const embedded = await open({ generation: { prompts: promptSettings(), gateway } });
    await embedded.catchUp();
    const server = await startHttp(embedded.service, { host: '127.0.0.1', port: 0 });
    try {
      const post = async (decisionId: string, headers: Record<string, string>) => {
        const body = JSON.stringify(request(decisionId));
        const answer = await fetch(server.address + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body,
        });
        expect(answer.status).toBe(200);
        expect(Object.keys((await answer.json()) as object)).not.toContain('trace');
      };
      await post('traced', { traceparent: TRACE.traceparent, tracestate: TRACE.tracestate! });
      await post('plain', {});
      await post('bad', { traceparent: 'x', tracestate: 'a=1' });
      const smuggled = JSON.stringify({ ...request('smuggled'), trace: TRACE });
      await fetch(server.address + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: smuggled });
    } finally {
      await server.close();
    }
    await embedded.catchUp();
    expect(await headersOf(embedded, 'tip.scored')).toEqual({ traced: TRACE, plain: 0, bad: 0, smuggled: 0 });
    expect((await headersOf(embedded, 'tip.scored.shadow'))['traced']).toEqual(TRACE);
  });
});
