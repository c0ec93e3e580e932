/** How the service writes the audit trail: in order, few appends, nothing tried twice, and nobody waits for it. */
import { describe, expect, it } from 'vitest';
import type { AuditedChange } from '../../src/audit-trail/record.js';
import { AuditTrail } from '../../src/audit-trail/trail.js';
import type { AuditEvent } from '../../src/events/audit-event.js';
import type { NewRecord } from '../../src/log/port.js';

const OLGA = { kind: 'token', name: 'olga', role: 'operate' } as const;
const reset = (id: string, over: Partial<AuditedChange> = {}): AuditedChange => ({
  ...{ actor: OLGA, action: 'policy.reset', target: { kind: 'user', id }, outcome: 'done' },
  ...over,
});

/** A trail on a log that answers when the test says. */
function trailed() {
  const appends: (readonly NewRecord[])[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const lost: (readonly [entries: readonly AuditEvent[], error: unknown])[] = [];
  let [nowMs, written] = [1_000, 0];
  const trail = new AuditTrail({
    log: {
      append: (records) => {
        appends.push(records);
        return new Promise((resolve, reject) => answers.push((error) => (error === undefined ? resolve([]) : reject(error))));
      },
    },
    topicPrefix: 'signals.',
    clock: () => nowMs++,
    onWritten: (entries) => (written += entries),
    onLost: (entries, error) => lost.push([entries, error]),
  });
  const events = () => appends.map((records) => records.map(({ value }) => JSON.parse(value!.toString()) as AuditEvent));
  const answer = async (error?: Error) => {
    answers.shift()!(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { trail, appends, events, answer, lost, written: () => written };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const users = (events: readonly AuditEvent[]) => events.map(({ target }) => target!.id);

describe('the audit trail', () => {
  it('writes what comes while an append is under way in one more, in order', async () => {
    const { trail, appends, events, answer, written } = trailed();
    trail.note(reset('a'));
    trail.note(reset('b'));
    await turn();
    for (const id of ['c', 'd', 'e']) trail.note(reset(id));
    await turn();
    expect(events().map(users)).toEqual([['a', 'b']]);
    await answer();
    await answer();
    await trail.flush();
    expect(events().map(users)).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
    expect(appends.flat().map(({ topic, key, partition }) => [topic, key, partition])).toEqual(
      Array.from({ length: 5 }, () => ['signals.tipstream.audit', null, 0]),
    );
    expect(
      new Set(
        events()
          .flat()
          .map(({ audit_id: id }) => id),
      ).size,
    ).toBe(5);
    expect(
      events()
        .flat()
        .map(({ at_ms: atMs }) => atMs),
    ).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
    expect(written()).toBe(5);
  });

  it('tells what it could not write, whole, does not try again, and goes on', async () => {
    const { trail, events, answer, lost, written } = trailed();
    const error = new Error('the disk is full');
    trail.note(reset('a', { details: { control_id: 'reset-1' } }));
    await turn();
    trail.note(reset('b'));
    await answer(error);
    await answer();
    await trail.flush();
    expect(lost).toEqual([[[expect.objectContaining({ target: { kind: 'user', id: 'a' }, details: { control_id: 'reset-1' } })], error]]);
    expect(events().map(users)).toEqual([['a'], ['b']]);
    expect(written()).toBe(1);
  });

  it('keeps 10,000 entries for a log that does not answer, and tells the others at once', async () => {
    const { trail, lost, events, answer } = trailed();
    for (let number = 0; number < 10_003; number++) trail.note(reset(`u${number}`));
    expect(users(lost.flatMap(([entries]) => entries))).toEqual(['u10000', 'u10001', 'u10002']);
    await turn();
    for (let appended = 0; appended < 20; appended++) await answer();
    await trail.flush();
    expect(events().flat()).toHaveLength(10_000);
    expect(Math.max(...events().map(({ length }) => length))).toBe(500);
  });

  it('makes one entry of all events that a caller appended since the last time', async () => {
    const { trail, events, answer } = trailed();
    const app = { kind: 'token', name: 'app', role: 'operate' } as const;
    const error = { code: 'log_unavailable', message: 'away' };
    trail.produced({ actor: app, written: new Map([['tip.served', 3]]), rejected: 0 });
    trail.produced({
      actor: app,
      written: new Map([
        ['tip.served', 2],
        ['tip.feedback', 1],
      ]),
      rejected: 4,
    });
    trail.produced({ actor: OLGA, written: new Map(), rejected: 2 });
    trail.produced({ actor: { kind: 'loopback', role: 'operate' }, written: new Map(), rejected: 0, error });
    const flushed = trail.flush();
    await turn();
    await answer();
    await flushed;
    expect(events()).toEqual([
      [
        expect.objectContaining({
          actor: app,
          action: 'events.produce',
          outcome: 'done',
          details: { since_ms: 1_000, requests: 2, written: { 'tip.served': 5, 'tip.feedback': 1 }, rejected: 4, failed_requests: 0 },
        }),
        expect.objectContaining({ actor: OLGA, outcome: 'refused' }),
        expect.objectContaining({ actor: { kind: 'loopback', role: 'operate' }, outcome: 'failed', error }),
      ],
    ]);
    await trail.flush();
    expect(events()).toHaveLength(1);
  });

  it('bounds what a caller can make it write', async () => {
    const { trail, events, answer } = trailed();
    trail.note(reset('x'.repeat(60_000), { outcome: 'refused', error: { code: 'forbidden', message: 'y'.repeat(60_000) } }));
    await turn();
    await answer();
    expect(JSON.stringify(events()).length).toBeLessThan(3_000);
  });
});
