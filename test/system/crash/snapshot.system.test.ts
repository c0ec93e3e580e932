/** SIGKILL while a snapshot is taken, of one that is new and of one that replaces another: docs/semantics.md, "What a crash leaves". */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { takeSnapshot } from '../../../src/export/take-snapshot.js';
import { defaultRegistry } from '../../../src/projections/registry.js';
import { createScratch } from '../../../src/store/directory/scratch.js';
import type { OracleProfile } from '../../oracle/profile.js';
import { crashesOf } from '../../support/crash/matrix.js';
import { CRASH_CLOCK_MS, CrashWorld, PARTITIONS } from '../../support/crash/world.js';
import { TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { stateIn } from '../../support/state-in.js';

const [FIRST, SECOND] = [CRASH_CLOCK_MS, CRASH_CLOCK_MS + 1_000];
/** Its own folder, as a user's would be. */
const fileOf = (world: CrashWorld) => join(world.embedded.directory, 'out.db');

function profilesIn(path: string): { profiles: Map<string, OracleProfile>; takenAtMs: number; positions: unknown[] } {
  const db = new Database(path, { readonly: true });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    const profiles = new Map<string, OracleProfile>();
    for (const { user_id, as_of_ms: _, ...features } of db.prepare('SELECT * FROM profiles').all() as (OracleProfile & {
      user_id: string;
      as_of_ms: number;
    })[])
      profiles.set(user_id, features);
    const takenAtMs = Number(db.prepare("SELECT value FROM meta WHERE name = 'taken_at_ms'").pluck().get());
    return {
      profiles,
      takenAtMs,
      positions: db.prepare('SELECT topic, partition, next_offset FROM offsets ORDER BY topic, partition').all(),
    };
  } finally {
    db.close();
  }
}

describe('`snapshot` killed', () => {
  it.concurrent.for(crashesOf('snapshot'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing);
    onTestFinished(() => world.close());
    await world.restarts();
    const before = await world.oracle(TRAFFIC_AS_OF_MS);
    const path = fileOf(world);
    await world.dies(point, passing, { action: 'snapshot', output: path, asOfMs: TRAFFIC_AS_OF_MS });

    // Whole, or not there: the first is there when the second was begun, or was in its place already.
    const begun = Math.ceil(passing / (point === 'snapshot: filled' ? PARTITIONS : 1));
    const placed = point === 'snapshot: after rename' ? begun : begun - 1;
    expect(existsSync(path)).toBe(placed > 0);
    if (placed > 0) expect(profilesIn(path)).toMatchObject({ profiles: before, takenAtMs: [FIRST, SECOND][placed - 1] });
    await world.expectWhole();

    await world.append(100);
    await world.restarts();
    await world.expectRight();
    await takeSnapshot({
      state: stateIn(world.embedded.directory),
      registry: defaultRegistry,
      path,
      replace: true,
      asOfMs: TRAFFIC_AS_OF_MS,
      nowMs: CRASH_CLOCK_MS + 120_000,
    });
    const taken = profilesIn(path);
    expect(taken.profiles).toEqual(await world.oracle(TRAFFIC_AS_OF_MS));
    expect(taken.positions).toHaveLength(14);
    // The dead one's folder was in nobody's way, and goes with a later job.
    const scratch = join(world.embedded.directory, 'scratch');
    expect(readdirSync(scratch)).toHaveLength(1);
    createScratch(world.embedded.directory, Date.now() + 120_000).remove();
    expect(readdirSync(scratch)).toEqual([]);
  });
});
