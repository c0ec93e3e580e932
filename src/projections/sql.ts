/**
 * The features in SQL: the view `user_profile_features`, one row per known user and feature, made of the features' own definitions and
 * so independent of the counters.
 *
 * Each definition reads a table named `tip`, or that of a kind of rows. In the view the name means the rows of one user only, so that a
 * query for one user reads that user's rows and no others.
 */
import { AS_OF, countsRows, type FeatureDefinition, type FeatureValue } from './feature.js';
import { scalarOf } from './object-value.js';
import type { Registry } from './registry.js';
import { WINDOW_MS } from './window.js';

const TIMES = ['served_at_ms', 'done_at_ms', 'dismiss_at_ms', 'snooze_at_ms'];

/** The tables that the SQL reads: unqualified, or those of an attached database. */
function source(table: string, schema: string): string {
  return schema === '' ? table : `${schema}.${table} AS ${table}`;
}

/** A condition: whether the user `user.uid` is known as of `:as_of_ms`. */
function knownUserSql(schema: string): string {
  return (
    `EXISTS (SELECT 1 FROM ${source('tip', schema)} WHERE tip.uid = user.uid AND ` +
    `(${TIMES.map((time) => `(${time} >= ${AS_OF} - ${WINDOW_MS} AND ${time} < ${AS_OF})`).join(' OR ')}))`
  );
}

/** Those that the feature's SQL reads. */
function tablesOf({ counters }: FeatureDefinition): string[] {
  return [...new Set(counters.map((family) => (countsRows(family) ? family.of.name : 'tip')))];
}

/** An expression: the feature's value for the user `user.uid`. */
function valueSql(feature: FeatureDefinition, schema: string): string {
  const tables = tablesOf(feature);
  const rows = tables.map(
    (table) => `user_${table} AS NOT MATERIALIZED (SELECT * FROM ${source(table, schema)} WHERE ${table}.uid = user.uid)`,
  );
  const names = tables.map((table) => `${table} AS NOT MATERIALIZED (SELECT * FROM user_${table})`);
  const value = `(
    WITH ${rows.join(', ')}
    SELECT value FROM (WITH ${names.join(', ')} ${feature.sql.trim()})
  )`;
  return feature.whenEmpty === null ? value : `coalesce(${value}, ${sqlLiteral(feature.whenEmpty)})`;
}

/**
 * A SELECT over `tip` and `user(uid INTEGER PRIMARY KEY, user_id TEXT, updated_at_ms INTEGER)` that gives user_id, name, value, value_text,
 * updated_at: one row per known user and feature. `value` holds numeric features, `value_text` the others; the other is NULL,
 * and so are both when the feature is null.
 *
 * @param asOfSql SQL for the as-of time, integer Unix milliseconds
 * @param schema of the attached database that holds the tables; empty for plain names
 */
export function featureRowsSql(registry: Registry, asOfSql: string, schema = ''): string {
  const rows = registry.features.map((feature) => {
    const value = valueSql(feature, schema);
    const columns = feature.dtype === 'numeric' ? `${value}, NULL` : `NULL, ${value}`;
    return (
      `  SELECT user.user_id, '${feature.name}', ${columns}, user.updated_at_ms\n  FROM ` +
      `${source('user', schema)} WHERE ${knownUserSql(schema)}`
    );
  });
  return rows.join('\n  UNION ALL\n').replaceAll(AS_OF, `(${asOfSql})`);
}

/** The same as one row per known user: user_id, as_of_ms and a column a feature in the order of their names. */
export function profileRowsSql(registry: Registry, asOfSql: string, schema = ''): string {
  const columns = registry.features.map((feature) => `${valueSql(feature, schema)} AS ${feature.name}`);
  const selected = `  SELECT user.user_id AS user_id, ${AS_OF} AS as_of_ms, ${columns.join(', ')}`;
  const from = `  FROM ${source('user', schema)} WHERE ${knownUserSql(schema)}`;
  return `${selected}\n${from}`.replaceAll(AS_OF, `(${asOfSql})`);
}

/**
 * CREATE VIEW user_profile_features over a state file's own tables. `nowExpression`: the clock in SQL, since a view takes no
 * parameters.
 */
export function userProfileFeaturesView(registry: Registry, nowExpression: string): string {
  return `CREATE VIEW user_profile_features(user_id, name, value, value_text, updated_at) AS\n${featureRowsSql(registry, nowExpression)}`;
}

function sqlLiteral(given: FeatureValue): string {
  const value = scalarOf(given);
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
