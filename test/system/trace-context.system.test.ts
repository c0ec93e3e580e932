/** Traces through the real process: HTTP, worker threads, the outbox and the publisher; without an SDK, and with one in every thread. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { CliWorkspace, records, until } from '../support/cli-process.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const candidates = [{ tip_id: 'a', is_overdue: false, task_age_days: 1, priority: 1 }];
const traceparent = (spanId: string) => `00-${TRACE_ID}-${spanId}-01`;

/** The least that the API takes for an SDK. Its spans have ids that say in which thread they were started, and that come in order. */
const SDK = `
  import { trace, ROOT_CONTEXT } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
  import { threadId } from 'node:worker_threads';
  let started = 0;
  const startSpan = (name, options, context = ROOT_CONTEXT) => {
    const thread = threadId === 0 ? 'aaaaaaaa' : 'bbbbbbbb';
    const own = { ...trace.getSpanContext(context), spanId: thread + String(++started).padStart(8, '0') };
    return { spanContext: () => own, end() {}, setStatus() {} };
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) });
`;

let workspace: CliWorkspace;
afterEach(() => workspace.dispose());

/** decision_id -> traceparent of its record in tip.scored: of one that HTTP asked for, and of one that a record asked for. */
async function traced(env: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const service = await workspace.serveWith(env);
  const ask = { user_id: 'ana', candidates };
  const answer = await fetch(`${service.address}/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: traceparent('1111111111111111') },
    body: JSON.stringify({ ...ask, decision_id: 'http' }),
  });
  expect(answer.status).toBe(200);
  const value = { ...ask, decision_id: 'record', requested_at_ms: Date.now() };
  const line = { topic: 'tip.candidates', value, headers: { traceparent: traceparent('2222222222222222') } };
  expect(await workspace.run(['produce'], { input: JSON.stringify(line) })).toMatchObject({ code: 0 });
  const tail = async () => records((await workspace.run(['tail', 'tip.scored', '--from-beginning', '--max', '2'])).stdout);
  await until('both decisions', async () => (await tail()).length === 2);
  const found = await tail();
  await service.stop();
  return Object.fromEntries(
    found.map(({ value, headers }) => [
      (value as { decision_id: string }).decision_id,
      (headers as Record<string, unknown>)['traceparent'],
    ]),
  );
}

it('without an SDK what came in goes on unchanged', async () => {
  workspace = new CliWorkspace();
  expect(await traced({})).toEqual({ http: traceparent('1111111111111111'), record: traceparent('2222222222222222') });
});

it('with an SDK in every thread a record has the span of its decision, which its worker thread started', async () => {
  workspace = new CliWorkspace();
  const file = join(workspace.directory, 'tracing.mjs');
  writeFileSync(file, SDK);
  expect(await traced({ NODE_OPTIONS: `--import=${file}` })).toEqual({
    http: traceparent('bbbbbbbb00000001'),
    record: traceparent('bbbbbbbb00000002'),
  });
});
