/**
 * A CPU profile of Node as a flame graph, an SVG for the documentation:
 *
 *   node --cpu-prof --cpu-prof-dir profiles dist/cli/main.js start --until-caught-up --no-http
 *   node --import ./test/support/typescript-register.mjs bench/flame-graph.ts profiles/THREAD.cpuprofile > flame.svg
 *
 * Time runs from caller (above) to callee (below). Waiting is left out, and so is what took less than half a percent.
 */
import { readFileSync } from 'node:fs';
import { escaped } from '../src/evaluation/pictures/svg.js';

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

interface Frame {
  readonly name: string;
  us: number;
  readonly callees: Map<string, Frame>;
}

const WIDTH = 960;
const MARGIN = 12;
const ROW = 17;
const LEAST_SHARE = 0.005;
const LETTER = 6.4;
const IDLE = new Set(['(idle)', '(program)']);
/** What Node calls between the event loop and the program. */
const PLUMBING = new Set(['(root)', 'processTicksAndRejections', 'runMicrotasks', 'runNextTicks', 'processImmediate', 'listOnTimeout']);

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: bench/flame-graph.ts FILE.cpuprofile > FILE.svg\n');
  process.exit(64);
}
process.stdout.write(flameGraph(framesOf(JSON.parse(readFileSync(file, 'utf8')) as Profile)));

/** Calls of one name from one caller are one frame. */
function framesOf({ nodes, samples, timeDeltas }: Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const root: Frame = { name: 'all', us: 0, callees: new Map() };
  const framesById = new Map<number, Frame>();
  const frameOf = (id: number): Frame => {
    let frame = framesById.get(id);
    if (frame !== undefined) return frame;
    const caller = callers.get(id);
    const above = caller === undefined ? root : frameOf(caller);
    const name = nameOf(byId.get(id)!);
    if (PLUMBING.has(name)) frame = above;
    else {
      frame = above.callees.get(name) ?? { name, us: 0, callees: new Map() };
      above.callees.set(name, frame);
    }
    framesById.set(id, frame);
    return frame;
  };
  samples.forEach((id, index) => {
    if (IDLE.has(nameOf(byId.get(id)!))) return;
    const us = timeDeltas[index]!;
    const counted = new Set<Frame>([root]);
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) counted.add(frameOf(at));
    for (const frame of counted) frame.us += us;
  });
  return root;
}

function nameOf({ callFrame: { functionName, url } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const [, source] = /([^/]+?)(?:\.m?js)?$/.exec(url) ?? [];
  return source === undefined || url.startsWith('node:') || name.startsWith('(') ? name : `${name} (${source})`;
}

function flameGraph(root: Frame): string {
  const boxes: string[] = [];
  let depth = 0;
  const draw = (frame: Frame, x: number, level: number): void => {
    const width = ((WIDTH - 2 * MARGIN) * frame.us) / root.us;
    depth = Math.max(depth, level);
    const share = `${((100 * frame.us) / root.us).toFixed(1)} %`;
    const y = 34 + level * ROW;
    const kind = frame.name === '(garbage collector)' ? 'v8' : frame.callees.size === 0 ? 'leaf' : 'call';
    boxes.push(
      `<g><title>${escaped(frame.name)}: ${share}</title><rect class="${kind}" x="${x.toFixed(1)}" y="${y}" ` +
        `width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}"/>${label(frame.name, x, y, width)}</g>`,
    );
    let at = x;
    for (const callee of [...frame.callees.values()].sort((a, b) => b.us - a.us)) {
      if (callee.us / root.us < LEAST_SHARE) continue;
      draw(callee, at, level + 1);
      at += ((WIDTH - 2 * MARGIN) * callee.us) / root.us;
    }
  };
  draw(root, MARGIN, 0);
  const height = 34 + (depth + 1) * ROW + MARGIN;
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title">
  <title id="title">Where the CPU time of a thread that folds goes</title>
  <style>
    .card { fill: #ffffff; stroke: #d0d7de; } .call { fill: #b6d4f5; } .leaf { fill: #f5d8a8; } .v8 { fill: #d8d8d8; }
    text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328; }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d; } .call { fill: #1f4a7a; } .leaf { fill: #7a5a1f; } .v8 { fill: #484f58; }
      text { fill: #e6edf3; }
    }
  </style>
  <rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
  <text x="${MARGIN}" y="22">${(root.us / 1e6).toFixed(1)} s of one thread, caller above callee; functions of half a percent and more</text>
${boxes.map((box) => `  ${box}`).join('\n')}
</svg>
`;
}

function label(name: string, x: number, y: number, width: number): string {
  const letters = Math.floor((width - 6) / LETTER);
  if (letters < 4) return '';
  const text = name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
  return `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(text)}</text>`;
}
