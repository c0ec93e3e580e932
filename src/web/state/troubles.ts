/** Whether all is well, as a pure function of what the service answers: what is wrong, the worst first, each with where to look. */
import type { LagRow, LagStatus } from '../../log/lag.js';
import type { DataQualityDocument, StatusDocument } from '../../service/application.js';
import { count, counted } from '../format/numbers.js';
import { durationText } from '../format/times.js';

export interface Trouble {
  readonly severity: 'bad' | 'wait';
  readonly text: string;
  /** What to do, as whole sentences. */
  readonly hint?: string | undefined;
  /** The view that says more. */
  readonly link?: { readonly to: string; readonly query?: Readonly<Record<string, string>>; readonly text: string };
}

type Status = Omit<StatusDocument, 'newest_scores'>;

const LAG_TROUBLES: readonly (readonly [status: LagStatus, severity: Trouble['severity'], one: string, several: string])[] = [
  ['rewind', 'bad', 'is beyond the end of the log', 'are beyond the end of the log'],
  ['stall', 'bad', 'does not move although records wait', 'do not move although records wait'],
  ['held', 'wait', 'is held back by an open transaction', 'are held back by an open transaction'],
  ['warn', 'wait', 'is behind', 'are behind'],
];

type Quality = Pick<DataQualityDocument, 'lateness' | 'late_after_ms'>;

/** Some events are late wherever phones are offline for a while. From this share on, a producer is. */
export const LATE_SHARE = 0.2;
const LATE_WITHIN_MS = 86_400_000;

/** What is not known yet is left out. */
export function troublesOf(status: Status, lag: readonly LagRow[] | undefined, quality: Quality | undefined): readonly Trouble[] {
  const found = [
    ...ofPartitions(status),
    ...ofTheLog(status),
    ...ofLag(status, lag ?? []),
    ...ofInputs(status),
    ...ofProducers(status, quality),
  ];
  if (found.length === 0 && !status.ready)
    found.push({
      severity: 'wait',
      text: 'The service is starting and has no partitions yet.',
      hint: 'Wait until its group has given it some.',
    });
  return [...found].sort((one, other) => Number(one.severity !== 'bad') - Number(other.severity !== 'bad'));
}

function ofPartitions({ partitions }: Status): Trouble[] {
  return partitions.flatMap(({ partition, state, error, lag_records: records, silent }): Trouble[] => {
    const link = { to: '/admin/lag', query: { partition: String(partition) }, text: `Lag of partition ${partition}` };
    if (state === 'stopped')
      return [
        {
          severity: 'bad',
          text: `Partition ${partition} stopped${error === null ? '' : ` (${error.code}): ${error.message}`}.`,
          hint: error?.hint,
          link,
        },
      ];
    if (state === 'restoring')
      return [{ severity: 'wait', text: `Partition ${partition} is restoring, with ${counted(records, 'record')} to go.`, link }];
    return silent === null ? [] : [{ severity: 'bad', text: `Nothing comes of partition ${partition}: ${silent}.`, link }];
  });
}

function ofTheLog({ log_reachable: isReachable, log_silent_ms: silentMs, partitions_unowned: unowned, group, log }: Status): Trouble[] {
  const found: Trouble[] = [];
  if (!isReachable)
    found.push({
      severity: 'bad',
      text: `The log has not answered for ${durationText(silentMs)}: lag is as of then.`,
      hint: log === 'kafka' ? 'Look whether the brokers run and can be reached from here.' : 'Look at the disk of the data directory.',
    });
  if (unowned.length > 0)
    found.push({
      severity: 'bad',
      text: `No member of the group ${group} was given ${unowned.length === 1 ? 'partition' : 'partitions'} ${unowned.join(', ')}.`,
      hint: 'Start a member of the group that reads these topics.',
      link: { to: '/admin/lag', text: 'Lag' },
    });
  return found;
}

/** What stopped or is silent has been said of the partition already. */
function ofLag({ partitions }: Status, rows: readonly LagRow[]): Trouble[] {
  const said = new Set(partitions.filter(({ state, silent }) => state === 'stopped' || silent !== null).map(({ partition }) => partition));
  return LAG_TROUBLES.flatMap(([status, severity, does, several]): Trouble[] => {
    const of = rows.filter((row) => row.status === status && !said.has(row.partition));
    if (of.length === 0) return [];
    const first = of[0]!;
    const text =
      of.length === 1
        ? `Partition ${first.partition} of ${first.topic} ${does}.`
        : `${of.length} partitions of topics ${several}, such as partition ${first.partition} of ${first.topic}.`;
    return [{ severity, text, hint: capital(first.reason), link: { to: '/admin/lag', query: { status }, text: 'Lag' } }];
  });
}

function ofInputs({ warnings }: Status): Trouble[] {
  return warnings.map(({ topic, message, hint }) => ({ severity: 'wait', text: `${topic}: ${message}.`, hint }));
}

/** Of inputs whose newest events are late; events that came long ago say nothing of now. */
function ofProducers({ now_ms: nowMs }: Status, quality: Quality | undefined): Trouble[] {
  if (quality === undefined) return [];
  const limit = durationText(quality.late_after_ms);
  return quality.lateness.flatMap(({ topic, late, on_time: onTime, latest }): Trouble[] => {
    const events = late + onTime;
    if (latest === null || late === 0 || late < LATE_SHARE * events || latest.timestamp_ms < nowMs - LATE_WITHIN_MS) return [];
    return [
      {
        severity: 'wait',
        text:
          `A producer of ${topic} is late: ${count(late)} of the newest ${counted(events, 'event')} came over ${limit} late, ` +
          `the latest by ${durationText(latest.late_by_ms)}, on partition ${latest.partition}.`,
        hint: 'The record that came latest leads to the producer.',
        link: { to: '/admin/data-quality', text: 'Lateness by topic' },
      },
    ];
  });
}

const capital = (text: string): string => {
  const sentence = text === '' ? text : text[0]!.toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
};

/** In one line. */
export function verdictOf(troubles: readonly Trouble[]): { readonly tone: 'good' | 'wait' | 'bad'; readonly text: string } {
  const bad = troubles.filter(({ severity }) => severity === 'bad').length;
  if (bad > 0) return { tone: 'bad', text: bad === 1 ? 'One thing is wrong.' : `${bad} things are wrong.` };
  if (troubles.length > 0)
    return { tone: 'wait', text: troubles.length === 1 ? 'One thing to watch.' : `${troubles.length} things to watch.` };
  return { tone: 'good', text: 'All is well.' };
}
