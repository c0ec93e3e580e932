/** The chart of a comparison for the documentation: events per second and peak memory of every contender, as SVG. */
import { escaped } from '../../src/evaluation/pictures/svg.js';
import { bestOf, peakOf, perSecond, type ComparedWorld, type Comparison } from './results.js';

const WIDTH = 960;
const LABEL = 210;
const BAR = 430;
const MEMORY_AT = LABEL + BAR + 100;
const MEMORY = WIDTH - MEMORY_AT - 90;
const ROW = 26;
const STYLE = `
    .card { fill: #ffffff; stroke: #d0d7de; }
    .bar { fill: #8c959f; }
    .ours { fill: #0969da; }
    text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
    .title { font-weight: 600; }
    .small { fill: #57606a; }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d; }
      .bar { fill: #6e7681; }
      .ours { fill: #58a6ff; }
      text { fill: #e6edf3; }
      .small { fill: #9da7b3; }
    }`;

/** One block of bars a world. A contender that failed is named as such, and has no bars. */
export function comparisonChart({ machine, worlds }: Comparison): string {
  const parts: string[] = [];
  let top = 44;
  for (const world of worlds) {
    parts.push(...block(world, top));
    top += 50 + world.standings.length * ROW;
  }
  const height = top + 4;
  const about = `${machine.cores} x ${machine.cpu}, Node ${machine.node}; load before: ${machine.loadBefore}`;
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title about">
  <title id="title">Events per second to the last commit, and peak memory</title>
  <desc id="about">${escaped(worlds.map(described).join(' '))}</desc>
  <style>${STYLE}
  </style>
  <rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
  <text class="small" x="24" y="26">${escaped(about)}</text>
${parts.map((part) => `  ${part}`).join('\n')}
</svg>
`;
}

function block({ world, events, users, standings }: ComparedWorld, top: number): string[] {
  const rates = standings.map((standing) => bestOf(standing)).map((turn) => (turn === undefined ? undefined : perSecond(turn)));
  const peaks = standings.map((standing) => peakOf(standing));
  const [fastest, largest] = [Math.max(1, ...known(rates)), Math.max(1, ...known(peaks))];
  const lines = [
    `<text class="title" x="24" y="${top + 16}">${escaped(`${world}: ${whole(events)} events of ${whole(users)} users`)}</text>`,
    `<text class="small" x="${LABEL}" y="${top + 34}">events/s to the last commit</text>`,
    `<text class="small" x="${MEMORY_AT}" y="${top + 34}">peak memory, MiB</text>`,
  ];
  standings.forEach(({ contender }, index) => {
    const y = top + 42 + index * ROW;
    const kind = contender.startsWith('tipstream') ? 'ours' : 'bar';
    const [rate, peak] = [rates[index], peaks[index]];
    lines.push(`<text x="24" y="${y + 14}">${escaped(contender)}</text>`);
    if (rate === undefined) lines.push(`<text class="small" x="${LABEL}" y="${y + 14}">failed</text>`);
    else lines.push(...bar(kind, LABEL, y, (BAR * rate) / fastest, whole(rate)));
    if (peak !== undefined) lines.push(...bar(kind, MEMORY_AT, y, (MEMORY * peak) / largest, whole(peak)));
  });
  return lines;
}

function bar(kind: string, x: number, y: number, width: number, label: string): string[] {
  const shown = Math.max(1, Math.round(width));
  return [
    `<rect class="${kind}" x="${x}" y="${y}" width="${shown}" height="${ROW - 8}" rx="2"/>`,
    `<text x="${x + shown + 8}" y="${y + 14}">${label}</text>`,
  ];
}

function described({ world, standings }: ComparedWorld): string {
  const each = standings.map((standing) => {
    const turn = bestOf(standing);
    return turn === undefined ? `${standing.contender} failed` : `${standing.contender} ${whole(perSecond(turn))}`;
  });
  return `${world}: ${each.join(', ')}.`;
}

const known = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
