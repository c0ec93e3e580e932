/** Gains with their intervals as a picture, a row a policy. The same numbers give the same bytes. Told apart by form, not by colour. */
import { roundTicks } from '../pictures/axis.js';
import { escaped, fixed, svgPage, WIDTH } from '../pictures/svg.js';
import type { Finding, VariantReport } from './comparison.js';

const ROW = 24;
const MARGIN = { left: 250, right: 30, top: 64, bottom: 52 };
const TICKS = 6;

export interface Picture {
  readonly title: string;
  /** What is compared with. */
  readonly baseline: string;
  readonly alpha: number;
  /** Best first. */
  readonly reports: readonly VariantReport[];
}

export function gainsSvg({ title, baseline, alpha, reports }: Picture): string {
  const height = MARGIN.top + ROW * reports.length + MARGIN.bottom;
  const [low, high] = rangeOf(reports);
  const ticks = roundTicks(low, high, TICKS);
  const x = (value: number): number =>
    MARGIN.left + ((WIDTH - MARGIN.left - MARGIN.right) * (clamp(value, low, high) - low)) / (high - low);
  const bottom = MARGIN.top + ROW * reports.length;
  return svgPage(title, height, [
    `<text x="16" y="42" fill="#333333">intervals that hold for all ${reports.length} together, at ` +
      `${(100 * (1 - alpha)).toFixed(0)} %; full dot: better, square: worse, empty: neither is shown, dashed: nobody can tell</text>`,
    ...ticks.flatMap(({ value, text }) => [
      `<line x1="${fixed(x(value))}" x2="${fixed(x(value))}" y1="${MARGIN.top}" y2="${bottom}" stroke="#dddddd"/>`,
      `<text x="${fixed(x(value))}" y="${bottom + 18}" text-anchor="middle">${text}</text>`,
    ]),
    `<line x1="${fixed(x(0))}" x2="${fixed(x(0))}" y1="${MARGIN.top}" y2="${bottom}" stroke="#000000" stroke-width="1.5"/>`,
    ...reports.flatMap((report, i) => rowOf(report, MARGIN.top + ROW * (i + 0.5), x, [low, high])),
    `<text x="${fixed((MARGIN.left + WIDTH - MARGIN.right) / 2)}" y="${height - 12}" text-anchor="middle">` +
      `reward per decision more than ${escaped(baseline)}</text>`,
  ]);
}

/** Full: better, or worse. Empty: it may be either. Dashed: nobody can tell. */
const FILL: Readonly<Record<Finding, string>> = { better: '#000000', worse: '#000000', open: '#ffffff', 'cannot tell': '#ffffff' };

function rowOf(report: VariantReport, y: number, x: (value: number) => number, [low, high]: readonly [number, number]): string[] {
  const { gain, finding } = report;
  const dash = finding === 'cannot tell' ? ' stroke-dasharray="3 4"' : '';
  const ends = (
    [
      [report.low, low],
      [report.high, high],
    ] as const
  ).map(([end, edge], side) =>
    // An end beyond the picture is an arrow.
    (side === 0 ? end < edge : end > edge) ? arrow(x(edge), y, side === 0 ? -1 : 1) : bar(x(end), y),
  );
  return [
    `<text x="${MARGIN.left - 12}" y="${fixed(y + 4)}" text-anchor="end">${escaped(variantName(report))}</text>`,
    `<line x1="${fixed(x(report.low))}" x2="${fixed(x(report.high))}" y1="${fixed(y)}" y2="${fixed(y)}" stroke="#000000"${dash}/>`,
    ...ends,
    ...(gain === null ? [] : [mark(x(gain), y, finding)]),
  ];
}

function mark(x: number, y: number, finding: Finding): string {
  const common = `fill="${FILL[finding]}" stroke="#000000" stroke-width="1.5"`;
  if (finding !== 'worse') return `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="4.5" ${common}/>`;
  return `<rect x="${fixed(x - 4)}" y="${fixed(y - 4)}" width="8" height="8" ${common}/>`;
}

const bar = (x: number, y: number): string =>
  `<line x1="${fixed(x)}" x2="${fixed(x)}" y1="${fixed(y - 5)}" y2="${fixed(y + 5)}" stroke="#000000"/>`;
const arrow = (x: number, y: number, to: 1 | -1): string =>
  `<polyline points="${fixed(x - 5 * to)},${fixed(y - 4)} ${fixed(x)},${fixed(y)} ${fixed(x - 5 * to)},${fixed(y + 4)}" ` +
  'fill="none" stroke="#000000"/>';

/** `egreedy-v2, ε .05, λ 2` */
export function variantName({ policy, epsilon, lambda }: Pick<VariantReport, 'policy' | 'epsilon' | 'lambda'>): string {
  return `${policy}${epsilon === null ? '' : `, ε ${epsilon}`}, λ ${lambda}`;
}

/** All gains and 0, with as much room for intervals: those of policies that nobody can judge reach everywhere. */
function rangeOf(reports: readonly VariantReport[]): [low: number, high: number] {
  const told = reports.filter(({ finding }) => finding !== 'cannot tell');
  const of = told.length > 0 ? told : reports;
  const low = Math.min(-0.001, ...of.map((report) => report.low));
  const high = Math.max(0.001, ...of.map((report) => report.high));
  const room = (high - low) * 0.04;
  return [low - room, high + room];
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
