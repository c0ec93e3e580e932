/** When tips go and when they stay, what of their decisions stays, and that a time which needs them is an error everywhere. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildServer } from '../../../src/http/server.js';
import { takeSnapshot } from '../../../src/export/take-snapshot.js';
import { openTipstream } from '../../../src/index.js';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { openForQueries } from '../../../src/store/snapshot/query.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedOptions, EmbeddedService } from '../../support/embedded/service.js';
import { exported } from '../../support/exported.js';
import { named, plant, verified } from '../../support/planted-state.js';
import { stateIn } from '../../support/state-in.js';

const DAY = 86_400_000;
const NOW = 1_000 * DAY;
const RETAIN = 90 * DAY;
const served = (tip_id: string, served_at_ms: number, more: object = {}) => ({ user_id: 'ana', tip_id, served_at_ms, ...more });
const feedback = (tip_id: string, reacted_at_ms: number, action = 'done') => ({ user_id: 'ana', tip_id, action, reacted_at_ms });
const tipsOf = (embedded: EmbeddedService) =>
  embedded.query<{ tip_id: string }>(0, 'SELECT tip_id FROM tip ORDER BY tip_id').map(({ tip_id }) => tip_id);
const horizons = (embedded: EmbeddedService) =>
  embedded.query<{ horizon_ms: number }>(0, 'SELECT horizon_ms FROM prune ORDER BY seq').map(({ horizon_ms }) => horizon_ms);

interface Settable {
  nowMs: number;
}

async function pruning(options: EmbeddedOptions = {}): Promise<{ embedded: EmbeddedService; clock: Settable }> {
  const clock = { nowMs: NOW };
  return { clock, embedded: await embeddedService({ partitions: 1, retainMs: RETAIN, clock: () => clock.nowMs, ...options }) };
}

describe('what is pruned', () => {
  it('are tips all of whose times are older than the horizon, as soon as nothing else is to be done', async () => {
    const { embedded } = await pruning();
    await embedded.produce(
      'tip.served',
      served('new', NOW),
      served('old', NOW - RETAIN - 1),
      served('at the horizon', NOW - RETAIN),
      served('done late', NOW - 2 * RETAIN),
      served('older', 5),
    );
    await embedded.produce(
      'tip.feedback',
      feedback('done late', NOW - 1),
      feedback('older', 6),
      feedback('orphan', NOW - 2 * RETAIN, 'snooze'),
    );
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['at the horizon', 'done late', 'new']);
    expect(embedded.query(0, 'SELECT * FROM prune')).toEqual([
      {
        seq: 1,
        horizon_ms: NOW - RETAIN,
        after_user: '',
        to_user: null,
        tips: 3,
        pruned_at_ms: NOW,
        positions: JSON.stringify({
          'policy.control': 0,
          'tip.candidates': 0,
          'tip.feedback': 3,
          'tip.scored': 0,
          'tip.scored.shadow': 0,
          'tip.served': 5,
          'user.forgotten': 0,
        }),
      },
    ]);
    expect(embedded.query(0, 'SELECT tips FROM user')).toEqual([{ tips: 3 }]);
    expect(embedded.countOf('pruned_tips')).toBe(3);
    expect(embedded.logged.filter(({ msg }) => msg.startsWith('pruned'))).toMatchObject([
      { partition: 0, tips: 3, before: new Date(NOW - RETAIN).toISOString() },
    ]);
  });

  it('counts from the newest event where the clock is years ahead of it: what is imported stays', async () => {
    const { embedded, clock } = await pruning();
    clock.nowMs = NOW + 5_000 * DAY;
    await embedded.produce('tip.served', served('a', NOW - RETAIN), served('b', NOW));
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['a', 'b']);
    expect((await embedded.service.profile('ana', NOW - 60 * DAY)).features.tip_volume_30d).toBe(1);
    await embedded.produce('tip.feedback', feedback('c', NOW + 1));
    await embedded.stop();
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['b', 'c']);
    expect(horizons(embedded)).toEqual([NOW + 1 - RETAIN]);
  });

  it('counts from the clock where events are of the future', async () => {
    const { embedded } = await pruning();
    await embedded.produce('tip.served', served('a', NOW - RETAIN), served('b', NOW - RETAIN - 1), served('c', NOW + 9_000 * DAY));
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['a', 'c']);
    expect(horizons(embedded)).toEqual([NOW - RETAIN]);
  });

  it('is looked at daily, and recorded only where something went', async () => {
    const { embedded, clock } = await pruning({ pruneLimits: { rows: 1, tips: 1 } });
    const users = ['u1', 'u2', 'u3'];
    await embedded.produce(
      'tip.served',
      ...users.flatMap((user_id, i) => [
        { user_id, tip_id: 'a', served_at_ms: NOW - RETAIN + ((i === 1 ? 40 : 1) * DAY) / 2 },
        { user_id, tip_id: 'b', served_at_ms: NOW },
      ]),
    );
    await embedded.catchUp();
    expect(horizons(embedded)).toEqual([]);
    await embedded.produce('tip.served', { user_id: 'u3', tip_id: 'c', served_at_ms: NOW + 3 * DAY });
    clock.nowMs += DAY - 1;
    await embedded.catchUp();
    expect(horizons(embedded)).toEqual([]);
    clock.nowMs += 1;
    await embedded.produce('tip.served', { user_id: 'u3', tip_id: 'd', served_at_ms: NOW });
    await embedded.catchUp();
    expect(embedded.query(0, 'SELECT after_user, to_user, horizon_ms, tips FROM prune')).toEqual([
      { after_user: '', to_user: 'u1', horizon_ms: NOW + DAY - RETAIN, tips: 1 },
      { after_user: 'u2', to_user: 'u3', horizon_ms: NOW + DAY - RETAIN, tips: 1 },
    ]);
    expect(named(await verified(embedded, { asOfMs: clock.nowMs }))).toEqual([]);
  });
});

describe('a decision that loses a serving', () => {
  const candidates = ['c1', 'c2'].map((tip_id) => ({ tip_id, is_overdue: true, task_age_days: 2, priority: 3 }));

  it('keeps what it had earned, whatever comes of its tips later', async () => {
    const { embedded, clock } = await pruning();
    await embedded.produce(
      'tip.candidates',
      { user_id: 'ana', decision_id: 'd1', requested_at_ms: NOW, candidates },
      { user_id: 'ana', decision_id: 'd2', requested_at_ms: NOW, candidates },
    );
    await embedded.produce('tip.served', served('c1', NOW + 1, { decision_id: 'd1' }), served('c2', NOW + 1, { decision_id: 'd2' }));
    await embedded.produce('tip.feedback', feedback('c1', NOW + 2));
    await embedded.catchUp();
    const learned = () => embedded.query<{ state: Buffer }>(0, 'SELECT state FROM policy_state').map(({ state }) => decodeState(state, 7));
    const before = learned();
    expect(before).toMatchObject([{ updates: 1 }]);
    clock.nowMs += 200 * DAY;
    await embedded.produce('tip.served', served('x', clock.nowMs));
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['x']);
    const closed = [
      { decision_id: 'd1', reward_tip_id: 'c1', reward: 1 },
      { decision_id: 'd2', reward_tip_id: null, reward: null },
    ];
    expect(embedded.query(0, 'SELECT decision_id, reward_tip_id, reward FROM closed_decision')).toEqual(closed);
    expect(embedded.query(0, 'SELECT * FROM decision_link')).toEqual([]);
    // Late: the tips come back as if nothing had been known of them.
    await embedded.produce('tip.feedback', feedback('c1', NOW + 1, 'dismiss'), feedback('c2', NOW + 2));
    await embedded.produce('tip.served', served('c2', NOW + 1, { decision_id: 'd2' }), served('c1', NOW + 1, { decision_id: 'd1' }));
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['c1', 'c2', 'x']);
    expect(learned()).toEqual(before);
    expect(embedded.query(0, 'SELECT decision_id, reward_tip_id, reward FROM decision ORDER BY decision_id')).toEqual(closed);
    expect(named(await verified(embedded, { asOfMs: clock.nowMs }))).toEqual([]);
  });

  it('teaches the shadow what it kept, when the shadow is to learn later', async () => {
    const { embedded, clock } = await pruning({ settings: { shadow: 'egreedy-v2' } });
    await embedded.produce('tip.candidates', { user_id: 'ana', decision_id: 'd1', requested_at_ms: NOW, candidates });
    await embedded.produce('tip.served', served('c1', NOW + 1, { decision_id: 'd1' }));
    await embedded.produce('tip.feedback', feedback('c1', NOW + 2));
    await embedded.catchUp();
    clock.nowMs += 200 * DAY;
    await embedded.produce('tip.served', served('x', clock.nowMs));
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['x']);
    expect(embedded.query(0, 'SELECT reward FROM shadow_decision')).toEqual([{ reward: null }]);
    await embedded.stop();
    await embedded.start({ settings: { shadow: 'egreedy-v2', shadowLearning: true } });
    await embedded.catchUp();
    expect(embedded.query(0, 'SELECT reward_tip_id, reward FROM shadow_decision')).toEqual([{ reward_tip_id: 'c1', reward: 1 }]);
    expect(named(await verified(embedded, { asOfMs: clock.nowMs }, { shadowLearning: true }))).toEqual([]);
  });
});

describe('a time that needs pruned tips', () => {
  const EXACT = NOW - 60 * DAY;
  const pruned = async () => {
    const { embedded } = await pruning();
    await embedded.produce('tip.candidates', {
      user_id: 'ana',
      decision_id: 'd1',
      requested_at_ms: EXACT - 9 * DAY,
      candidates: [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }],
    });
    await embedded.produce('tip.served', served('old', NOW - RETAIN - 1), served('kept', NOW - RETAIN), served('new', NOW));
    await embedded.catchUp();
    expect(tipsOf(embedded)).toEqual(['kept', 'new']);
    return embedded;
  };
  const tooOld = (asOfMs: number) => ({
    code: 'as_of_pruned',
    message: expect.stringContaining(new Date(EXACT).toISOString()) as string,
    details: { as_of_ms: asOfMs, exact_from_ms: EXACT },
  });

  it('is an error that names the earliest exact one, wherever it is asked for; that one is exact', async () => {
    const embedded = await pruned();
    const tipstream = await openTipstream({ data: embedded.directory });
    onTestFinished(() => tipstream.close());
    const { signal } = new AbortController();
    const snapshot = (asOfMs: number) =>
      takeSnapshot({
        state: stateIn(embedded.directory),
        registry: coreRegistry,
        path: join(embedded.directory, `${asOfMs}.db`),
        replace: false,
        asOfMs,
        nowMs: NOW,
        signal,
      });
    const asked: [what: string, ask: (asOfMs: number) => Promise<unknown>][] = [
      ['profile over HTTP', (asOfMs) => embedded.service.profile('ana', asOfMs)],
      ['profile from the files', (asOfMs) => tipstream.getProfile('ana', { asOf: new Date(asOfMs) })],
      ['digest', async (asOfMs) => Promise.resolve(embedded.digest(asOfMs))],
      ['verify', (asOfMs) => verified(embedded, { asOfMs })],
      ['export', (asOfMs) => exported(embedded.directory, 'csv', { asOfMs })],
      ['sql', async (asOfMs) => (await openForQueries(stateIn(embedded.directory), coreRegistry, asOfMs, NOW, {})).close()],
      ['snapshot', snapshot],
    ];
    for (const [what, ask] of asked) {
      for (const asOfMs of [0, EXACT - 1])
        await expect(
          ask(asOfMs).catch((error: unknown) => Promise.reject(error as Error)),
          what,
        ).rejects.toMatchObject(tooOld(asOfMs));
      for (const asOfMs of [EXACT, NOW, NOW + 5_000 * DAY])
        await ask(asOfMs).catch((error: unknown) => expect(error, what).toMatchObject({ code: 'user_not_found' }));
    }
    expect((await tipstream.getProfile('ana', { asOf: new Date(EXACT) })).features).toMatchObject({ tip_volume_30d: 1 });
    expect((await exported(embedded.directory, 'ndjson', { asServed: true })).toString()).toContain('d1');
    const server = buildServer(embedded.service, { host: '127.0.0.1' });
    const answer = await server.inject(`/v1/profiles/ana?as_of_ms=${new Date(EXACT - 1).toISOString()}`);
    expect([answer.statusCode, answer.json()]).toMatchObject([410, { error: { code: 'as_of_pruned' } }]);
    await server.close();
  });

  it('is an error of a spine that names its line, before anything is written', async () => {
    const embedded = await pruned();
    const spine = (...times: number[]) => ({
      spine: times.map((ms) => JSON.stringify({ user_id: 'ana', as_of_ms: new Date(ms).toISOString() })).join('\n'),
      spineName: 's.ndjson',
    });
    await expect(exported(embedded.directory, 'csv', spine(NOW, EXACT, EXACT - 1, 0))).rejects.toMatchObject({
      ...tooOld(EXACT - 1),
      message: expect.stringMatching(/^line 3 of the spine: .* earliest exact time is /) as string,
    });
    expect((await exported(embedded.directory, 'ndjson', spine(NOW, EXACT))).toString().trim().split('\n')).toHaveLength(2);
  });

  it('is no error of a partition that has pruned nothing', async () => {
    const clock = () => NOW;
    const embedded = await embeddedService({ partitions: 2, retainMs: RETAIN, clock });
    const [here, there] = ['ana', ...Array.from({ length: 20 }, (_, i) => `u${i}`)].reduce<[string, string]>(
      ([one, other], id) => (embedded.partitionOf(id) === 0 ? [id, other] : [one, id]),
      ['', ''],
    );
    await embedded.produce(
      'tip.served',
      { user_id: here, tip_id: 'old', served_at_ms: 5 },
      { user_id: here, tip_id: 'new', served_at_ms: NOW },
      { user_id: there, tip_id: 'old', served_at_ms: 5 },
    );
    await embedded.catchUp();
    const line = (user_id: string) =>
      exported(embedded.directory, 'ndjson', {
        spine: JSON.stringify({ user_id, as_of_ms: new Date(6).toISOString() }),
        spineName: 's.ndjson',
      });
    expect((await line(there)).toString()).toContain('"tip_volume_30d":1');
    await expect(line(here)).rejects.toMatchObject({ code: 'as_of_pruned' });
    await expect(line('nobody')).resolves.toBeDefined();
    expect(() => embedded.digest(6)).toThrow(expect.objectContaining({ code: 'as_of_pruned' }));
  });
});

describe('verify', () => {
  it('finds records of prunes that were altered, and what a prune should have taken or left', async () => {
    const { embedded } = await pruning();
    const candidates = [{ tip_id: 'old', is_overdue: true, task_age_days: 2, priority: 3 }];
    await embedded.produce('tip.candidates', { user_id: 'ana', decision_id: 'd1', requested_at_ms: 5, candidates });
    await embedded.produce('tip.served', served('old', NOW - RETAIN - 5, { decision_id: 'd1' }), served('new', NOW));
    await embedded.catchUp();
    await embedded.stop();
    const found = async (sql: string, undo: string) => {
      plant(embedded, 'ana', sql);
      const differences = named(await verified(embedded, { asOfMs: NOW }));
      plant(embedded, 'ana', undo);
      expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
      return differences;
    };
    expect(await found('UPDATE prune SET tips = 2', 'UPDATE prune SET tips = 1')).toEqual(['prune 1 tips']);
    expect(await found('UPDATE prune SET horizon_ms = horizon_ms - 10', 'UPDATE prune SET horizon_ms = horizon_ms + 10')).toEqual(
      expect.arrayContaining(['ana tip old row', 'ana closed_decision d1 row', 'prune 1 tips']),
    );
    expect(
      await found(
        "UPDATE closed_decision SET reward_tip_id = 'old', reward = 1",
        'UPDATE closed_decision SET reward_tip_id = NULL, reward = NULL',
      ),
    ).toEqual(['ana closed_decision d1 reward']);
    expect(await found('UPDATE closed_decision SET uid = uid + 100', 'UPDATE closed_decision SET uid = uid - 100')).toEqual(
      expect.arrayContaining(['ana closed_decision d1 row', 'user closed_decision rows without a user']),
    );
    expect(await found("UPDATE prune SET after_user = 'ana'", "UPDATE prune SET after_user = ''")).toContain('ana tip old row');
    plant(embedded, 'ana', "UPDATE prune SET positions = 'nothing'");
    await expect(verified(embedded, { asOfMs: NOW })).rejects.toMatchObject({
      code: 'state_corrupt',
      message: expect.stringContaining('prune 1') as string,
    });
  });
});
