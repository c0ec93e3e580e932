/** Training-serving skew of a whole set of features: tips, sessions, signals and those of a file. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../src/events/feature-choice.js';
import type { FeatureValue } from '../../src/projections/feature.js';
import type { Log } from '../../src/log/port.js';
import { registryOf } from '../../src/projections/registry.js';
import type { ScoredEvent } from '../../src/topics.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { skewOf } from '../support/planted-state.js';
import { WINDOW } from '../support/tip-generators.js';

const DAY_MS = 86_400_000;
const NOW_MS = 3 * WINDOW + DAY_MS;
const USER = 'ann';
const rest = { description: 'x', unit: 'x', filter: [], counts: null, windowMs: 7 * DAY_MS, ttlMs: DAY_MS };
const definitions: readonly Definition[] = [
  { ...rest, name: 'file_sources', topic: 'signal.synced', shape: 'distinct', field: 'source' },
  { ...rest, name: 'file_work', topic: 'tip.served', shape: 'count', field: null },
];
const registry = registryOf({ sets: ['core', 'activity'], definitions });

let embedded: EmbeddedService;
let made: ScoredEvent[];

async function event(n: number): Promise<void> {
  const at = NOW_MS - n * DAY_MS;
  await embedded.produce('tip.served', { user_id: USER, tip_id: `t${n}`, served_at_ms: at, category: 'work' });
  await embedded.produce('app.session', { user_id: USER, session_id: `s${n}`, started_at_ms: at, ended_at_ms: at + n * 1_000 });
  await embedded.produce('signal.synced', { user_id: USER, source: n % 2 === 0 ? 'mail' : '10', synced_at_ms: at });
}

beforeAll(async () => {
  embedded = await EmbeddedService.open(newDirectory(), { partitions: 1, clock: () => NOW_MS, registry });
  for (let n = 1; n <= 4; n++) {
    await event(n);
    await embedded.catchUp();
    const candidates = [{ tip_id: `next-${n}`, is_overdue: false, task_age_days: 1, priority: 2 }];
    const request = { user_id: USER, decision_id: `d${n}`, requested_at_ms: NOW_MS - (n === 4 ? 2 * DAY_MS : 0), candidates };
    await embedded.produce('tip.candidates', request);
    await embedded.catchUp();
  }
  // What comes later is no part of what a decision saw.
  await event(5);
  await embedded.catchUp();
  made = await embedded.scored();
});
afterAll(() => embedded.close());

/** Compaction has taken sessions. */
function withoutSessions(log: Log): Log {
  const describeTopics: Log['describeTopics'] = async (names) =>
    (await log.describeTopics(names)).map((one) => (one.name === 'app.session' ? { ...one, cleanupPolicy: 'compact' } : one));
  return { describeTopics, offsets: (name) => log.offsets(name), read: (range) => log.read(range) } as Log;
}

/** A decision of somebody else's making, with this in its profile. */
async function other(decisionId: string, features: Readonly<Record<string, FeatureValue>>): Promise<void> {
  const [first] = made;
  const value = { ...first!, decision_id: decisionId, profile: { ...first!.profile, features } };
  await embedded.append({ topic: 'tip.scored', key: Buffer.from(USER), value: Buffer.from(JSON.stringify(value)) });
  await embedded.catchUp();
}

describe('skew', () => {
  it('is none in what was decided, of every feature', async () => {
    expect(new Set(made.map(({ profile }) => JSON.stringify(profile.features))).size).toBe(4);
    const found = await skewOf(embedded);
    expect(found).toMatchObject({ compared: 4, differing: 0, differences: [], unproven: [] });
    expect(found.notCompared.size).toBe(0);
  });

  it('is told of the other features where the log has lost sessions, and those of sessions are named', async () => {
    const found = await skewOf(embedded, withoutSessions(embedded.readLog));
    expect(found).toMatchObject({ compared: 4, differing: 0 });
    expect(found.unproven).toEqual(['active_days_30d', 'active_hour', 'sessions_30d', 'typical_session_ms']);
  });

  it('is found in a feature of sessions, of signals and of a file', async () => {
    const served = made[0]!.profile.features;
    const wrong = {
      sessions_30d: 7,
      typical_session_ms: 3,
      signal_age_ms_by_source: { 10: DAY_MS, mail: 5 },
      file_sources: 9,
      file_work: 0,
    };
    await other('altered', { ...served, ...wrong });
    const found = await skewOf(embedded);
    expect(found).toMatchObject({ compared: 5, differing: 1 });
    expect(found.differences.map((one) => [one.decision_id, one.feature, one.served, one.replayed])).toEqual([
      ['altered', 'file_sources', 9, 1],
      ['altered', 'file_work', 0, 1],
      ['altered', 'sessions_30d', 7, 1],
      ['altered', 'signal_age_ms_by_source', `{"10":${DAY_MS},"mail":5}`, `{"10":${DAY_MS}}`],
      ['altered', 'typical_session_ms', 3, 1_000],
    ]);
  });

  it('is not told of a profile that lacks features: the caller gave it', async () => {
    await other('given', { tip_volume_30d: 5 });
    const found = await skewOf(embedded);
    expect([found.compared, [...found.notCompared]]).toEqual([
      5,
      [['the profile that it was made with was given to POST /score, without some of the features', 1]],
    ]);
  });
});
