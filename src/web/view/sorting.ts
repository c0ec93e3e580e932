/** The order of a table as an address has it: `lag_records` up, `-lag_records` down. What is not known comes last either way. */

export interface Sorting {
  readonly column: string;
  readonly isDown: boolean;
}

export type SortValue = number | string | null | undefined;

export function sortingIn(text: string | undefined, columns: readonly string[]): Sorting | undefined {
  if (text === undefined) return undefined;
  const isDown = text.startsWith('-');
  const column = isDown ? text.slice(1) : text;
  return columns.includes(column) ? { column, isDown } : undefined;
}

/** The order after a click on a column's heading: its own, the other way, then none. Numbers begin with the greatest. */
export function nextSorting(now: Sorting | undefined, column: string, isNumber: boolean): string | undefined {
  if (now?.column !== column) return isNumber ? `-${column}` : column;
  return now.isDown === isNumber ? (isNumber ? column : `-${column}`) : undefined;
}

/** Stable: rows that are equal keep their order. */
export function sorted<Row>(rows: readonly Row[], valueOf: (row: Row) => SortValue, isDown: boolean): readonly Row[] {
  const sign = isDown ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [valueOf(one) ?? null, valueOf(other) ?? null];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);
  });
}
