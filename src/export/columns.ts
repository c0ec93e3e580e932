/** The columns of an export and their types, which only Parquet needs: CSV and NDJSON say each value as it is. */
import type { FeatureDefinition } from '../projections/feature.js';
import { RawJson, type Cell } from './cell.js';

/** json: values of several kinds, as text that is JSON. */
export type ColumnType = 'int64' | 'double' | 'text' | 'boolean' | 'json';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Units in which a feature's values are whole. */
const WHOLE_UNITS: ReadonlySet<string> = new Set(['tips', 'sessions', 'days', 'hour', 'weekday']);

export function featureColumn({ name, dtype, unit }: FeatureDefinition): Column {
  if (dtype === 'object') return { name, type: 'json' };
  return { name, type: dtype === 'categorical' ? 'text' : WHOLE_UNITS.has(unit) ? 'int64' : 'double' };
}

const INTEGER = /^-?\d+$/;
const MAX_INT64 = 2n ** 63n;

/** Learns a column's type from its values: the narrowest that holds each of them exactly. */
export class ColumnKinds {
  readonly #seen = new Set<'int64' | 'wide' | 'double' | 'text' | 'boolean' | 'json'>();

  add(cell: Cell): void {
    if (cell === null || cell === undefined) return;
    this.#seen.add(kindOf(cell));
  }

  type(): ColumnType {
    const seen = this.#seen;
    if (seen.has('json')) return 'json';
    const kinds = new Set([...seen].map((kind) => (kind === 'int64' || kind === 'wide' ? 'number' : kind === 'double' ? 'number' : kind)));
    if (kinds.size > 1) return 'json';
    const [kind] = kinds;
    if (kind !== 'number') return kind ?? 'text';
    if (!seen.has('double')) return 'int64';
    return seen.has('wide') ? 'json' : 'double';
  }
}

/** wide: an int64 that a double would round. */
function kindOf(cell: Exclude<Cell, null | undefined>): 'int64' | 'wide' | 'double' | 'text' | 'boolean' | 'json' {
  if (typeof cell === 'string') return 'text';
  if (typeof cell === 'boolean') return 'boolean';
  if (cell instanceof RawJson && !cell.isNumber) return 'json';
  const text = cell instanceof RawJson ? cell.text : String(cell);
  if (!INTEGER.test(text)) return Number.isFinite(Number(text)) ? 'double' : 'json';
  const integer = BigInt(text);
  if (integer < -MAX_INT64 || integer >= MAX_INT64) return 'json';
  return Number.isSafeInteger(Number(integer)) ? 'int64' : 'wide';
}
