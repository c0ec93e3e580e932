/** Values on their way through an export. */

/** A number, object or array as it was written: digits beyond a double's and the order of keys survive. */
export class RawJson {
  readonly text: string;
  readonly isNumber: boolean;

  constructor(text: string, isNumber: boolean) {
    this.text = text;
    this.isNumber = isNumber;
  }
}

/** undefined: the row does not have the column. */
export type Cell = string | number | boolean | null | RawJson | undefined;

/** The JSON of a cell; lone surrogates come out as \u escapes. */
export function jsonOf(cell: Exclude<Cell, undefined>): string {
  return cell instanceof RawJson ? cell.text : JSON.stringify(cell);
}
