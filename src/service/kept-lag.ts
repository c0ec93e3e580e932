/**
 * The lag while the log does not answer: against what it held when it last did. What has been applied since is counted, and the time since
 * is added to every row, because nobody knows what was written meanwhile: so an alert on lag_seconds fires.
 */
import type { LagRow } from '../log/lag.js';
import { lagRows, type LagLog, type LagOptions } from '../log/read-lag.js';
import type { LogRecord, OffsetRange } from '../log/port.js';
import type { LogRanges } from './caught-up.js';

export interface KeptLagOptions extends LagOptions {
  /** What the log held when it last answered, of each of the topics. */
  readonly ranges: LogRanges;
  /** The rows of the last answer; empty when nobody had asked. */
  readonly last: readonly LagRow[];
  /** How long the log has not answered, ms. */
  readonly silentMs: number;
}

export async function keptLagRows({ ranges, last, silentMs, ...question }: KeptLagOptions): Promise<LagRow[]> {
  const before = new Map(last.map((row) => [`${row.topic}/${row.partition}`, row]));
  /** The newest of what was seen: the questions were not asked at one moment, and what was applied since was in the log. */
  const known = (topic: string, partition: number, { low, end }: OffsetRange): OffsetRange => ({
    low,
    end: Math.max(end, before.get(`${topic}/${partition}`)?.last_stable_offset ?? 0, question.applied.get(partition)?.get(topic) ?? 0),
  });
  const log: LagLog = {
    offsets: (topic) =>
      Promise.resolve(new Map([...ranges.get(topic)!].map(([partition, range]) => [partition, known(topic, partition, range)]))),
    highWatermarks: (topic) =>
      Promise.resolve(new Map(last.flatMap((row) => (row.topic === topic ? [[row.partition, row.high_watermark] as const] : [])))),
    committed: (_group, topic) =>
      Promise.resolve(
        new Map(
          last.flatMap((row) =>
            row.topic === topic && row.committed_offset !== null ? [[row.partition, row.committed_offset] as const] : [],
          ),
        ),
      ),
    heldSince: () => Promise.resolve(null),
    read: nothing,
  };
  const ageSeconds = Math.round(silentMs) / 1000;
  const reason = `the log has not answered for ${Math.round(ageSeconds)} s, and what it holds is as of then`;
  return (await lagRows(log, question)).map((row) => ({
    ...row,
    lag_seconds: ageSeconds + (row.lag_records === 0 ? 0 : (before.get(`${row.topic}/${row.partition}`)?.lag_seconds ?? 0)),
    ...(row.status === 'ok'
      ? { status: 'warn' as const, rule: `the log has not answered for ${ageSeconds} s`, reason }
      : { reason: `${row.reason}; ${reason}` }),
  }));
}

async function* nothing(): AsyncGenerator<readonly LogRecord[], void, void> {}
