/** policy.control: what holds is decided by effective times, in every partition alike, whenever the records come. */
import { describe, expect, it } from 'vitest';
import { readDeadLetterReason } from '../../../src/events/dead-letter.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedService } from '../../support/embedded/service.js';

const DAY_MS = 86_400_000;
const AT = 100 * DAY_MS;
const clock = () => AT + 30 * DAY_MS;
/** Of two partitions: ann's is 1, bob's is 0. */
const [ANN, BOB] = ['d', 'a'];

let asked = 0;
async function decide(embedded: EmbeddedService, requested_at_ms: number, user_id = ANN): Promise<ScoredEvent> {
  const decision_id = `d${asked++}`;
  await embedded.produce('tip.candidates', {
    decision_id,
    user_id,
    requested_at_ms,
    candidates: ['t1', 't2'].map((tip_id) => ({ tip_id, is_overdue: tip_id === 't1', task_age_days: 3, priority: 2 })),
  });
  await embedded.catchUp();
  return (await embedded.scored()).find((event) => event.decision_id === decision_id)!;
}

const everywhere = (event: object) =>
  [0, 1].map((partition) => ({ topic: 'policy.control', key: null, value: Buffer.from(JSON.stringify(event)), partition }));

describe('controls', () => {
  it('hold from their effective time by the time of the request, however late or early they come', async () => {
    const embedded = await embeddedService({ clock });
    const policyAt = async (at: number) => (await decide(embedded, at)).policy;
    await embedded.append(...everywhere({ control_id: 'p1', type: 'promote', policy: 'egreedy-v2', effective_at_ms: AT + DAY_MS }));
    expect([await policyAt(AT + DAY_MS - 1), await policyAt(AT + DAY_MS)]).toEqual(['egreedy-v1', 'egreedy-v2']);
    await embedded.append(...everywhere({ control_id: 'r1', type: 'rollback', effective_at_ms: AT + 3 * DAY_MS }));
    expect([await policyAt(AT + 2 * DAY_MS), await policyAt(AT + 3 * DAY_MS)]).toEqual(['egreedy-v2', 'egreedy-v1']);
    // Written last, in effect first: the rollback after it takes back p1, the last standing promote, all the same.
    await embedded.append(...everywhere({ control_id: 'p0', type: 'promote', policy: 'egreedy-v1', effective_at_ms: AT - DAY_MS }));
    expect([await policyAt(AT), await policyAt(AT + 2 * DAY_MS), await policyAt(AT + 4 * DAY_MS)]).toEqual([
      'egreedy-v1',
      'egreedy-v2',
      'egreedy-v1',
    ]);
  });

  it('change settings for requests from then on, and leave alone what they do not name', async () => {
    const embedded = await embeddedService({ clock, settings: { epsilon: 0.2, salt: 'base' } });
    await embedded.append(...everywhere({ control_id: 'c1', type: 'configure', effective_at_ms: AT, settings: { epsilon: 0 } }));
    await embedded.append(
      ...everywhere({ control_id: 'c2', type: 'configure', effective_at_ms: AT + 10, settings: { salt: 'other', shadow: 'egreedy-v2' } }),
    );
    const facts = async (at: number) => {
      const { epsilon, salt } = await decide(embedded, at);
      return [epsilon, salt, (await embedded.scored('tip.scored.shadow')).length];
    };
    expect([await facts(AT - 1), await facts(AT), await facts(AT + 10)]).toEqual([
      [0.2, 'base', 0],
      [0, 'base', 0],
      [0, 'other', 1],
    ]);
    await embedded.append(...everywhere({ control_id: 'c3', type: 'configure', effective_at_ms: AT + 20, settings: { shadow: 'off' } }));
    expect([await facts(AT + 20), await facts(AT + 19)]).toEqual([
      [0, 'other', 1],
      [0, 'other', 2],
    ]);
  });

  it('count once: the first record of a control_id in a partition', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.append(...everywhere({ control_id: 'p1', type: 'promote', policy: 'egreedy-v2', effective_at_ms: AT }));
    await embedded.append(...everywhere({ control_id: 'p1', type: 'promote', policy: 'egreedy-v1', effective_at_ms: AT }));
    expect((await decide(embedded, AT)).policy).toBe('egreedy-v2');
  });

  it('reach every partition at the next start when only some were written, once', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.append(everywhere({ control_id: 'p1', type: 'promote', policy: 'egreedy-v2', effective_at_ms: AT })[0]!);
    await embedded.produce('policy.control', { control_id: 'r1', type: 'reset', user_id: ANN, effective_at_ms: AT });
    expect([(await decide(embedded, AT, BOB)).policy, (await decide(embedded, AT + 1)).policy]).toEqual(['egreedy-v2', 'egreedy-v2']);
    for (let start = 0; start < 2; start++) {
      await embedded.stop();
      await embedded.catchUp();
      expect((await embedded.records('policy.control')).map(({ partition }) => partition)).toEqual([0, 1, 1]);
    }
  });

  it('that name a policy which is not there, or too little, are refused', async () => {
    const embedded = await embeddedService({ clock, partitions: 1 });
    const facts = { effective_at_ms: AT, control_id: 'c' };
    await embedded.produce(
      'policy.control',
      { ...facts, type: 'promote', policy: 'egreedy-v9' },
      { ...facts, type: 'configure', settings: { shadow: 'egreedy-v9' } },
      { ...facts, type: 'promote' },
      { ...facts, type: 'configure' },
      { ...facts, type: 'abolish' },
    );
    await embedded.catchUp();
    expect((await embedded.records('policy.control-dlt')).map(({ headers }) => readDeadLetterReason(headers).code)).toEqual([
      'unknown_policy',
      'unknown_policy',
      'invalid_event',
      'invalid_event',
      'invalid_event',
    ]);
    expect((await decide(embedded, AT)).policy).toBe('egreedy-v1');
  });
});
