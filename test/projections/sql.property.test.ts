/** The definitions in SQL, each alone and all in the view, equal the oracle. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateAt } from '../../src/projections/as-of.js';
import { coreRegistry, defaultRegistry } from '../../src/projections/registry.js';
import { userProfileFeaturesView } from '../../src/projections/sql.js';
import { textFromSql } from '../../src/projections/sql-text.js';
import { type OracleEvent, type OracleProfile, oracleProfiles } from '../oracle/profile.js';
import { asOfMs, eventOf, userId } from '../support/tip-generators.js';
import { insertUser, openTables } from '../support/sql-tables.js';
import { UserTips } from '../support/user-tips.js';

type Stored = number | string | Uint8Array | null;
const read = (value: Stored) => (value instanceof Uint8Array ? textFromSql(value) : value);

function fill(database: ReturnType<typeof openTables>, events: readonly OracleEvent[]): string[] {
  database.exec('DELETE FROM tip; DELETE FROM user');
  const users = new Map<string, UserTips>();
  for (const event of events) {
    const user = users.get(event.value.user_id) ?? new UserTips();
    users.set(event.value.user_id, user);
    user.fold(event, 0);
  }
  [...users].forEach(([id, user], uid) => insertUser(database, uid, id, user));
  return [...users.keys()];
}

describe('SQL definitions', () => {
  const database = openTables();
  const queries = coreRegistry.features.map((feature) => ({ feature, query: database.prepare(feature.sql) }));
  // A view takes no parameter, so its clock is a table here.
  database.exec('CREATE TABLE clock (now_ms INTEGER); INSERT INTO clock VALUES (0)');
  database.exec(userProfileFeaturesView(coreRegistry, 'SELECT now_ms FROM clock'));
  const view = database.prepare('SELECT * FROM user_profile_features');

  it('equal the oracle as of any time', () => {
    fc.assert(
      fc.property(fc.array(eventOf(userId), { maxLength: 25 }), asOfMs, (events, at) => {
        const uids = fill(database, events);
        const profiles = oracleProfiles(events, at);
        for (const { feature, query } of queries) {
          const rows = query.all({ as_of_ms: at }) as { uid: number; value: Stored }[];
          const given = new Map(rows.map((row) => [uids[row.uid]!, read(row.value)]));
          expect(given.size).toBe(rows.length);
          for (const id of uids) expect(given.get(id) ?? feature.whenEmpty).toEqual(profiles.get(id)?.[feature.name] ?? feature.whenEmpty);
        }
        database.prepare('UPDATE clock SET now_ms = ?').run(at);
        const seen = new Map<string, OracleProfile>();
        for (const row of view.all() as { user_id: string; name: string; value: number | null; value_text: Stored }[]) {
          const profile = seen.get(row.user_id) ?? {};
          seen.set(row.user_id, profile);
          expect(profile).not.toHaveProperty(row.name);
          profile[row.name] = (row.value ?? read(row.value_text)) as number | string | null;
        }
        expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(profiles));
      }),
      { numRuns: 300 },
    );
  });

  it.each(defaultRegistry.features)('of $name equals its counters as of any time', (feature) => {
    const query = database.prepare(feature.sql);
    fc.assert(
      fc.property(fc.array(eventOf(userId), { maxLength: 25 }), asOfMs, (events, at) => {
        const uids = fill(database, events);
        const given = new Map(
          (query.all({ as_of_ms: at }) as { uid: number; value: Stored }[]).map(({ uid, value }) => [uid, read(value)]),
        );
        for (const [uid, id] of uids.entries()) {
          const tips = new UserTips(defaultRegistry);
          for (const event of events) if (event.value.user_id === id) tips.fold(event, 0);
          const counted = defaultRegistry.values(aggregateAt(defaultRegistry, at, tips.source()));
          expect(given.get(uid) ?? feature.whenEmpty).toEqual(counted[feature.name]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
