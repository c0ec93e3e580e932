/** The table of a comparison: best and median, ratios, and a contender that failed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { comparisonChart } from '../../../bench/peers/chart.js';
import { digestOfAnswers } from '../../../bench/peers/answers.js';
import { comparisonTable } from '../../../bench/peers/results.js';
import { machine } from '../../../bench/results.js';

const turn = (tookMs: number, peakRssMib: number) => ({ events: 1_000_000, tookMs, cpuSeconds: 12.34, peakRssMib });

it('shows the best run, the median and what tipstream is to each, and does not hide a failure', () => {
  const standings = [
    { contender: 'tipstream-kafka', turns: [turn(10_000, 300), turn(12_500, 310)] },
    { contender: 'streams-1s', turns: [turn(8_000, 900), turn(16_000, 1_000)] },
    { contender: 'flink-heap', turns: [], failed: 'out of memory' },
  ];
  const text = comparisonTable({ machine: machine(), does: {}, worlds: [{ world: 'plain', events: 1_000_000, users: 50_000, standings }] });
  const rows = text.split('\n').map((line) => line.trim().split(/ {2,}/));
  expect(rows).toContainEqual(['tipstream-kafka', '100,000', '90,000', '2', '12.3', '310']);
  expect(rows).toContainEqual(['streams-1s', '125,000', '93,750', '2', '0.80', '12.3', '1,000', '0.31']);
  expect(rows).toContainEqual(['flink-heap', 'FAILED', '0']);
});

it('compares with nothing where tipstream failed', () => {
  const standings = [
    { contender: 'tipstream-kafka', turns: [], failed: 'killed' },
    { contender: 'streams-1s', turns: [turn(8_000, 900)] },
  ];
  const text = comparisonTable({ machine: machine(), does: {}, worlds: [{ world: 'plain', events: 1_000_000, users: 50_000, standings }] });
  const rows = text.split('\n').map((line) => line.trim().split(/ {2,}/));
  expect(rows).toContainEqual(['streams-1s', '125,000', '125,000', '1', '12.3', '900']);
});

it('makes the digest that tipstream prints of what a peer says, without users that it does not know', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tipstream-answers-'));
  const file = join(folder, 'users.tsv');
  await writeFile(file, 'b\t0\t0\t0\t0\t0\t0\t0\t-1\t-1\t\na\t1\t2\t1\t0\t0\t1\t500\t8\t-1\t=work\n');
  // printf of the eight lines of user a, into sha256sum
  expect(await digestOfAnswers(file)).toBe('6249ebdea010267e38a22b8f3a687753591e204dba2604f44785666148cdbc4b');
  await rm(folder, { recursive: true });
});

it('draws bars in proportion, and names a failure', () => {
  const standings = [
    { contender: 'tipstream-kafka', turns: [turn(10_000, 300)] },
    { contender: 'streams-1s', turns: [turn(20_000, 900)] },
    { contender: 'flink-heap', turns: [], failed: 'out of memory' },
  ];
  const chart = comparisonChart({
    machine: machine(),
    does: {},
    worlds: [{ world: 'plain & simple', events: 1_000_000, users: 50_000, standings }],
  });
  const bars = [...chart.matchAll(/<rect class="(ours|bar)" x="(\d+)" y="(\d+)" width="(\d+)"/g)].map(([, kind, , , width]) => [
    kind,
    Number(width),
  ]);
  expect(bars).toEqual([
    ['ours', 430],
    ['ours', 43],
    ['bar', 215],
    ['bar', 130],
  ]);
  expect(chart).toContain('>plain &amp; simple: 1,000,000 events of 50,000 users<');
  expect(chart).toContain('>failed<');
});
