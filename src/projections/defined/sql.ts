/** A definition in SQL for SQLite, over the table of its topic; it shares nothing with the fold but the definition itself. */
import { textForSql } from '../sql-text.js';
import type { Condition, Definition, Filter, Literal } from '../../events/feature-choice.js';
import { tableOf } from './kept.js';
import { TOPIC_FIELDS, type TopicField } from './topics.js';

/** Gives (uid, value) for every user of whom an event counts; the as-of time is `:as_of_ms`. */
export function definitionSql({ topic, shape, field: name, filter, counts, windowMs }: Definition): string {
  const { time, fields } = TOPIC_FIELDS[topic];
  const table = tableOf(topic);
  const conditions = [`${time} >= :as_of_ms - ${windowMs}`, `${time} < :as_of_ms`, ...filter.map(conditionSql)];
  const chosen = (more: readonly string[] = []) => `FROM ${table}\n  WHERE ${[...conditions, ...more].join(' AND ')}`;
  const grouped = (value: string) => `SELECT uid, ${value} AS value\n  ${chosen()}\n  GROUP BY uid`;
  const field = name ?? '';
  const withField = chosen([`${field} IS NOT NULL`]);
  const order = orderSql(fields.get(field));
  switch (shape) {
    case 'count':
      return grouped('count(*)');
    case 'rate':
      return grouped(`CAST(count(CASE WHEN ${filterSql(counts!)} THEN 1 END) AS REAL) / count(*)`);
    case 'mean':
      return `SELECT uid, CAST(sum(${field}) AS REAL) / count(*) AS value\n  ${withField}\n  GROUP BY uid`;
    case 'distinct':
      return grouped(`count(DISTINCT ${field})`);
    case 'mode':
      return placed(
        field,
        `row_number() OVER (PARTITION BY uid ORDER BY count(*) DESC, ${order}) AS place`,
        `${withField}\n  GROUP BY uid, ${field}`,
      );
    case 'latest':
      return placed(field, `row_number() OVER (PARTITION BY uid ORDER BY ${time} DESC, ${order}) AS place`, withField);
    case 'median':
      return placed(
        field,
        `row_number() OVER (PARTITION BY uid ORDER BY ${order}) AS place, count(*) OVER (PARTITION BY uid) AS size`,
        withField,
        '(size + 1) / 2',
      );
  }
}

function placed(field: string, places: string, rows: string, place = '1'): string {
  return `SELECT uid, value FROM (\n  SELECT uid, ${field} AS value, ${places}\n  ${rows}\n) WHERE place = ${place}`;
}

/** Texts that UTF-8 cannot hold are BLOBs (see sql-text.ts); as bytes, both kinds sort together by code point. */
const orderSql = (field: TopicField | undefined) =>
  field === undefined || field.type.kind === 'whole' ? (field?.name ?? '') : `CAST(${field.name} AS BLOB)`;

function filterSql(filter: Filter): string {
  return filter.length === 0 ? 'true' : filter.map(conditionSql).join(' AND ');
}

const OPERATORS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

function conditionSql(condition: Condition): string {
  const { field } = condition;
  switch (condition.is) {
    case 'in':
      return condition.values.length === 1
        ? `${field} = ${literalSql(condition.values[0]!)}`
        : `${field} IN (${condition.values.map(literalSql).join(', ')})`;
    case 'present':
      return `${field} IS NOT NULL`;
    case 'absent':
      return `${field} IS NULL`;
    default:
      return `${field} ${OPERATORS[condition.is]} ${condition.value}`;
  }
}

/** Words are quoted. Other texts are bytes: then no blank, colon or semicolon in them is part of the SQL that people and code read. */
function literalSql(value: Literal): string {
  if (typeof value === 'number') return String(value);
  if (/^([\p{L}\p{N}_][\p{L}\p{N}_.-]*( [\p{L}\p{N}_.-]+)*)?$/u.test(value) && value.isWellFormed()) return `'${value}'`;
  const stored = textForSql(value);
  const hex = Buffer.from(stored).toString('hex');
  return typeof stored === 'string' ? `CAST(x'${hex}' AS TEXT)` : `x'${hex}'`;
}
