/** Learning curves as pictures: SVG for documents, a line of blocks for terminals. The same numbers give the same bytes. */
import { roundTicks } from '../evaluation/pictures/axis.js';
import { escaped, fixed, svgPage, WIDTH } from '../evaluation/pictures/svg.js';

export interface Curve {
  readonly policy: string;
  /** In equal parts of the time; null where there is none. */
  readonly points: readonly (number | null)[];
  /** The ends of an interval at each point; null where there is no point. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

/** Curves on one scale. */
export interface Panel {
  /** What is drawn. */
  readonly label: string;
  readonly curves: readonly Curve[];
}

export interface LearningCurves {
  readonly title: string;
  /** How long the time is that the curves are about. */
  readonly days: number;
  /** One below the other, with the same policies in the same order. At least one. */
  readonly panels: readonly Panel[];
}

/**
 * Each policy has a colour and a pattern: colours differ for the colour-blind too (Okabe and Ito, 2008), and patterns where there is
 * none, as in print.
 */
const STYLES: readonly { readonly colour: string; readonly dash: string }[] = [
  { colour: '#0072b2', dash: '' },
  { colour: '#d55e00', dash: '9 4' },
  { colour: '#009e73', dash: '2 4' },
  { colour: '#cc79a7', dash: '10 4 2 4' },
  { colour: '#e69f00', dash: '16 5' },
  { colour: '#56b4e9', dash: '5 3' },
  { colour: '#7f7f7f', dash: '1 7' },
  { colour: '#000000', dash: '14 4 2 4 2 4' },
];
const PANEL = 250;
const MARGIN = { left: 56, right: 190, top: 40, bottom: 44 };
/** Between panels: room for the label of the next. */
const GAP = 46;
const VALUE_TICKS = 6;
const DAY_TICKS = 8;
const LEGEND_LINE = 36;

/** A line a policy over the days, with a band where there are intervals. */
export function curvesSvg({ title, days, panels }: LearningCurves): string {
  const height = MARGIN.top + panels.length * PANEL + panels.length * GAP - GAP + MARGIN.bottom + 22;
  const bottom = height - MARGIN.bottom;
  return svgPage(title, height, [
    ...panels.flatMap((panel, i) => panelSvg(panel, MARGIN.top + 22 + i * (PANEL + GAP), days)),
    ...legendOf(panels[0]!.curves),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${bottom + 36}" text-anchor="middle">days since the start</text>`,
  ]);
}

function panelSvg({ label, curves }: Panel, top: number, days: number): string[] {
  const { low, high } = rangeOf(curves, true);
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const bottom = top + PANEL;
  const y = (value: number): string => fixed(top + PANEL * (1 - (value - low) / (high - low)));
  const xOfDay = (day: number): string => fixed(MARGIN.left + (width * day) / days);
  // A point is about a part of the time, and stands in its middle.
  const x = (part: number, parts: number): string => xOfDay(((part + 0.5) * days) / parts);
  const place =
    (points: Curve['points']) =>
    ({ at, value }: Point) =>
      `${x(at, points.length)},${y(value)}`;
  return [
    `<text x="16" y="${top - 8}" fill="#333333">${escaped(label)}</text>`,
    ...roundTicks(low, high, VALUE_TICKS).flatMap(({ value, text }) => [
      `<line x1="${MARGIN.left}" x2="${MARGIN.left + width}" y1="${y(value)}" y2="${y(value)}" stroke="#dddddd"/>`,
      `<text x="${MARGIN.left - 8}" y="${fixed(Number(y(value)) + 4)}" text-anchor="end">${text}</text>`,
    ]),
    ...roundTicks(0, days, DAY_TICKS, 1).flatMap(({ value, text }) => [
      `<line x1="${xOfDay(value)}" x2="${xOfDay(value)}" y1="${bottom}" y2="${bottom + 5}" stroke="#333333"/>`,
      `<text x="${xOfDay(value)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`,
    ]),
    `<line x1="${MARGIN.left}" x2="${MARGIN.left + width}" y1="${bottom}" y2="${bottom}" stroke="#333333"/>`,
    ...curves.flatMap((curve, i) => bandsOf(curve, styleOf(i).colour, place(curve.points))),
    ...curves.flatMap(({ points }, i) =>
      piecesOf(points).map((piece) => `<polyline ${strokeOf(i)} points="${piece.map(place(points)).join(' ')}"/>`),
    ),
  ];
}

/** From the lower ends along the time, and back along the upper ones. */
function bandsOf({ points, low = [], high = [] }: Curve, colour: string, place: (point: Point) => string): string[] {
  return piecesOf(points).flatMap((piece) => {
    const side = (ends: Curve['points']): Point[] => piece.map(({ at }) => ({ at, value: ends[at] ?? NaN }));
    const outline = [...side(low), ...side(high).reverse()];
    if (outline.some(({ value }) => Number.isNaN(value))) return [];
    return [`<polygon fill="${colour}" fill-opacity="0.12" points="${outline.map(place).join(' ')}"/>`];
  });
}

/** A sample of each line with its name, in black so that it can be read. */
function legendOf(curves: readonly Curve[]): string[] {
  const left = WIDTH - MARGIN.right + 14;
  return curves.flatMap(({ policy }, i) => {
    const middle = MARGIN.top + 30 + 22 * i;
    return [
      `<line ${strokeOf(i)} x1="${left}" x2="${left + LEGEND_LINE}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${left + LEGEND_LINE + 8}" y="${middle + 4}">${escaped(policy)}</text>`,
    ];
  });
}

const styleOf = (i: number): (typeof STYLES)[number] => STYLES[i % STYLES.length]!;

function strokeOf(i: number): string {
  const { colour, dash } = styleOf(i);
  return `fill="none" stroke="${colour}" stroke-width="2"${dash === '' ? ' stroke-linecap="round"' : ` stroke-dasharray="${dash}"`}`;
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
  const { low, high } = rangeOf(curves, false);
  return points
    .map((value) =>
      value === null ? ' ' : BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(((value - low) / (high - low)) * BLOCKS.length))],
    )
    .join('');
}

/** More room than this around the points is not given to bands: those of the first days may reach everywhere. */
const MOST_ROOM = 0.5;

function rangeOf(curves: readonly Curve[], withBands: boolean): { low: number; high: number } {
  const valuesOf = (all: readonly (Curve['points'] | undefined)[]): number[] =>
    all.flatMap((points) => points ?? []).filter((value) => value !== null);
  const points = valuesOf(curves.map((curve) => curve.points));
  if (points.length === 0) return { low: 0, high: 1 };
  const [low, high] = [Math.min(...points), Math.max(...points)];
  if (high === low) return { low: low - 0.5, high: high + 0.5 };
  if (!withBands) return { low, high };
  const bands = valuesOf(curves.flatMap((curve) => [curve.low, curve.high]));
  const room = MOST_ROOM * (high - low);
  return { low: Math.max(low - room, Math.min(low, ...bands)), high: Math.min(high + room, Math.max(high, ...bands)) };
}
