/** A rollout whose users have surely less reward is taken back, one whose users have not is left alone, and why it does not act is said. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditedChange } from '../../../src/audit-trail/record.js';
import { createProducer } from '../../../src/producer/producer.js';
import { Guardrail } from '../../../src/service/policies/guardrail.js';
import type { ControlEvent } from '../../../src/topics.js';
import { appendRollout, type RolloutWorld } from '../../support/embedded/rollout-world.js';
import { EmbeddedService } from '../../support/embedded/service.js';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const START_MS = 1_795_000_000_000;
const PROMOTED_MS = START_MS + 2 * DAY_MS;
let services: EmbeddedService[] = [];
afterEach(async () => {
  for (const service of services) await service.close();
  services = [];
});

const promote = (over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: 'p1',
  type: 'promote',
  effective_at_ms: PROMOTED_MS,
  policy: 'egreedy-v2',
  percent: 50,
  rollout_id: 'p1',
  ...over,
});

interface Lived {
  readonly service: EmbeddedService;
  readonly guardrail: Guardrail;
  readonly controls: () => ControlEvent[];
  readonly rollbacks: () => Promise<ControlEvent[]>;
  /** For the audit trail. */
  readonly noted: AuditedChange[];
}

/** Two days before the promote and one after, of people who differ; `at`: what the guardrail takes for stream time. */
async function lived(
  world: Partial<RolloutWorld> = {},
  { partitions = 1, at = PROMOTED_MS + DAY_MS, seen = (all: ControlEvent[]) => all } = {},
): Promise<Lived> {
  const service = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-guardrail-')), {
    partitions,
    maxTaskIdleMs: 0,
    publishProfiles: false,
    clock: () => PROMOTED_MS + 2 * DAY_MS,
  });
  services.push(service);
  await appendRollout(service, {
    controls: [promote()],
    users: 120,
    fromMs: START_MS,
    toMs: PROMOTED_MS + DAY_MS,
    everyMs: 8 * HOUR_MS,
    chance: (_, inclination) => 0.3 + 0.4 * inclination,
    ...world,
  });
  await service.catchUp();
  const controls = () =>
    service.query<{ record: string }>(0, 'SELECT record FROM control').map(({ record }) => JSON.parse(record) as ControlEvent);
  const noted: AuditedChange[] = [];
  const guardrail = new Guardrail({
    producer: createProducer(service.log),
    scoring: { livePolicy: 'egreedy-v1' },
    clock: () => PROMOTED_MS + 2 * DAY_MS,
    logger: pino({ level: 'silent' }),
    files: () => Array.from({ length: partitions }, (_, partition) => service.statePath(partition)),
    controls: () => seen(controls()),
    streamTime: () => at,
    share: () => 1,
    note: (change) => void noted.push(change),
  });
  const rollbacks = async () => {
    await service.catchUp();
    return controls().filter(({ type }) => type === 'rollback');
  };
  return { service, guardrail, controls, rollbacks, noted };
}

const harmful: RolloutWorld['chance'] = (policy, inclination) => 0.3 + 0.4 * inclination - (policy === 'egreedy-v2' ? 0.3 : 0);

