import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coreRegistry } from '../../src/projections/registry.js';
import { userProfileFeaturesView } from '../../src/projections/sql.js';
import { textForSql, textFromSql } from '../../src/projections/sql-text.js';
import { byCodePoint, type OracleEvent } from '../oracle/profile.js';
import { insertUser, openTables } from '../support/sql-tables.js';
import { UserTips } from '../support/user-tips.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const events = fixture('profile-events.ndjson')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as OracleEvent);
const expected = JSON.parse(fixture('profile-expected.json')) as { profiles: Record<string, unknown>; profiles_as_of_ms: number };

interface Row {
  user_id: string;
  name: string;
  value: number | null;
  value_text: string | null;
  updated_at: number;
}

function databaseOfVectors() {
  const users = new Map<string, UserTips>();
  for (const event of events) {
    const user = users.get(event.value.user_id) ?? new UserTips();
    users.set(event.value.user_id, user);
    user.fold(event, 0);
  }
  const database = openTables();
  let uid = 0;
  for (const [userId, user] of users) insertUser(database, ++uid, userId, user, uid * 1000);
  database.exec(userProfileFeaturesView(coreRegistry, String(expected.profiles_as_of_ms)));
  return database;
}

describe('user_profile_features', () => {
  const database = databaseOfVectors();

  it('has one row for each known user and feature, with the values of the contract', () => {
    const rows = database.prepare('SELECT * FROM user_profile_features').all() as Row[];
    const profiles: Record<string, Record<string, unknown>> = {};
    for (const row of rows) (profiles[row.user_id] ??= {})[row.name] = row.value ?? row.value_text;
    expect(profiles).toEqual(expected.profiles);
    expect(rows).toHaveLength(Object.keys(expected.profiles).length * 8);
  });

  it('says when the user last changed', () => {
    const row = database
      .prepare(
        "SELECT DISTINCT v.updated_at, u.updated_at_ms FROM user_profile_features v JOIN user u USING (user_id) WHERE user_id = 'u14'",
      )
      .get();
    expect(row).toEqual({ updated_at: expect.any(Number), updated_at_ms: (row as Row).updated_at });
  });

  it('reads only the rows of the user asked for', () => {
    const plan = database.prepare("EXPLAIN QUERY PLAN SELECT * FROM user_profile_features WHERE user_id = 'u14'").all() as {
      detail: string;
    }[];
    const details = plan.map((step) => step.detail);
    expect(details.filter((detail) => /^SCAN (tip|user|user_tip)\b/.test(detail))).toEqual([]);
    expect(details).toContainEqual(expect.stringMatching(/SEARCH tip USING PRIMARY KEY \(uid=\?\)/));
    expect(details).toContainEqual(expect.stringMatching(/SEARCH user USING INDEX \S+ \(user_id=\?\)/));
  });
});

describe('text in SQL', () => {
  const texts = [
    '',
    'a',
    'work',
    'z',
    '\u00e9',
    '\u0000',
    '\ud7ff',
    '\ud800',
    '\udbff',
    '\udc00',
    '\udfff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    'a\ud800b',
    '\udc00\ud800',
  ];

  it('comes back as it was', () => {
    for (const text of texts) expect(textFromSql(textForSql(text))).toBe(text);
  });

  it('is TEXT when UTF-8 can hold it', () => {
    for (const text of texts) expect(typeof textForSql(text)).toBe(text.isWellFormed() ? 'string' : 'object');
  });

  it('sorts as bytes in the order of code points', () => {
    const database = openTables();
    database.exec('CREATE TABLE label (label ANY) STRICT');
    const insert = database.prepare('INSERT INTO label VALUES (?)');
    for (const text of texts) insert.run(textForSql(text));
    const sorted = database.prepare('SELECT label FROM label ORDER BY CAST(label AS BLOB)').pluck().all() as (string | Uint8Array)[];
    expect(sorted.map(textFromSql)).toEqual([...texts].sort(byCodePoint));
  });
});
