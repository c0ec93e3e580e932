/** Learning curves as pictures: SVG for documents, a line of blocks for terminals. The same numbers give the same bytes. */

export interface Curve {
  readonly policy: string;
  /** null where there is none. */
  readonly points: readonly (number | null)[];
}

/** Colours that differ for the colour-blind too (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#999999', '#000000', '#cc79a7', '#e69f00', '#56b4e9'];
const WIDTH = 760;
const HEIGHT = 360;
const MARGIN = { left: 56, right: 150, top: 40, bottom: 40 };
const TICKS = 5;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const fixed = (value: number, digits = 1): string => value.toFixed(digits);

/** One line a policy over the course of the simulation. */
export function curvesSvg(curves: readonly Curve[], title: string): string {
  const { low, high } = rangeOf(curves);
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const y = (value: number): number => MARGIN.top + height * (1 - (value - low) / (high - low));
  const x = (index: number, count: number): number => MARGIN.left + (width * index) / Math.max(1, count - 1);
  const ticks = Array.from({ length: TICKS }, (_, i) => low + ((high - low) * i) / (TICKS - 1));
  const lines = curves.flatMap(({ points }, i) =>
    piecesOf(points).map(
      (piece) =>
        `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2" stroke-linecap="round" ` +
        `points="${piece.map(({ at, value }) => `${fixed(x(at, points.length))},${fixed(y(value))}`).join(' ')}"/>`,
    ),
  );
  const names = curves.map(
    ({ policy }, i) =>
      `<text x="${WIDTH - MARGIN.right + 12}" y="${MARGIN.top + 14 + 20 * i}" ` +
      `fill="${COLOURS[i % COLOURS.length]}">${escaped(policy)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" ` +
      `font-size="13" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${MARGIN.left}" y="22" font-size="15">${escaped(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${MARGIN.left}" x2="${MARGIN.left + width}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}" stroke="#dddddd"/>`,
      `<text x="${MARGIN.left - 8}" y="${fixed(y(tick) + 4)}" text-anchor="end">${fixed(tick, 3)}</text>`,
    ]),
    ...lines,
    ...names,
    `<text x="${MARGIN.left + width / 2}" y="${HEIGHT - 10}" text-anchor="middle">time, from the first to the last day</text>`,
    '</svg>',
    '',
  ].join('\n');
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** A curve's points without its gaps; a point alone is drawn as a dot. */
function piecesOf(points: Curve['points']): Point[][] {
  const pieces: Point[][] = [[]];
  for (const [at, value] of points.entries()) {
    if (value === null) pieces.push([]);
    else pieces.at(-1)!.push({ at, value });
  }
  return pieces.filter((piece) => piece.length > 0).map((piece) => (piece.length === 1 ? [piece[0]!, piece[0]!] : piece));
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** `points` on the range that all curves share; a blank where there is none. */
export function sparkline(points: Curve['points'], curves: readonly Curve[]): string {
  const { low, high } = rangeOf(curves);
  return points
    .map((value) =>
      value === null ? ' ' : BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(((value - low) / (high - low)) * BLOCKS.length))],
    )
    .join('');
}

function rangeOf(curves: readonly Curve[]): { low: number; high: number } {
  const all = curves.flatMap(({ points }) => points).filter((value) => value !== null);
  if (all.length === 0) return { low: 0, high: 1 };
  const low = Math.min(...all);
  const high = Math.max(...all);
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}
