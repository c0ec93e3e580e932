/** An A/A test as a picture: each rate with its interval, and what is promised. The same numbers give the same bytes. */
import { escaped, fixed, svgPage, WIDTH } from '../pictures/svg.js';
import type { RateRow } from './rates.js';

const ROW = 24;
const MARGIN = { left: 290, right: 110, top: 44, bottom: 46 };
const COLOURS = { interval: '#0072b2', promised: '#d55e00', grid: '#dddddd' };
/** Of the axis: it ends at the least of these that holds all intervals. */
const ENDS = [0.1, 0.2, 0.5, 1];
const TICKS = 5;

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

/** One line a row; rows in which nothing could act say so. */
export function ratesSvg(rows: readonly RateRow[], title: string): string {
  const tried = rows.filter(({ of }) => of > 0);
  const end = ENDS.find((one) => tried.every(({ interval, promised }) => interval.high <= one && promised <= one)) ?? 1;
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, ROW * rows.length];
  const x = (share: number): string => fixed(MARGIN.left + (width * share) / end);
  const bottom = MARGIN.top + height;
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => (end * i) / TICKS);
  return svgPage(title, bottom + MARGIN.bottom, [
    ...ticks.flatMap((tick) => [
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="${MARGIN.top}" y2="${bottom}" stroke="${COLOURS.grid}"/>`,
      `<text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${percent(tick)}</text>`,
    ]),
    ...rows.flatMap((row, i) => rowSvg(row, MARGIN.top + ROW * i, x)),
    `<text x="${fixed(MARGIN.left + width / 2)}" y="${bottom + 38}" text-anchor="middle">` +
      'share of the rollouts of nothing, with 95 % intervals; dashed: at most this is promised</text>',
  ]);
}

function rowSvg(
  { world, actor, of, acted, interval: { low, high }, promised }: RateRow,
  top: number,
  x: (share: number) => string,
): string[] {
  const middle = top + ROW / 2;
  const text = `<text x="16" y="${middle + 4}">${escaped(world)}: ${escaped(actor)}</text>`;
  const counts = `<text x="${WIDTH - 16}" y="${middle + 4}" text-anchor="end">${of === 0 ? 'not tried' : `${acted} of ${of}`}</text>`;
  const line =
    `<line x1="${x(promised)}" x2="${x(promised)}" y1="${top}" y2="${top + ROW}" stroke="${COLOURS.promised}" ` +
    'stroke-width="2" stroke-dasharray="4 3"/>';
  if (of === 0) return [text, line, counts];
  return [
    text,
    line,
    `<line x1="${x(low)}" x2="${x(high)}" y1="${middle}" y2="${middle}" stroke="${COLOURS.interval}" stroke-width="2"/>`,
    `<circle cx="${x(acted / of)}" cy="${middle}" r="4" fill="${COLOURS.interval}"/>`,
    counts,
  ];
}
