/** SQL over all partitions, live and from a snapshot: what the views hold, and that nothing else can be done. */
import Database from 'better-sqlite3';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coreRegistry } from '../../../src/projections/registry.js';
import { publicTables } from '../../../src/store/snapshot/public-tables.js';
import { openForQueries, type QueryableState, type SqlValue } from '../../../src/store/snapshot/query.js';
import { writeSnapshotFile } from '../../../src/store/snapshot/snapshot-file.js';
import { copyState } from '../../../src/store/snapshot/state-copy.js';
import { oracleProfiles } from '../../oracle/profile.js';
import { VECTOR_LINES, oracleEvents, toRecords } from '../../support/e2e/events.js';
import { newDirectory } from '../../support/embedded/directory.js';
import { EmbeddedService } from '../../support/embedded/service.js';
import { stateIn } from '../../support/state-in.js';

const AS_OF_MS = 1_795_219_200_000;
const candidates = [
  { tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 },
  { tip_id: 'c2', is_overdue: false, task_age_days: 9, priority: 1 },
];

describe.each([
  ['attached files', 3],
  ['more files than SQLite attaches', 12],
])('%s', (_, partitions) => {
  let embedded: EmbeddedService;
  let state: QueryableState;
  const all = (sql: string, parameters = {}): readonly (readonly SqlValue[])[] => [...state.query(sql, parameters).rows];

  beforeEach(async () => {
    embedded = await EmbeddedService.open(newDirectory(), { partitions, clock: () => AS_OF_MS });
    await embedded.append(...toRecords('', VECTOR_LINES));
    await embedded.produce('tip.candidates', { user_id: 'u1', decision_id: 'd1', requested_at_ms: AS_OF_MS - 5, candidates });
    await embedded.catchUp();
    state = await openForQueries(stateIn(embedded.directory), coreRegistry, AS_OF_MS, AS_OF_MS, {});
  });
  afterEach(async () => {
    state.close();
    await embedded.close();
  });

  it("profiles and user_profile_features are the oracle's", () => {
    const expected = oracleProfiles(oracleEvents(VECTOR_LINES), AS_OF_MS);
    const { columns, rows } = state.query('SELECT * FROM profiles', {});
    const found = new Map(
      [...rows].map((row) => [row[0], Object.fromEntries(columns.slice(2).map((name, i) => [name, plain(row[i + 2]!)]))]),
    );
    expect(found).toEqual(expected);
    const features = new Map<SqlValue, Record<string, unknown>>();
    for (const [userId, name, value, text] of all('SELECT user_id, name, value, value_text FROM user_profile_features')) {
      features.set(userId!, { ...features.get(userId!), [String(name)]: plain(value!) ?? text });
    }
    expect(features).toEqual(expected);
  });

  it('tips, decisions and offsets are those of all partitions', async () => {
    const tips = new Set(oracleEvents(VECTOR_LINES).map(({ value }) => `${value.user_id} ${value.tip_id}`));
    expect(all('SELECT count(*), count(DISTINCT partition) FROM tips')).toEqual([[BigInt(tips.size), BigInt(partitions)]]);
    const [event] = await embedded.scored();
    expect(
      all(
        'SELECT decision_id, policy, requested_at_ms, epsilon, explored, chosen_tip_id, chosen_propensity, ' +
          'scored_offset, partition FROM decisions WHERE user_id = :user',
        { user: 'u1' },
      ),
    ).toEqual([
      [
        'd1',
        'egreedy-v1',
        BigInt(AS_OF_MS - 5),
        0.1,
        BigInt(event!.explored),
        event!.chosen_tip_id,
        event!.ranking.find(({ tip_id }) => tip_id === event!.chosen_tip_id)!.propensity,
        0n,
        BigInt(embedded.partitionOf('u1')),
      ],
    ]);
    expect(all("SELECT sum(next_offset) FROM offsets WHERE topic IN ('tip.served', 'tip.feedback')")).toEqual([
      [BigInt(VECTOR_LINES.length)],
    ]);
  });

  it('have the columns of the list, in its order', () => {
    for (const { name, columns } of Object.values(publicTables(coreRegistry)))
      expect(state.query(`SELECT * FROM ${name}`, {}).columns).toEqual(columns.map(([column]) => column));
  });

  it.each([
    'INSERT INTO tips VALUES (1)',
    'DELETE FROM p0.tip',
    'WITH x AS (SELECT 1) DELETE FROM p0.tip',
    "ATTACH 'x.db' AS x",
    'PRAGMA query_only = OFF',
    'BEGIN',
    "VACUUM INTO 'x.db'",
    '',
    '-- SELECT\nDROP TABLE tips',
    'SELECT 1; SELECT 2',
    'SELECT * FROM nothing',
    'SELECT :missing',
    'SELEC 1',
    "SELECT load_extension('x')",
  ])('refuses %j', (sql) => {
    expect(() => all(sql)).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error);
  });

  it('takes what reads, with comments before it', () => {
    expect(all('/* a */ -- b\n VALUES (1, :two)', { two: 'x' })).toEqual([[1n, 'x']]);
    expect(all('EXPLAIN QUERY PLAN SELECT * FROM tips').length).toBeGreaterThan(0);
  });

  it('leaves nothing behind, even while it is open', () => {
    const scratch = join(embedded.directory, 'scratch');
    expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([]);
  });
});

