/** A promotion that earns surely less is taken back, one that does not is left alone. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Guardrail } from '../../../src/service/policies/guardrail.js';
import { createProducer } from '../../../src/producer/producer.js';
import { COMPARED_AGES_MS, compareAtAge, tellingVerdict, type LiveOutcome } from '../../../src/evaluation/guardrail.js';
import type { ControlEvent } from '../../../src/topics.js';
import { DEFAULT_SETTINGS, EmbeddedService } from '../../support/embedded/service.js';
import { seededRandom } from '../../support/seeded-random.js';

const START_MS = 1_795_000_000_000;
let service: EmbeddedService | undefined;
afterEach(async () => service?.close());

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

describe('comparing what was done', () => {
  /** `count` decisions, one a minute, done in the share `rate` after a time of that mean. */
  const outcomes = (rate: number, count: number, seed: number, { fromMs = START_MS, meanMs = 1_000 } = {}): LiveOutcome[] => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, (_, i) => {
      const [done, after] = [random() < rate, -Math.log(1 - random()) * meanMs];
      return { requestedAtMs: fromMs + i * 60_000, doneAfterMs: done ? after : null };
    });
  };
  const worse = (promoted: readonly LiveOutcome[], previous: readonly LiveOutcome[]) =>
    compareAtAge(promoted, previous, HOUR_MS, START_MS + 10 * DAY_MS, 0.05).worse;

  it('is sure of a large difference soon, of none never', () => {
    expect(worse(outcomes(0.2, 400, 1), outcomes(0.6, 400, 2))).toBe(true);
    expect(worse(outcomes(0.2, 10, 1), outcomes(0.6, 10, 2))).toBe(false);
    expect(worse(outcomes(0.6, 400, 1), outcomes(0.2, 400, 2))).toBe(false);
    let wrong = 0;
    for (let run = 0; run < 200; run++) if (worse(outcomes(0.4, 300, 2 * run + 1), outcomes(0.4, 300, 2 * run + 2))) wrong++;
    expect(wrong / 200).toBeLessThanOrEqual(0.05);
    expect(compareAtAge([], [], HOUR_MS, START_MS, 0.05)).toMatchObject({ worse: false, promoted: { low: 0, high: 1, n: 0 } });
  });

  it('leaves a policy alone whose dones are still to come, as they were with the other one', () => {
    const previous = outcomes(0.4, 20_000, 1, { meanMs: DAY_MS });
    const promotedMs = START_MS + 20_000 * 60_000;
    const promoted = outcomes(0.4, 3 * 24 * 60, 2, { fromMs: promotedMs, meanMs: DAY_MS });
    for (let hours = 1; hours <= 72; hours++) {
      const nowMs = promotedMs + hours * HOUR_MS;
      // What is known then: nothing that happens later.
      const known = (all: readonly LiveOutcome[]) =>
        all
          .filter(({ requestedAtMs }) => requestedAtMs <= nowMs)
          .map((one) => (one.doneAfterMs !== null && one.requestedAtMs + one.doneAfterMs > nowMs ? { ...one, doneAfterMs: null } : one));
      for (const ageMs of COMPARED_AGES_MS)
        expect(
          compareAtAge(known(promoted), known(previous), ageMs, nowMs, 0.05 / COMPARED_AGES_MS.length).worse,
          `${hours} h, age ${ageMs}`,
        ).toBe(false);
    }
  });

  it('sees a policy that people ignore', () => {
    expect(worse(outcomes(0, 400, 1), outcomes(0.4, 400, 2))).toBe(true);
  });

  it('does not count decisions that are too young', () => {
    const young = outcomes(0, 100, 1);
    expect(compareAtAge(young, [], 6 * HOUR_MS, START_MS + 12 * HOUR_MS, 0.05).promoted.n).toBe(1);
    expect(compareAtAge(young, [], HOUR_MS / 6, START_MS + HOUR_MS, 0.05).promoted.n).toBe(1);
  });

  it('tells of where it is worse, else of the greatest age that has been reached', () => {
    const at = (ageMs: number, n: number, isWorse = false) => ({
      ageMs,
      worse: isWorse,
      promoted: { low: 0, high: 1, n },
      previous: { low: 0, high: 1, n: 9 },
    });
    expect(tellingVerdict([at(1, 9), at(2, 5, true), at(3, 1)]).ageMs).toBe(2);
    expect(tellingVerdict([at(1, 9), at(2, 5), at(3, 0)]).ageMs).toBe(2);
    expect(tellingVerdict([at(1, 0), at(2, 0)]).ageMs).toBe(1);
  });
});

/**
 * `before` decisions by v1 that are done, then a promote, then `after` by v2 that are done in the share `rate`. `seen`: what the
 * guardrail is given of the controls.
 */
