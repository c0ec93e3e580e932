/** The results as a person reads them. */
import type { Percentiles } from './latencies.js';
import type { Results } from './results.js';
import type { Live } from './live.js';
import { HTTP_PER_SECOND } from './policies.js';
import type { ScoringRow } from './scoring.js';

export function report(results: Results): string {
  const { machine, mix } = results;
  const sections = [
    `${machine.cores} x ${machine.cpu}, Node ${machine.node}, ${machine.system}; load before: ${machine.loadBefore}` +
      (mix === null
        ? ''
        : `\n${count(mix.events)} events of ${count(mix.users)} users, ${results.options.partitions} ` +
          `partitions${mix.withDecisions ? ', servings name decisions' : ''}`),
    throughputSection(results),
    liveSection(results),
    limitsSection(results),
    analystsSection(results),
    policiesSection(results),
    targetSection(results),
  ];
  return sections.filter((section) => section !== '').join('\n\n') + '\n';
}

function throughputSection({ throughput }: Results): string {
  if (throughput.length === 0) return '';
  const rows = throughput.map(({ contender, best, medianPerSecond, turns }) => [
    contender,
    count(best.perSecond),
    count(medianPerSecond),
    String(turns.length),
    seconds(best.tookMs),
    best.startUpMs === undefined ? '' : seconds(best.startUpMs),
    best.wholeMs === undefined ? '' : seconds(best.wholeMs),
    best.cpuSeconds.toFixed(1),
    best.peakRssMib === null ? '' : String(Math.round(best.peakRssMib)),
  ]);
  return (
    'THROUGHPUT: joined and assigned, to the last record parsed (kafkajs) or committed (tipstream)\n' +
    table(['', 'events/s', 'median', 'runs', 'took s', 'start-up s', 'process s', 'CPU s', 'peak MiB'], rows)
  );
}

const LIVE_ROWS: readonly [name: string, of: (live: Live) => Percentiles | null][] = [
  ['candidates to tip.scored, 200/s', (live) => live.decision],
  ['GET profile, 200/s, idle', (live) => live.profileIdle],
  ['candidates to tip.scored, 200/s, while profiles are read', (live) => live.readDecision],
  ['GET profile, 200/s, beside the above', (live) => live.profileUnderLoad],
  ['candidates to tip.scored, 500/s, beside 5,000 servings/s', (live) => live.busyDecision],
  ['profiles of 100 users, 20/s', (live) => live.profiles100],
  ['POST /score, 200/s', (live) => live.score200],
  ['POST /score, 500/s', (live) => live.score500],
  ['POST /score recorded, 200/s', (live) => live.decide200],
  ['POST /score recorded, 500/s', (live) => live.decide500],
];

function liveSection({ live }: Results): string {
  const rows = (['kafka', 'embedded'] as const).flatMap((kind) => {
    const measured = live[kind];
    if (measured === undefined) return [];
    return LIVE_ROWS.map(([name, of]) => {
      const found = of(measured);
      if (found === null) return [`${kind}: ${name}`, 'failed', '', '', '', ''];
      const { count: calls, p50, p90, p99, max } = found;
      return [`${kind}: ${name}`, String(calls), ...[p50, p90, p99, max].map((ms) => ms.toFixed(2))];
    });
  });
  return rows.length === 0 ? '' : 'LATENCY, ms\n' + table(['', 'calls', 'p50', 'p90', 'p99', 'max'], rows);
}

function limitsSection({ stages, disk }: Results): string {
  const rows = (['kafka', 'embedded'] as const).flatMap((kind) => {
    const costs = stages[kind];
    if (costs === undefined) return [];
    const sum = costs.read + costs.decode + costs.fold + costs.stateFile;
    return [[kind, ...[costs.read, costs.decode, costs.fold, costs.stateFile, sum].map((us) => us.toFixed(2))]];
  });
  const lines: string[] = [];
  if (rows.length > 0)
    lines.push(
      'WHAT LIMITS IT: microseconds of CPU per event, one thread',
      table(['', 'read', 'decode', 'fold', 'state file', 'sum'], rows),
    );
  if (disk !== null) {
    lines.push(
      `State on disk: ${disk.mib} MiB for ${count(disk.tips)} tips of ${count(disk.users)} users: ` +
        `${disk.bytesPerTip} bytes a tip, ${disk.bytesPerUser} bytes a user`,
    );
  }
  return lines.join('\n');
}

