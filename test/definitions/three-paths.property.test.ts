/**
 * A definition's fold, its naive reading and its SQL agree, for random definitions and random events in any order, with duplicates, as of
 * any time.
 */
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Definition } from '../../src/events/feature-choice.js';
import { definedFeatures } from '../../src/projections/defined/feature.js';
import { createAggregate } from '../../src/projections/aggregate.js';
import { createRegistry, type Registry } from '../../src/projections/registry.js';
import { applyRowChange, countersOf, rowsAt } from '../../src/projections/row-counts.js';
import { keyOf, type Row } from '../../src/projections/row-kind.js';
import { NO_NUMBERS, settle, takeChanges } from '../../src/projections/counters/ordered.js';
import { textForSql, textFromSql } from '../../src/projections/sql-text.js';
import { rowTables } from '../../src/store/tables/row-schema.js';
import { naiveDefined } from '../../src/verify/defined/naive-defined.js';
import { asOfMs, definition, eventOf, throughAFile } from '../support/definition-arbitrary.js';

type Event = Record<string, unknown>;

const ofOne = (one: Definition): Registry => createRegistry(definedFeatures([one]));

/** key -> row, of one user. */
function folded({ kinds }: Registry, events: readonly Event[], fold: (before: Row | undefined, after: Row) => void): Map<string, Row> {
  const { kind } = kinds[0]!;
  const rows = new Map<string, Row>();
  for (const event of events) {
    const made = kind.rowOf(event)!;
    const before = rows.get(keyOf(kind, made));
    const after = before === undefined ? made : kind.join(before, made);
    if (after === before) continue;
    rows.set(keyOf(kind, made), after);
    fold(before, after);
  }
  return rows;
}

/** By counters that every event changes by a difference, and that are then moved to the time asked about. */
function valueByFold(registry: Registry, events: readonly Event[], nowMs: number, at: number): unknown {
  const set = registry.kinds[0]!;
  const aggregate = createAggregate();
  const rows = folded(registry, events, (before, after) => applyRowChange(set, aggregate, before, after, nowMs));
  const { counters } = rowsAt(set, at, { count: rows.size, all: () => rows.values() }, aggregate);
  const settled = counters.copy();
  for (const { id } of set.ordered) settle(settled, id, takeChanges(settled, id), NO_NUMBERS);
  const value = registry.values(createAggregate(), at, settled)[registry.names[0]!];
  expect(registry.values(createAggregate(), at, countersOf(set, rows.values(), at))[registry.names[0]!]).toBe(value);
  return value;
}

function valuesBySql(registry: Registry, users: ReadonlyMap<string, readonly Row[]>, at: number): Map<string, unknown> {
  const { kind } = registry.kinds[0]!;
  const database = new Database(':memory:');
  try {
    database.exec(rowTables(registry.kinds));
    const insert = database.prepare(`INSERT INTO ${kind.name} VALUES (?, ${kind.columns.map(() => '?').join(', ')})`);
    const ids = [...users.keys()];
    for (const [uid, id] of ids.entries())
      for (const row of users.get(id)!) {
        const values = kind.columns.map(([column]) => row[column]!);
        insert.run(uid, ...values.map((value) => (typeof value === 'string' ? textForSql(value) : value)));
      }
    const found = database.prepare(registry.features[0]!.sql).all({ as_of_ms: at }) as { uid: number; value: unknown }[];
    expect(new Set(found.map(({ uid }) => uid)).size).toBe(found.length);
    return new Map(found.map(({ uid, value }) => [ids[uid]!, value instanceof Uint8Array ? textFromSql(value) : value]));
  } finally {
    database.close();
  }
}

const scenario = definition.chain((one) =>
  fc
    .array(fc.tuple(eventOf(one.topic), fc.nat(1_000), fc.nat(1_000)), { maxLength: 25 })
    .chain((placed) => fc.record({ one: fc.constant(one), placed: fc.constant(placed), nowMs: asOfMs, at: asOfMs })),
);

it('the fold, the naive reading and the SQL of a definition agree, whatever the order of its events', () => {
  fc.assert(
    fc.property(scenario, ({ one, placed, nowMs, at }) => {
      const registry = ofOne(one);
      const events = placed.map(([event]) => event);
      // Half of them come twice, at another place.
      const shuffled = placed
        .flatMap(([event, first, second]) => [[event, first] as const, ...(second % 2 === 0 ? [[event, second] as const] : [])])
        .sort(([, a], [, b]) => a - b)
        .map(([event]) => event);
      const of = (id: string, some: readonly Event[]) => some.filter(({ user_id: user }) => user === id);
      const ids = [...new Set(events.map((event) => event.user_id as string))];
      const users = new Map(ids.map((id) => [id, [...folded(registry, of(id, shuffled), () => {}).values()]]));
      const bySql = valuesBySql(registry, users, at);
      for (const id of ids) {
        const naive = naiveDefined(one, of(id, events), at);
        expect(valueByFold(registry, of(id, shuffled), nowMs, at)).toBe(naive);
        expect(bySql.get(id) ?? registry.features[0]!.whenEmpty).toBe(naive);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('a definition that comes back from its file is the same, and means the same SQL', () => {
  fc.assert(
    fc.property(definition, (one) => {
      const read = throughAFile(one);
      fc.pre(read !== undefined);
      expect(throughAFile(read)).toEqual(read);
      expect(definedFeatures([read])[0]!.sql).toBe(definedFeatures([throughAFile(read)!])[0]!.sql);
    }),
    { numRuns: 200 },
  );
});
