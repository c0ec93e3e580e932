/** The shapes in which the benchmark's events come. */
import { describe, expect, it } from 'vitest';
import { upstreamEvents, type EventMix } from '../../../bench/events.js';
import { WORLDS } from '../../../bench/peers/worlds.js';
import { decodeValue } from '../../../src/events/decode.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../../../src/topics.js';

const PLAIN: EventMix = { events: 4_000, users: 300, endMs: Date.UTC(2026, 10, 1), withDecisions: false };

function eventsOf(name: string) {
  const { mix } = WORLDS.find((world) => world.name === name)!;
  return [...upstreamEvents({ ...PLAIN, ...mix })].map(({ topic, userId, value }) => {
    const decoded = decodeValue(topic, Buffer.from(value), [], DEFAULT_MAX_MESSAGE_BYTES);
    // An expect for each of tens of thousands of events takes longer than to decode them.
    if (!decoded.ok || !('user_id' in decoded.event) || decoded.event.user_id !== userId)
      throw new Error(`${value}: ${JSON.stringify(decoded)}`);
    return { topic, userId, text: value, value: JSON.parse(value) as Record<string, string> };
  });
}

function countsOf(name: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { userId } of eventsOf(name)) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return counts;
}

describe('the events of the benchmark', () => {
  it.each(WORLDS.map(({ name }) => name))('%s: as many as asked for, all valid, the same again', (name) => {
    const events = eventsOf(name);
    expect(events).toHaveLength(PLAIN.events);
    expect(eventsOf(name).map(({ text }) => text)).toEqual(events.map(({ text }) => text));
  });

  it('have what their shape promises', () => {
    for (const { value } of eventsOf('uuids')) expect(value['tip_id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    for (const { text } of eventsOf('8-kb-unknown')) expect(text.length).toBeGreaterThan(8_192);
    for (const { topic, value } of eventsOf('with-decisions')) expect('decision_id' in value).toBe(topic === 'tip.served');
    const before = countsOf('plain');
    const gains = [...countsOf('busy-user')].map(([user, count]) => (count - (before.get(user) ?? 0)) / PLAIN.events);
    expect(Math.max(...gains)).toBeGreaterThan(0.006);
  });
});
