/**
 * The tables that people query: what `tipstream sql` has as views over all partitions, and a snapshot as tables. docs/analysts.md explains
 * each column, and a test holds it to this list.
 */
import type { RowKind } from '../../projections/row-kind.js';
import type { Registry } from '../../projections/registry.js';
import { featureRowsSql, profileRowsSql } from '../../projections/sql.js';

export interface PublicTable {
  readonly name: string;
  /** [name, declared type] of each column: without one, other readers of SQLite (DuckDB) take the values for bytes. */
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** What makes a row the only one of its kind. */
  readonly key: readonly string[];
}

/** One partition's state file as a connection knows it. */
export interface AttachedPartition {
  readonly schema: string;
  readonly partition: number;
}

export type PublicTableName = 'tips' | 'profiles' | 'user_profile_features' | 'decisions' | 'offsets';

/** With a view for each kind of rows that the registry has. */
export function publicTables(registry: Registry): Record<PublicTableName, PublicTable> & Record<string, PublicTable> {
  return {
    ...Object.fromEntries(registry.kinds.map(({ kind }) => [kind.name, tableOf(kind)])),
    tips: {
      name: 'tips',
      key: ['user_id', 'tip_id'],
      columns: [
        ['user_id', 'TEXT'],
        ['tip_id', 'TEXT'],
        ['served_at_ms', 'INTEGER'],
        ['served_category', 'TEXT'],
        ['done_at_ms', 'INTEGER'],
        ['done_utc_offset_min', 'INTEGER'],
        ['dismiss_at_ms', 'INTEGER'],
        ['snooze_at_ms', 'INTEGER'],
        ['partition', 'INTEGER'],
      ],
    },
    profiles: {
      name: 'profiles',
      key: ['user_id'],
      columns: [
        ['user_id', 'TEXT'],
        ['as_of_ms', 'INTEGER'],
        ...registry.features.map(({ name, dtype }) => [name, dtype === 'numeric' ? 'REAL' : 'TEXT'] as const),
      ],
    },
    user_profile_features: {
      name: 'user_profile_features',
      key: ['user_id', 'name'],
      columns: [
        ['user_id', 'TEXT'],
        ['name', 'TEXT'],
        ['value', 'REAL'],
        ['value_text', 'TEXT'],
        ['updated_at', 'INTEGER'],
      ],
    },
    decisions: {
      name: 'decisions',
      key: ['user_id', 'decision_id'],
      columns: [
        ['user_id', 'TEXT'],
        ['decision_id', 'TEXT'],
        ['policy', 'TEXT'],
        ['requested_at_ms', 'INTEGER'],
        ['scored_at_ms', 'INTEGER'],
        ['epsilon', 'REAL'],
        ['explored', 'INTEGER'],
        ['chosen_tip_id', 'TEXT'],
        ['chosen_propensity', 'REAL'],
        ['reward_tip_id', 'TEXT'],
        ['reward', 'INTEGER'],
        ['scored_offset', 'INTEGER'],
        ['partition', 'INTEGER'],
        ['record', 'TEXT'],
      ],
    },
    offsets: {
      name: 'offsets',
      key: ['topic', 'partition'],
      columns: [
        ['topic', 'TEXT'],
        ['partition', 'INTEGER'],
        ['next_offset', 'INTEGER'],
      ],
    },
  };
}

function tableOf({ name, key, columns }: RowKind): PublicTable {
  const typed = columns.map(([column, type]) => [column, type.split(' ', 1)[0]!] as const);
  return { name, key: ['user_id', ...key], columns: [['user_id', 'TEXT'], ...typed, ['partition', 'INTEGER']] };
}

/**
 * The rows of one partition in the order of the table's columns. `asOfMs` is the time of profiles. The texts end where a condition on
 * `user` can follow.
 */
export function publicRowsSql(registry: Registry, table: string, { schema, partition }: AttachedPartition, asOfMs: number): string {
  switch (table) {
    case 'tips':
      return `SELECT user.user_id, tip.tip_id, tip.served_at_ms, tip.served_category, tip.done_at_ms,
          tip.done_utc_offset_min, tip.dismiss_at_ms, tip.snooze_at_ms, ${partition}
        FROM ${schema}.user AS user JOIN ${schema}.tip AS tip ON tip.uid = user.uid WHERE true`;
    case 'profiles':
      return profileRowsSql(registry, String(asOfMs), schema);
    case 'user_profile_features':
      return featureRowsSql(registry, String(asOfMs), schema);
    case 'decisions':
      return `SELECT user.user_id, decision.decision_id, decision.policy, decision.requested_at_ms,
          record ->> '$.scored_at_ms', record ->> '$.epsilon', record ->> '$.explored', record ->> '$.chosen_tip_id',
          (SELECT value ->> '$.propensity' FROM json_each(record, '$.ranking') WHERE value ->> '$.tip_id' = record ->> '$.chosen_tip_id'),
          decision.reward_tip_id, decision.reward, decision.scored_offset, ${partition}, decision.record
        FROM ${schema}.user AS user JOIN ${schema}.decision AS decision ON decision.uid = user.uid WHERE true`;
    case 'offsets':
      return `SELECT topic, ${partition}, next_offset FROM ${schema}.position`;
    default: {
      const { kind } = registry.kinds.find((set) => set.kind.name === table)!;
      const columns = kind.columns.map(([column]) => `row.${column}`).join(', ');
      return `SELECT user.user_id, ${columns}, ${partition}
        FROM ${schema}.user AS user JOIN ${schema}.${table} AS row ON row.uid = user.uid WHERE true`;
    }
  }
}