async function lived(
  before: number,
  after: number,
  rate: number,
  seen = (all: ControlEvent[]) => all,
  reactsAfterMs = 1,
  promoteId = 'p1',
): Promise<{ guardrail: Guardrail; controls: () => ControlEvent[] }> {
  service = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-guardrail-')), {
    partitions: 1,
    maxTaskIdleMs: 0,
    publishProfiles: false,
    clock: () => START_MS + 3_600_000_000,
  });
  const producer = createProducer(service.log);
  const promoteAt = START_MS + before * 60_000;
  await producer.send('policy.control', { control_id: promoteId, type: 'promote', effective_at_ms: promoteAt, policy: 'egreedy-v2' });
  const total = before + after;
  const at = (i: number) => START_MS + i * 60_000;
  await service.produce(
    'tip.candidates',
    ...Array.from({ length: total }, (_, i) => ({
      decision_id: `d${i}`,
      user_id: 'u',
      requested_at_ms: at(i),
      candidates: [{ tip_id: `t${i}`, is_overdue: false, task_age_days: 0, priority: 1 }],
    })),
  );
  await service.produce(
    'tip.served',
    ...Array.from({ length: total }, (_, i) => ({ tip_id: `t${i}`, user_id: 'u', decision_id: `d${i}`, served_at_ms: at(i) })),
  );
  await service.produce(
    'tip.feedback',
    ...Array.from({ length: total }, (_, i) => ({
      tip_id: `t${i}`,
      user_id: 'u',
      action: i < before || (i % 10) / 10 < rate ? 'done' : 'dismiss',
      reacted_at_ms: at(i) + reactsAfterMs,
    })),
  );
  await service.catchUp();
  const controls = () =>
    service!.query<{ record: string }>(0, 'SELECT record FROM control').map(({ record }) => JSON.parse(record) as ControlEvent);
  const guardrail = new Guardrail({
    producer,
    scoring: { livePolicy: 'egreedy-v1', settings: DEFAULT_SETTINGS },
    clock: () => START_MS + 3_600_000_000,
    logger: pino({ level: 'silent' }),
    files: () => [service!.statePath(0)],
    controls: () => seen(controls()),
  });
  return { guardrail, controls };
}

describe('the guardrail', () => {
  it('takes a promotion back that earns surely less, once', async () => {
    const { guardrail, controls } = await lived(200, 200, 0.2);
    expect(guardrail.state).toBeNull();
    await guardrail.look();
    expect(guardrail.state).toMatchObject({ promoted: { n: 200 }, previous: { n: 200 } });
    expect(guardrail.state!.promoted.high).toBeLessThan(guardrail.state!.previous.low);
    await guardrail.look();
    await service!.catchUp();
    expect(controls().filter(({ type }) => type === 'rollback')).toMatchObject([
      {
        control_id: 'guardrail-p1',
        takes_back: 'p1',
        reason: expect.stringMatching(
          /of egreedy-v2's decisions 0\.\d+ to 0\.\d+ over 200 decisions are done within 10 minutes, of egreedy-v1's/,
        ) as string,
      },
    ]);
    expect(controls().find(({ type }) => type === 'configure')).toMatchObject({
      control_id: 'guardrail-p1-shadow',
      settings: { shadow: 'egreedy-v2' },
    });
    expect(await service!.records('policy.control')).toHaveLength(3);
    await guardrail.look();
    expect(await service!.records('policy.control')).toHaveLength(3);
    expect(guardrail.state).toBeNull();
  });

  it('takes a promotion back whose id leaves no room for its own', async () => {
    const promoteId = 'ß'.repeat(128);
    const { guardrail, controls } = await lived(200, 200, 0.2, undefined, 1, promoteId);
    await guardrail.look();
    await service!.catchUp();
    expect(controls().filter(({ type }) => type === 'rollback')).toMatchObject([
      { control_id: expect.stringMatching(/^guardrail-[0-9a-f]{64}$/) as string, takes_back: promoteId },
    ]);
  });

  it('compares decisions of the same age: before people react there is nothing to tell', async () => {
    const { guardrail, controls } = await lived(200, 200, 0.2, undefined, 5 * HOUR_MS);
    await guardrail.look();
    await service!.catchUp();
    expect(controls().filter(({ type }) => type === 'rollback')).toMatchObject([
      { reason: expect.stringMatching(/are done within 360 minutes/) as string },
    ]);
  });

  it('takes nothing back when somebody else did while it looked', async () => {
    let asked = 0;
    const { guardrail } = await lived(200, 200, 0.2, (all) => (asked++ < 2 ? all : all.filter(({ control_id }) => control_id !== 'p1')));
    await guardrail.look();
    expect(asked).toBeGreaterThan(2);
    expect(await service!.records('policy.control')).toHaveLength(1);
  });

  it('ends a look when it is told to', async () => {
    const { guardrail } = await lived(20, 20, 1);
    guardrail.stop();
    await expect(guardrail.look()).rejects.toThrow('the service is stopping');
    expect(guardrail.state).toBeNull();
  });

  it('leaves one alone that earns as much, or of which little is known', async () => {
    const { guardrail } = await lived(100, 100, 1);
    await guardrail.look();
    expect(await service!.records('policy.control')).toHaveLength(1);
    expect(guardrail.state).toMatchObject({ promoted: { n: 100 }, previous: { n: 100 } });
    await service!.close();
    const few = await lived(100, 5, 0);
    await few.guardrail.look();
    expect(await service!.records('policy.control')).toHaveLength(1);
  });
});
