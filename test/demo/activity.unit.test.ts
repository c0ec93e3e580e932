/** Sessions and signals of simulated people: valid, in order, the same for the same seed, and the traffic beside them is what it is. */
import { expect, it } from 'vitest';
import { SimulatedActivity, withActivity } from '../../src/demo/activity.js';
import { valueBytes, type SimulatedRecord } from '../../src/demo/record.js';
import { simulateTraffic } from '../../src/demo/traffic.js';
import { decodeValue } from '../../src/events/decode.js';
import { isRowTopic, type CandidatesEvent, type SessionEvent } from '../../src/topics.js';

const END_MS = Date.UTC(2026, 10, 20);
const OPTIONS = { seed: 7, users: 20, days: 30, endMs: END_MS };
const made = [...withActivity(simulateTraffic(OPTIONS), OPTIONS.seed)];
const rows = made.filter(({ topic }) => isRowTopic(topic));
const textOf = (records: readonly SimulatedRecord[]) => records.map((one) => `${one.topic} ${one.timestampMs} ${valueBytes(one)}`);

it('leaves the traffic as it is, and is the same for the same seed', () => {
  expect(textOf(made.filter(({ topic }) => !isRowTopic(topic)))).toEqual(textOf([...simulateTraffic(OPTIONS)]));
  expect(textOf([...withActivity(simulateTraffic(OPTIONS), OPTIONS.seed)])).toEqual(textOf(made));
  expect(textOf([...withActivity(simulateTraffic(OPTIONS), 8)])).not.toEqual(textOf(made));
});

it('is valid, keyed by user, in order with the traffic and within its period', () => {
  for (const { topic, key, value } of rows) {
    const decoded = decodeValue(topic, valueBytes({ topic, key, value, timestampMs: 0, fault: null }), [], 1_000);
    expect(decoded).toMatchObject({ ok: true, event: { user_id: key } });
  }
  made.slice(1).forEach((record, at) => expect(record.timestampMs).toBeGreaterThanOrEqual(made[at]!.timestampMs));
  expect(made.at(-1)!.timestampMs).toBeLessThan(END_MS);
});

it('has a session around each request that was told in time, some told twice or late, and signals of every source', () => {
  const sessions = rows.filter(({ topic }) => topic === 'app.session').map(({ value }) => value as SessionEvent);
  const byId = new Map(sessions.map((one) => [one.session_id, one]));
  const requests = made
    .filter(({ topic, fault }) => topic === 'tip.candidates' && fault === null)
    .map(({ value }) => value as CandidatesEvent);
  const ids = new Set(requests.map(({ decision_id: id }) => id));
  expect(byId.size).toBeGreaterThan(0.95 * ids.size);
  for (const { decision_id: id, requested_at_ms: at } of requests) {
    const session = byId.get(`${id}.s`);
    if (session !== undefined) expect(session.started_at_ms < at && at < session.ended_at_ms).toBe(true);
  }
  expect(sessions.length).toBeGreaterThan(byId.size);
  const late = rows.filter(
    ({ topic, value, timestampMs }) => topic === 'app.session' && timestampMs - (value as SessionEvent).ended_at_ms > 3_600_000,
  );
  expect(late.length).toBeGreaterThan(10);
  const sources = rows.filter(({ topic }) => topic === 'signal.synced').map(({ value }) => (value as { source: string }).source);
  expect([...new Set(sources)].sort()).toEqual(['calendar', 'mail', 'tasks']);
});

it('is told within seconds where time is shortened', () => {
  const live = new SimulatedActivity(7, 1 / 60);
  const request = made.find(({ topic, fault }) => topic === 'tip.candidates' && fault === null)!;
  live.saw(request);
  expect(live.arrivedBy(request.timestampMs - 1)).toEqual([]);
  expect(live.arrivedBy(request.timestampMs + 15 * 60_000).length).toBeGreaterThan(0);
  expect(live.arrivedBy(Infinity)).toEqual([]);
});
