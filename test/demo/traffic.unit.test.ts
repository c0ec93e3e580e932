import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { castUsers } from '../../src/demo/cast.js';
import { FAULT_KINDS } from '../../src/demo/faults.js';
import { RECORDS_PER_SERVING } from '../../src/demo/live-traffic.js';
import { PERSONAS } from '../../src/demo/personas.js';
import { valueBytes, type SimulatedRecord } from '../../src/demo/record.js';
import { MIX } from '../../src/demo/serving.js';
import { simulateTraffic } from '../../src/demo/traffic.js';
import { SCHEMAS } from '../../src/topic-schemas.js';
import type { FeedbackEvent, ServedEvent, CandidatesEvent } from '../../src/topics.js';

const END_MS = Date.UTC(2026, 10, 20);
const DEMO = { seed: 7, users: 200, days: 45, endMs: END_MS };
const demo = [...simulateTraffic(DEMO)];
const valid = demo.filter(({ fault }) => fault === null);

function of<T>(topic: SimulatedRecord['topic'], records = valid): { event: T; record: SimulatedRecord }[] {
  return records.filter((record) => record.topic === topic).map((record) => ({ event: record.value as T, record }));
}

/** The first arrival of each event: duplicates are the same object. */
function distinct<T>(topic: SimulatedRecord['topic']): Map<T, SimulatedRecord> {
  const first = new Map<T, SimulatedRecord>();
  for (const { event, record } of of<T>(topic)) if (!first.has(event)) first.set(event, record);
  return first;
}

function bytes(records: Iterable<SimulatedRecord>): string {
  const hash = createHash('sha256');
  for (const record of records) hash.update(`${record.topic}\t${record.key}\t${record.timestampMs}\t${valueBytes(record)}\n`);
  return hash.digest('hex');
}

const servings = distinct<ServedEvent>('tip.served');
const feedback = distinct<FeedbackEvent>('tip.feedback');
const servedArrival = new Map([...servings].map(([event, record]) => [event.tip_id, { event, record }]));
const share = (part: number, whole: number) => part / whole;

