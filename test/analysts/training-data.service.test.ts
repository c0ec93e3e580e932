/** What a policy learned from, read from the state files of the real service and compared with its log. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { trainingData } from '../../src/analysts/training-data.js';
import { embeddedService } from '../support/embedded/directory.js';
import { NO_DECISIONS } from '../../src/store/queries/training-counts.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { stateIn } from '../support/state-in.js';

const DAY_MS = 86_400_000;
const START_MS = 100 * DAY_MS;
const clock = () => START_MS + 30 * DAY_MS;

/** Ten users, three decisions each; two in three are served and reacted to, half of those with a done. */
async function lived(topicPrefix = '') {
  const embedded = await embeddedService({ clock, partitions: 3, topicPrefix, settings: { shadow: 'egreedy-v2', shadowLearning: true } });
  for (let user = 0; user < 10; user++) {
    for (let n = 0; n < 3; n++) {
      const [user_id, decision_id, at] = [`u${user}`, `u${user}.d${n}`, START_MS + n * DAY_MS + user];
      await embedded.produce('tip.candidates', {
        decision_id,
        user_id,
        requested_at_ms: at,
        candidates: [{ tip_id: `${decision_id}.t`, is_overdue: true, task_age_days: 1, priority: 2 }],
      });
      if (n === 2) continue;
      await embedded.produce('tip.served', { tip_id: `${decision_id}.t`, user_id, decision_id, served_at_ms: at + 1 });
      await embedded.produce('tip.feedback', {
        tip_id: `${decision_id}.t`,
        user_id,
        action: n === 0 ? 'done' : 'dismiss',
        reacted_at_ms: at + 2,
      });
    }
  }
  await embedded.catchUp();
  return embedded;
}

it('counts decisions and rewards of all partitions, of the policy and of its shadow', async () => {
  const embedded = await lived();
  const span = {
    users: 10,
    decisions: 30,
    rewarded: 20,
    rewards: 10,
    firstRequestedAtMs: START_MS,
    lastRequestedAtMs: START_MS + 2 * DAY_MS + 9,
    epsilon: { low: 0.1, high: 0.1 },
    salts: ['0'],
    hasMoreSalts: false,
  };
  expect(trainingData(stateIn(embedded.directory), coreRegistry, 'egreedy-v1')).toMatchObject({
    partitions: [0, 1, 2],
    partitionCount: 3,
    partitionsMissing: [],
    own: span,
    shadow: NO_DECISIONS,
  });
  expect(trainingData(stateIn(embedded.directory), coreRegistry, 'egreedy-v2')).toMatchObject({ own: NO_DECISIONS, shadow: span });
});

it('says with which epsilon and salts decisions were made, and that there are more than it names', async () => {
  const embedded = await embeddedService({ clock, partitions: 1 });
  const salts = ['s0', 's1', 's2', 's3', 's4', 's5', 's0'];
  for (const [n, salt] of salts.entries()) {
    await embedded.start({ settings: { epsilon: (n + 1) / 10, salt } });
    const candidates = [{ tip_id: 't', is_overdue: true, task_age_days: 1, priority: 2 }];
    await embedded.produce('tip.candidates', { decision_id: `d${n}`, user_id: 'ana', requested_at_ms: START_MS, candidates });
    await embedded.catchUp();
    await embedded.stop();
  }
  expect(trainingData(stateIn(embedded.directory), coreRegistry, 'egreedy-v1').own).toMatchObject({
    users: 1,
    decisions: salts.length,
    epsilon: { low: 0.1, high: 0.7 },
    salts: salts.slice(0, 5),
    hasMoreSalts: true,
  });
});

it('says up to which offsets of the topics it learns from', async () => {
  const embedded = await lived('signals.');
  const { positions } = trainingData(stateIn(embedded.directory, 'signals.'), coreRegistry, 'egreedy-v1');
  expect(Object.keys(positions)).toEqual(['signals.tip.feedback', 'signals.tip.scored', 'signals.tip.scored.shadow', 'signals.tip.served']);
  for (const [topic, offsets] of Object.entries(positions)) {
    const ends = await embedded.log.offsets(topic);
    expect(offsets).toEqual(
      Object.fromEntries(
        [...ends].filter(([partition, { end }]) => end > 0 || partition in offsets).map(([partition, { end }]) => [partition, end]),
      ),
    );
  }
  const held = Object.values(positions['signals.tip.scored']!);
  expect(held.reduce((sum, end) => sum + end, 0)).toBe(30);
  expect(() => trainingData(stateIn(embedded.directory), coreRegistry, 'egreedy-v1')).toThrow(
    expect.objectContaining({ code: 'state_mismatch' }) as Error,
  );
});

it('has nothing to say of a directory without state', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-training-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  expect(() => trainingData(stateIn(directory), coreRegistry, 'egreedy-v1')).toThrow(expect.objectContaining({ code: 'no_data' }) as Error);
});
