/** A small chart of lines over time. What it shows is in its caption too, for those who do not see it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Options } from 'uplot';
import type uPlot from 'uplot';

export interface Line {
  readonly label: string;
  /** Custom property of the style sheet that holds its colour. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

export interface LineChartProps {
  /** Unix ms, ascending. */
  readonly timesMs: readonly number[];
  readonly lines: readonly Line[];
  /** What it shows, in words. */
  readonly caption: string;
  readonly isUtc: boolean;
}

const HEIGHT = 150;
const AXIS_SIZE = 48;
const LEAST_SPAN_SECONDS = 60;
/** Times on the axis, by how far apart they are in seconds: the day stands below the first of each day. */
const CLOCK = [
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{YYYY}-{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, '\n{YYYY}-{MM}-{DD}', null, null, null, 1],
];

export function LineChart({ timesMs, lines, caption, isUtc }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data = (): uPlot.AlignedData => [timesMs.map((ms) => ms / 1_000), ...lines.map(({ values }) => [...values])];
  const scheme = useScheme();
  useEffect(() => {
    let isGone = false;
    let sizes: ResizeObserver | undefined;
    void import('uplot').then(({ default: UPlot }) => {
      const element = place.current;
      if (isGone || element === null) return;
      const made = new UPlot(options({ lines, width: element.clientWidth, isUtc, tzDate: UPlot.tzDate }), data(), element);
      chart.current = made;
      sizes = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
      sizes.observe(element);
    });
    return () => {
      isGone = true;
      sizes?.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [isUtc, scheme]);
  useEffect(() => chart.current?.setData(data()), [timesMs, lines]);
  return (
    <figure>
      <div ref={place} class="chart" role="img" aria-label={caption} />
      <figcaption>
        {lines.map(({ label, colour }) => (
          <span key={label} class="line-of">
            <svg width="14" height="4" aria-hidden="true">
              <rect width="14" height="4" rx="2" fill={`var(${colour})`} />
            </svg>{' '}
            {label}
          </span>
        ))}
        <span>{caption}</span>
      </figcaption>
    </figure>
  );
}

interface Look {
  readonly lines: readonly Line[];
  readonly width: number;
  readonly isUtc: boolean;
  readonly tzDate: typeof uPlot.tzDate;
}

function options({ lines, width, isUtc, tzDate }: Look): Options {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string) => styles.getPropertyValue(name).trim();
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { range: ({ data: [times] }) => spanOf(times) },
      y: { range: (_chart, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      { ...axis, values: CLOCK },
      { ...axis, size: AXIS_SIZE },
    ],
    series: [
      {},
      ...lines.map((line) => ({ label: line.label, stroke: colour(line.colour), width: 2, points: { show: false }, spanGaps: false })),
    ],
    ...(isUtc ? { tzDate: (seconds: number) => tzDate(new Date(seconds * 1_000), 'Etc/UTC') } : {}),
  };
}

/** From the first sample to the newest, and a minute at least: uPlot makes years of a single sample. */
function spanOf(times: ArrayLike<number>): [from: number, to: number] {
  const to = times[times.length - 1] ?? Date.now() / 1_000;
  return [Math.min(times[0] ?? to, to - LEAST_SPAN_SECONDS), to];
}

/** Another value when the machine's colours change between dark and light. */
function useScheme(): boolean {
  const query = useRef(matchMedia('(prefers-color-scheme: dark)')).current;
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const onChange = () => setDark(query.matches);
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, []);
  return isDark;
}