describe('the simulated traffic', () => {
  it('is the same bytes for the same seed, others for another', () => {
    const small = { ...DEMO, users: 20, days: 10 };
    expect(bytes(simulateTraffic(small))).toBe(bytes(simulateTraffic(small)));
    expect(bytes(simulateTraffic({ ...small, seed: 8 }))).not.toBe(bytes(simulateTraffic(small)));
    expect(bytes(simulateTraffic({ ...small, seed: 7 + 2 ** 32 }))).not.toBe(bytes(simulateTraffic(small)));
  });

  it('has the size of a demo', () => {
    expect(demo.length).toBeGreaterThan(20_000);
    expect(demo.length).toBeLessThan(40_000);
    expect(new Set(valid.map(({ key }) => key)).size).toBeGreaterThan(195);
  });

  it('arrives in order, within its period, keyed by user', () => {
    let before = END_MS - 45 * 86_400_000;
    for (const record of demo) {
      expect(record.timestampMs >= before).toBe(true);
      before = record.timestampMs;
    }
    expect(before).toBeLessThan(END_MS);
    expect(valid.every(({ key, value }) => key === (value as ServedEvent).user_id)).toBe(true);
  });

  it('is valid where it says so, and nowhere else', () => {
    for (const { topic, value } of valid) expect(SCHEMAS[topic].safeParse(value).success).toBe(true);
    for (const { topic, value, key, fault } of demo.filter((record) => record.fault !== null)) {
      const keyMatches = key === (value as ServedEvent | null)?.user_id;
      const accepted = typeof value !== 'string' && keyMatches && SCHEMAS[topic].safeParse(value).success;
      expect(accepted, fault!).toBe(false);
    }
  });

  it('breaks about one event in two hundred, in every way', () => {
    const broken = demo.filter(({ fault }) => fault !== null);
    expect(share(broken.length, valid.length)).toBeCloseTo(MIX.broken, 2);
    for (const kind of FAULT_KINDS) expect(broken.filter(({ fault }) => fault === kind).length, kind).toBeGreaterThan(3);
    expect(new TextDecoder().decode(valueBytes(broken.find(({ fault }) => fault === 'not_json')!)!)).toMatch(/^\{.*[^}]$/);
  });

  it('names, in each serving that was asked for, one of its 2 to 8 candidates, mostly what the rule chooses', () => {
    const requests = new Map([...distinct<CandidatesEvent>('tip.candidates').keys()].map((event) => [event.decision_id, event]));
    const asked = [...servings.keys()].filter(({ decision_id }) => decision_id != null);
    expect(share(servings.size - asked.length, servings.size)).toBeCloseTo(MIX.unasked, 1);
    let byRule = 0;
    for (const served of asked) {
      const { candidates } = requests.get(served.decision_id!)!;
      expect(candidates.length >= 2 && candidates.length <= 8).toBe(true);
      const choice = candidates.find(({ tip_id }) => tip_id === served.tip_id);
      expect(choice).toBeDefined();
      if (choice!.is_overdue || !candidates.some(({ is_overdue }) => is_overdue)) byRule++;
    }
    expect(share(byRule, asked.length)).toBeGreaterThan(0.85);
  });

  it('has late, early, repeated, lost and missing events in the stated shares', () => {
    const entries = [...feedback];
    const late = entries.filter(([event, { timestampMs }]) => timestampMs - event.reacted_at_ms >= 3_600_000).length;
    expect(share(late, entries.length)).toBeCloseTo(MIX.late, 1);
    const early = entries.filter(([{ tip_id }, { timestampMs }]) => (servedArrival.get(tip_id)?.record.timestampMs ?? -1) > timestampMs);
    expect(share(early.length, servings.size)).toBeGreaterThan(MIX.early * 0.4);
    const earlier = entries.filter(([event]) => (servedArrival.get(event.tip_id)?.event.served_at_ms ?? -1) > event.reacted_at_ms);
    expect(earlier.length).toBeGreaterThan(20);
    const distinctEvents = servings.size + feedback.size + distinct('tip.candidates').size;
    expect(share(valid.length - distinctEvents, distinctEvents)).toBeCloseTo(MIX.duplicated, 2);
    const orphans = entries.filter(([{ tip_id }]) => !servedArrival.has(tip_id)).length;
    expect(orphans).toBeGreaterThan(5);
    const answered = new Set([...feedback.keys()].map(({ tip_id }) => tip_id));
    const unanswered = [...servings.keys()].filter(({ tip_id }) => !answered.has(tip_id)).length;
    expect(share(unanswered, servings.size)).toBeGreaterThan(0.15);
  });

  it('has tips with several reactions, and reactions repeated after others', () => {
    const reactions = new Map<string, number>();
    for (const { tip_id } of feedback.keys()) reactions.set(tip_id, (reactions.get(tip_id) ?? 0) + 1);
    expect([...reactions.values()].filter((count) => count > 1).length).toBeGreaterThan(200);
  });

  it('causes as many records a serving as the live trickle reckons with', () => {
    expect(demo.length / distinct('tip.candidates').size).toBeCloseTo(RECORDS_PER_SERVING, 0);
  });
});

describe('the cast', () => {
  const users = castUsers(7, 200);

  it('has every persona, in proportion, in many time zones', () => {
    for (const { name, share: part } of PERSONAS) {
      const count = users.filter(({ persona }) => persona.name === name).length;
      expect(Math.abs(count - part * 2), name).toBeLessThanOrEqual(1);
    }
    expect(new Set(users.map(({ utcOffsetMin }) => utcOffsetMin)).size).toBeGreaterThan(6);
  });

  it('lets a newcomer join late, a lapsed user leave early, a drifter change', () => {
    const day = (ms: number) => Math.floor((ms - (END_MS - 45 * 86_400_000)) / 86_400_000);
    const times = (persona: string) => [...servings.keys()].filter(({ user_id }) => user_id.startsWith(persona));
    expect(Math.min(...times('newcomer').map(({ served_at_ms }) => day(served_at_ms)))).toBeGreaterThanOrEqual(36);
    expect(Math.max(...times('lapsed').map(({ served_at_ms }) => day(served_at_ms)))).toBeLessThan(15);
    const favourite = (events: ServedEvent[], category: string) =>
      share(events.filter((event) => event.category === category).length, events.length);
    const before = times('drifter').filter(({ served_at_ms }) => day(served_at_ms) < 25);
    const after = times('drifter').filter(({ served_at_ms }) => day(served_at_ms) >= 25);
    expect(favourite(before, 'work')).toBeGreaterThan(2 * favourite(after, 'work'));
  });

  it('has users with more tips than are recomputed whole', () => {
    const tips = new Map<string, number>();
    for (const { user_id } of servings.keys()) tips.set(user_id, (tips.get(user_id) ?? 0) + 1);
    expect(Math.max(...tips.values())).toBeGreaterThan(128);
  });
});
