/** The trace in a record's Kafka headers is on the record of its decision, in Kafka too. */
import { describe, expect, it } from 'vitest';
import { traceContextIn, traceHeaders } from '../../src/events/trace-context.js';
import { sharedBroker } from '../support/broker/shared.js';
import { Stream } from '../support/e2e/stream.js';

const brokers = await sharedBroker();
const TRACE = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'congo=t61rcWkgMzE,rojo=1' };

describe.skipIf(brokers === null)('a request that belongs to a trace', () => {
  it('has its trace on tip.scored, and the decision is read back like any other', async () => {
    const stream = await Stream.open(brokers!, { partitions: 1 });
    const member = stream.start();
    await member.untilRunning(1);
    const request = (decision_id: string) => ({
      user_id: 'ana',
      decision_id,
      requested_at_ms: Date.now(),
      candidates: [{ tip_id: 'a', is_overdue: false, task_age_days: 1, priority: 1 }],
    });
    const asked = (decisionId: string) => ({
      topic: stream.topic('tip.candidates'),
      key: Buffer.from('ana'),
      value: Buffer.from(JSON.stringify(request(decisionId))),
    });
    await stream.log.append([{ ...asked('traced'), headers: traceHeaders(TRACE) }, asked('plain')]);
    await member.untilStatus(({ counts }) => counts.decisions === 2, 'both decisions to be read back');
    const scored = await stream.records(stream.topic('tip.scored'));
    const byDecision = Object.fromEntries(
      scored.map(({ value, headers }) => [
        (JSON.parse(value!.toString()) as { decision_id: string }).decision_id,
        traceContextIn(headers) ?? headers.length,
      ]),
    );
    expect(byDecision).toEqual({ traced: TRACE, plain: 0 });
    expect(await member.stop()).toBe(0);
  });
});
