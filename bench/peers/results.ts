/** What a comparison found, and the table of it. */
import { median } from '../latencies.js';
import { table } from '../report.js';
import type { Machine } from '../results.js';
import type { Turn } from './contenders.js';

export interface Standing {
  readonly contender: string;
  readonly turns: readonly Turn[];
  /** Set when a turn failed: why. */
  readonly failed?: string;
}

export interface ComparedWorld {
  readonly world: string;
  readonly events: number;
  readonly users: number;
  readonly standings: readonly Standing[];
}

export interface Comparison {
  readonly machine: Machine;
  /** What each contender does, by name. */
  readonly does: Readonly<Record<string, string>>;
  readonly worlds: readonly ComparedWorld[];
}

const SUBJECT = 'tipstream-kafka';
export const perSecond = ({ events, tookMs }: Turn): number => (events * 1_000) / tookMs;

/** Of the turn that was fastest. */
export function bestOf({ turns }: Standing): Turn | undefined {
  return turns.length === 0 ? undefined : turns.reduce((best, turn) => (perSecond(turn) > perSecond(best) ? turn : best));
}

/** Of all turns; undefined where it is not known of each, or where there is none. */
export function peakOf({ turns }: Standing): number | undefined {
  const peak = Math.max(...turns.map(({ peakRssMib }) => peakRssMib ?? Number.NaN));
  return Number.isFinite(peak) ? peak : undefined;
}

export function comparisonTable({ machine, worlds }: Comparison): string {
  const head = ['', 'events/s', 'median', 'runs', 'tipstream-kafka to it', 'CPU s a million', 'peak MiB', 'its memory to it'];
  const sections = worlds.map(({ world, events, users, standings }) => {
    const ours = standings.find(({ contender }) => contender === SUBJECT);
    const best = ours && bestOf(ours);
    const ourPeak = ours && peakOf(ours);
    const rows = standings.map((standing) => {
      const turn = bestOf(standing);
      if (turn === undefined) return [standing.contender, 'FAILED', '', '0', '', '', '', ''];
      const ratio = best === undefined || standing === ours ? '' : (perSecond(best) / perSecond(turn)).toFixed(2);
      const peak = peakOf(standing);
      return [
        standing.contender,
        whole(perSecond(turn)),
        whole(median(standing.turns.map(perSecond))),
        String(standing.turns.length),
        ratio,
        ((turn.cpuSeconds * 1e6) / turn.events).toFixed(1),
        peak === undefined ? '' : whole(peak),
        peak === undefined || ourPeak === undefined || standing === ours ? '' : (ourPeak / peak).toFixed(2),
      ];
    });
    return `${world}: ${whole(events)} events of ${whole(users)} users\n${table(head, rows)}`;
  });
  const about = `${machine.cores} x ${machine.cpu}, Node ${machine.node}, ${machine.system}; load before: ${machine.loadBefore}`;
  return [about, ...sections].join('\n\n') + '\n';
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