function analystsSection({ analysts }: Results): string {
  const found = (['kafka', 'embedded'] as const).flatMap((kind) => (analysts[kind] === undefined ? [] : [{ kind, ...analysts[kind] }]));
  if (found.length === 0) return '';
  const rows = found.flatMap(({ kind, rows: own }) =>
    own.map(({ name, count: counted, tookMs, perSecond, toLiveFold, peakRssMib }) => [
      `${kind}: ${name}`,
      count(counted),
      seconds(tookMs),
      count(perSecond),
      toLiveFold === null ? '' : toLiveFold.toFixed(2),
      peakRssMib === null ? '' : String(Math.round(peakRssMib)),
    ]),
  );
  const reads = found.flatMap(({ kind, readNow, readPast }) =>
    (
      [
        ['now', readNow],
        ['ten days ago', readPast],
      ] as const
    ).map(([when, { count: calls, p50, p90, p99, max }]) => [
      `${kind}: profile as of ${when}`,
      String(calls),
      ...[p50, p90, p99, max].map((ms) => ms.toFixed(2)),
    ]),
  );
  return (
    'ANALYSTS: whole processes, but for the live fold and pruning\n' +
    table(['', 'count', 'took s', 'per second', 'to live fold', 'peak MiB'], rows) +
    '\n\nPROFILE READS from the state files, ms\n' +
    table(['', 'calls', 'p50', 'p90', 'p99', 'max'], reads)
  );
}

function policiesSection({ policies }: Results): string {
  if (policies === null) return '';
  const { scoring, history, http, services, simulation, memory } = policies;
  const against = (row: ScoringRow, of: (other: ScoringRow) => boolean): string => {
    const other = scoring.find(of);
    return other === undefined || other === row ? '' : (row.microseconds / other.microseconds).toFixed(2);
  };
  const least = Math.min(...scoring.map(({ candidates }) => candidates));
  const rows = scoring.map((row) => [
    `${row.policy}, ${row.candidates} candidates`,
    count(row.decisionsPerSecond),
    count(row.scoresPerSecond),
    row.microseconds.toFixed(2),
    against(row, ({ policy, candidates }) => policy === row.policy && candidates === least),
    against(row, ({ policy, candidates }) => policy === 'egreedy-v1' && candidates === row.candidates),
  ]);
  const calls = http.map(({ name, latencies: { count: made, p50, p90, p99, max }, cpuMs }) => [
    name,
    String(made),
    ...[p50, p90, p99, max, cpuMs].map((ms) => ms?.toFixed(2) ?? ''),
  ]);
  const kept = memory.rows.map((row) => [
    row.policy,
    ...[row.users, row.stateBytes, row.diskBytes, row.heapBytes, row.eventBytes].map(count),
  ]);
  return [
    'SCORES in process, per second of ' +
      `CPU\n${table(['', 'decisions/s', 'scores/s', 'us each', `to ${least} candidates`, 'to egreedy-v1'], rows)}`,
    `POST /SCORE, embedded, ${HTTP_PER_SECOND}/s, ms; ${count(history.users)} users with ${count(history.decisions)} ` +
      `decisions; peak MiB: ${services.map(({ peakRssMib }) => Math.round(peakRssMib)).join(' and ')}\n` +
      table(['', 'calls', 'p50', 'p90', 'p99', 'max', 'CPU each'], calls),
    `SIMULATE: ${count(simulation.decisions)} decisions of ${count(simulation.users)} users, each by ${simulation.policies} ` +
      `policies: ${seconds(simulation.tookMs)} s, ${simulation.cpuSeconds.toFixed(1)} s of CPU, ` +
      `${count(simulation.decisionsPerSecond)} decisions/s, peak ${Math.round(simulation.peakRssMib)} MiB`,
    `KEPT, bytes\n${table(['for a user and policy', 'users', 'state', 'its share of pages', 'in memory', 'tip.scored'], kept)}\n` +
      `  for a decision of ${least} candidates, pages: ${count(memory.decisionStateBytes)} in the state files, ` +
      `${count(memory.decisionLogBytes)} in the log with its candidates, serving and reaction`,
  ].join('\n\n');
}

function targetSection({ targets }: Results): string {
  if (targets.length === 0) return '';
  return (
    'TARGETS\n' +
    table(
      ['', 'found', 'wanted', ''],
      targets.map(({ name, found, wanted, met }) => [name, String(found), wanted, met ? 'ok' : 'missed']),
    )
  );
}

/** The first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    '  ' +
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

const count = (value: number) => value.toLocaleString('en-US');
const seconds = (ms: number) => (ms / 1_000).toFixed(2);
