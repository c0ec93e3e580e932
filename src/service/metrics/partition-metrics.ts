/** How the partitions that are assigned here stand: gauges that are read when they are asked for. What is revoked is in none of them. */
import { stat } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import type { ErrorCode } from '../../errors.js';
import { LAG_STATUSES, type LagRow } from '../../log/lag.js';
import { collectedGauge } from './collected-gauge.js';

const STATES = ['restoring', 'running', 'stopped'] as const;

/** A partition that is assigned here. */
export interface PartitionFacts {
  readonly number: number;
  readonly state: (typeof STATES)[number];
  /** Of the error that stopped it. */
  readonly code: ErrorCode | undefined;
  /** Its state file; undefined: it could not be opened. */
  readonly path: string | undefined;
  /** Full topic name -> timestamp of the last record applied, Unix ms. */
  readonly lastRecordMs: ReadonlyMap<string, number>;
  /** Full topic name -> when the newest event folded happened, Unix ms. */
  readonly newestEventMs: ReadonlyMap<string, number>;
}

export interface PartitionMetricsDeps {
  /** As of this moment. */
  readonly partitions: () => readonly PartitionFacts[];
  /** Of all partitions, those of others included. */
  readonly lag: () => Promise<readonly LagRow[]>;
  /** Full names of the topics that features are made of. */
  readonly featureTopics: ReadonlySet<string>;
  /** Unix ms. */
  readonly clock: () => number;
}

export function partitionMetrics(registry: Registry, { partitions, lag, featureTopics, clock }: PartitionMetricsDeps): void {
  const lagHere = async (): Promise<LagRow[]> => {
    const rows = await lag();
    const here = new Set(partitions().map(({ number }) => number));
    return rows.filter(({ partition }) => here.has(partition));
  };
  const ofRows = (name: string, help: string, of: 'lag_records' | 'lag_seconds'): void =>
    collectedGauge(registry, { name, help, labelNames: ['topic', 'partition'] }, async (set) => {
      for (const row of await lagHere()) {
        const value = row[of];
        if (value !== null) set({ topic: row.topic, partition: String(row.partition) }, value);
      }
    });
  ofRows('tipstream_lag_records', 'Records in the log that are not applied', 'lag_records');
  ofRows('tipstream_lag_seconds', 'Age of the first record not yet applied; absent where it cannot be known', 'lag_seconds');
  collectedGauge(
    registry,
    {
      name: 'tipstream_lag_status',
      help: '1 for the status that `tipstream lag` gives the partition of the topic, 0 for the others',
      labelNames: ['topic', 'partition', 'status'],
    },
    async (set) => {
      for (const { topic, partition, status: now } of await lagHere())
        for (const status of LAG_STATUSES) set({ topic, partition: String(partition), status }, Number(status === now));
    },
  );
  collectedGauge(
    registry,
    { name: 'tipstream_partition_state', help: '1 for the state of the partition, 0 for the others', labelNames: ['partition', 'state'] },
    (set) => {
      for (const { number, state: now } of partitions())
        for (const state of STATES) set({ partition: String(number), state }, Number(state === now));
    },
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_partition_stopped_info',
      help: 'Why the partition stopped: 1 with the code of its error; absent while it works',
      labelNames: ['partition', 'code'],
    },
    (set) => {
      for (const { number, code } of partitions()) if (code !== undefined) set({ partition: String(number), code }, 1);
    },
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_last_record_timestamp_seconds',
      help: 'Timestamp in the log of the last record applied; absent before the first',
      labelNames: ['topic', 'partition'],
    },
    (set) => {
      for (const { number, lastRecordMs } of partitions())
        for (const [topic, ms] of lastRecordMs) set({ topic, partition: String(number) }, ms / 1000);
    },
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_feature_staleness_seconds',
      help: 'Time since the newest event happened that features have been made of; absent before the first',
      labelNames: ['topic', 'partition'],
    },
    (set) => {
      for (const { number, newestEventMs } of partitions())
        for (const [topic, ms] of newestEventMs)
          if (featureTopics.has(topic)) set({ topic, partition: String(number) }, Math.max(0, clock() - ms) / 1000);
    },
  );
  collectedGauge(
    registry,
    { name: 'tipstream_state_bytes', help: 'Size of the state file with its write-ahead log', labelNames: ['partition'] },
    async (set) => {
      await Promise.all(
        partitions().map(async ({ number, path }) => {
          const bytes = path === undefined ? undefined : await bytesOf(path);
          if (bytes !== undefined) set({ partition: String(number) }, bytes);
        }),
      );
    },
  );
}

/** undefined: the file is not there. Without a write-ahead log, it alone. */
async function bytesOf(path: string): Promise<number | undefined> {
  const sizeOf = (file: string) =>
    stat(file).then(
      ({ size }) => size,
      () => undefined,
    );
  const [file, log] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`)]);
  return file === undefined ? undefined : file + (log ?? 0);
}