describe('the guardrail', () => {
  it('takes a rollout back whose users have surely less, once, with its numbers', async () => {
    const { guardrail, controls, rollbacks, service, noted } = await lived({ chance: harmful }, { partitions: 2 });
    expect(guardrail.states).toEqual([]);
    await guardrail.look();
    await guardrail.look();
    expect(await rollbacks()).toMatchObject([
      {
        control_id: 'guardrail-p1',
        takes_back: 'p1',
        reason: expect.stringMatching(
          /^guardrail: the users of egreedy-v2 have less reward within \d+ minutes of the request: on average 0\.\d{3} in the \d+/,
        ) as string,
      },
    ]);
    expect(controls().some(({ type }) => type === 'configure')).toBe(false);
    await guardrail.look();
    expect(guardrail.states).toEqual([]);
    expect(await service.records('policy.control')).toHaveLength(2 * 2);
    expect(noted).toEqual([
      {
        actor: { kind: 'service', name: 'guardrail' },
        action: 'policy.rollback',
        target: { kind: 'policy', id: 'egreedy-v2' },
        outcome: 'done',
        details: { rollout_id: 'p1', control_ids: ['guardrail-p1'], reason: expect.stringMatching(/^guardrail: /) as string },
      },
    ]);
  });

  it('leaves an equal one alone, and says what it sees and when it looks next', async () => {
    const { guardrail, rollbacks } = await lived();
    await guardrail.look();
    expect(await rollbacks()).toEqual([]);
    const [state] = guardrail.states;
    expect(state).toMatchObject({ rolloutId: 'p1', policy: 'egreedy-v2', percent: 50, alpha: 0.05, why: null });
    // After 1.5, 3, 6, 12 and 24 hours; the last one is due six hours later.
    expect(state!.look).toMatchObject({ index: 3, atMs: PROMOTED_MS + 12 * HOUR_MS, ageMs: HOUR_MS });
    expect(state!.nextLookMs).toBe(PROMOTED_MS + 30 * HOUR_MS);
    const { treated, control, interval, difference, spent } = state!.look!;
    expect(treated.users + control.users).toBeLessThanOrEqual(120);
    expect(treated.users).toBeGreaterThan(40);
    expect(interval!.low).toBeLessThan(0);
    expect(interval!.high).toBeGreaterThan(0);
    expect(difference!).toBeGreaterThan(interval!.low);
    expect(spent).toBeCloseTo((0.05 * 12) / (12 + 72), 12);
  });

  it('says the same, bit for bit, in a replay, however late, and with the users in other partitions', async () => {
    const at = PROMOTED_MS + DAY_MS;
    const [one, other] = [await lived({}, { at }), await lived({}, { partitions: 3, at })];
    let nowMs = PROMOTED_MS;
    const streaming = await lived({}, { partitions: 2 });
    const followed = new Guardrail({
      producer: createProducer(streaming.service.log),
      scoring: { livePolicy: 'egreedy-v1' },
      clock: () => at,
      logger: pino({ level: 'silent' }),
      files: () => [0, 1].map((partition) => streaming.service.statePath(partition)),
      controls: streaming.controls,
      streamTime: () => nowMs,
      share: () => 1,
    });
    const seen: unknown[] = [];
    for (; nowMs <= at; nowMs += HOUR_MS) {
      await followed.look();
      seen.push(followed.states[0]?.look?.index ?? null);
    }
    nowMs = at;
    expect(new Set(seen)).toEqual(new Set([null, 0, 1, 2, 3]));
    for (const { guardrail } of [one, other]) {
      await guardrail.look();
      expect(guardrail.states).toEqual(followed.states);
    }
  });

  it('waits for the first look, and until it knows how far events have come', async () => {
    const { guardrail } = await lived({}, { at: PROMOTED_MS + HOUR_MS });
    await guardrail.look();
    expect(guardrail.states).toMatchObject([
      { look: null, nextLookMs: PROMOTED_MS + 100 * 60_000, why: 'the first look is still to come' },
    ]);
  });

  it('counts a reaction only within the age of the look', async () => {
    const { guardrail } = await lived({ reactsAfterMs: 2 * HOUR_MS });
    await guardrail.look();
    expect(guardrail.states[0]!.look).toMatchObject({ ageMs: HOUR_MS, treated: { reward: 0 }, control: { reward: 0 } });
  });

  it('goes by what reactions are worth: where a done is worth less than a dismiss, more dones are taken back', async () => {
    const rewards = { done: 0.25, dismiss: 0.5, window_ms: DAY_MS };
    const configure: ControlEvent = { control_id: 'c1', type: 'configure', effective_at_ms: START_MS, settings: { rewards } };
    const more: RolloutWorld['chance'] = (policy, inclination) => 0.2 + 0.4 * inclination + (policy === 'egreedy-v2' ? 0.35 : 0);
    const { guardrail, rollbacks } = await lived({ controls: [configure, promote()], chance: more });
    await guardrail.look();
    expect(await rollbacks()).toMatchObject([
      {
        control_id: 'guardrail-p1',
        reason: expect.stringMatching(/on average 0\.3\d\d in the \d+ decisions of \d+ users, and 0\.(39|4\d)\d in/) as string,
      },
    ]);
    const { guardrail: byDones, rollbacks: none } = await lived({ chance: more });
    await byDones.look();
    expect(await none()).toEqual([]);
  });

  it('cannot tell where everybody is covered, and does nothing', async () => {
    const controls = [promote({ percent: 100, holdout: 0 })];
    const { guardrail, rollbacks } = await lived({ controls, chance: harmful });
    await guardrail.look();
    expect(guardrail.states).toMatchObject([
      {
        look: null,
        nextLookMs: null,
        why: 'egreedy-v2 is live for everybody and no user is held out: nothing is comparable, so it cannot tell',
      },
    ]);
    expect(await rollbacks()).toEqual([]);
  });

  it('compares with the users who are held out, and makes the policy the shadow when it takes back one for all', async () => {
    const controls = [promote({ percent: 100, holdout: 40 })];
    const { guardrail, rollbacks, controls: now } = await lived({ controls, chance: harmful });
    await guardrail.look();
    expect(await rollbacks()).toMatchObject([{ control_id: 'guardrail-p1' }]);
    expect(now().find(({ type }) => type === 'configure')).toMatchObject({
      control_id: 'guardrail-p1-shadow',
      settings: { shadow: 'egreedy-v2' },
    });
  });

  it('does nothing with fewer than 20 users in the smaller arm', async () => {
    const controls = [promote({ percent: 10 })];
    const { guardrail, rollbacks } = await lived({ controls, chance: harmful });
    await guardrail.look();
    expect(guardrail.states).toMatchObject([{ why: 'the smaller arm has about 12 users with a decision, and 20 are needed' }]);
    expect(await rollbacks()).toEqual([]);
  });

  it('does nothing where the log contradicts the placement, and says so', async () => {
    const controls = [promote()];
    const elsewhere = [promote({ rollout_id: 'other' })];
    const { guardrail, rollbacks } = await lived({ controls: elsewhere, chance: harmful }, { seen: () => controls });
    await guardrail.look();
    expect(guardrail.states[0]!.why).toMatch(/^\d+ decisions were made by another policy than the rollout gives to their users$/);
    expect(await rollbacks()).toEqual([]);
  });

  it('takes all steps of a rollout back, each by its own name', async () => {
    const raised = PROMOTED_MS + 2 * HOUR_MS;
    const controls = [promote({ percent: 30 }), promote({ control_id: 'p2', percent: 60, effective_at_ms: raised })];
    const { guardrail, rollbacks } = await lived({ controls, chance: harmful });
    await guardrail.look();
    expect((await rollbacks()).map(({ control_id: id, takes_back: of }) => [id, of])).toEqual([
      ['guardrail-p1', 'p1'],
      ['guardrail-p2', 'p2'],
    ]);
    await guardrail.look();
    expect(guardrail.states).toEqual([]);
  });

  it('watches a promote without rollout_id too, by the users that it covers', async () => {
    const controls = [promote({ rollout_id: null })];
    const { guardrail, rollbacks } = await lived({ controls, chance: harmful });
    await guardrail.look();
    expect(await rollbacks()).toMatchObject([{ control_id: 'guardrail-p1', takes_back: 'p1' }]);
  });

  it('takes a promotion back whose id leaves no room for its own', async () => {
    const promoteId = 'ß'.repeat(128);
    const controls = [promote({ control_id: promoteId, rollout_id: promoteId })];
    const { guardrail, rollbacks } = await lived({ controls, chance: harmful });
    await guardrail.look();
    expect(await rollbacks()).toMatchObject([
      { control_id: expect.stringMatching(/^guardrail-[0-9a-f]{64}$/) as string, takes_back: promoteId },
    ]);
  });

  it('takes nothing back when somebody else did while it looked', async () => {
    let asked = 0;
    const seen = (all: ControlEvent[]) => (asked++ < 1 ? all : []);
    const { guardrail, rollbacks } = await lived({ chance: harmful }, { seen });
    await guardrail.look();
    expect(asked).toBeGreaterThan(1);
    expect(await rollbacks()).toEqual([]);
  });

  it('ends a look when it is told to', async () => {
    const { guardrail } = await lived();
    guardrail.stop();
    await expect(guardrail.look()).rejects.toThrow('the service is stopping');
    expect(guardrail.states).toEqual([]);
  });
});
