/** Which rows of a long table are in sight: only these are in the document, so that 10,000 rows cost as much as 60. */

export interface RowWindow {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface Sight {
  readonly rows: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly height: number;
}

/** Tables up to this long are in the document as a whole. */
export const WHOLE_UP_TO = 200;
/** Rows above and below what is in sight, so that scrolling by keyboard finds the next one there. */
const AROUND = 12;

export function windowOfRows({ rows, rowHeight, scrollTop, height }: Sight): RowWindow {
  if (rows <= WHOLE_UP_TO || rowHeight <= 0) return { from: 0, to: Math.min(rows, WHOLE_UP_TO) };
  // What was scrolled to may be gone since.
  const first = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight)), rows - 1);
  return { from: Math.max(0, first - AROUND), to: Math.min(rows, first + Math.ceil(height / rowHeight) + AROUND) };
}