it('a snapshot has tables of the same columns and rows, and says what it holds', async () => {
  const embedded = await EmbeddedService.open(newDirectory(), { partitions: 3, clock: () => AS_OF_MS });
  try {
    await embedded.append(...toRecords('', VECTOR_LINES));
    await embedded.catchUp();
    const copy = await copyState(stateIn(embedded.directory), coreRegistry, AS_OF_MS);
    // What comes after the copy has begun is in neither it nor its positions.
    await embedded.produce('tip.served', { user_id: 'late', tip_id: 't', served_at_ms: AS_OF_MS - 1 });
    await embedded.catchUp();
    const path = join(embedded.directory, 'snapshot.db');
    const counts = await writeSnapshotFile(copy, coreRegistry, path, { asOfMs: AS_OF_MS, takenAtMs: AS_OF_MS });
    copy.close();
    const db = new Database(path, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    const profiles = db.prepare('SELECT * FROM profiles').all() as Record<string, unknown>[];
    expect(new Map(profiles.map(({ user_id, as_of_ms: _, ...features }) => [user_id, features]))).toEqual(
      oracleProfiles(oracleEvents(VECTOR_LINES), AS_OF_MS),
    );
    expect(counts).toMatchObject({ profiles: profiles.length, decisions: 0 });
    expect(db.prepare("SELECT count(*) FROM tips WHERE user_id = 'late'").pluck().get()).toBe(0);
    expect(db.prepare('SELECT count(*) FROM user_profile_features').pluck().get()).toBe(8 * profiles.length);
    expect(db.prepare('SELECT sum(next_offset) FROM offsets').pluck().get()).toBe(VECTOR_LINES.length);
    expect(Object.fromEntries(db.prepare('SELECT name, value FROM meta').raw().all() as [string, string][])).toMatchObject({
      format: '1',
      as_of_ms: String(AS_OF_MS),
      feature_set: coreRegistry.featureSet,
      exact_from_ms: '0',
      partitions: '3',
      partitions_here: '3',
      partitions_missing: '[]',
    });
    for (const { name, columns } of Object.values(publicTables(coreRegistry)))
      expect(db.pragma(`table_info(${name})`)).toMatchObject(columns.map(([column]) => ({ name: column })));
    db.close();
  } finally {
    await embedded.close();
  }
});

const plain = (value: SqlValue): unknown => (typeof value === 'bigint' ? Number(value) : value);
