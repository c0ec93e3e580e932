/** Rows that features are computed from beside tips, in words. */
import type { RowBehind } from '../../service/application.js';

/** session s-1001: its table, with what is in its first column. */
export function rowText({ table, row }: Pick<RowBehind, 'table' | 'row'>): string {
  return `${table} ${Object.values(row)[0] ?? ''}`;
}

/** Every other column, without those that are empty. */
export function columnsText({ row }: Pick<RowBehind, 'row'>): string {
  const columns = Object.entries(row).slice(1);
  return columns
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
