/** The rebuild that crash tests run, kill and run again. */
import type { FaultHook } from '../../../src/fault-points.js';
import type { Log } from '../../../src/log/port.js';
import type { Registry } from '../../../src/projections/registry.js';
import { rebuild, type RebuildDocument } from '../../../src/rebuild/rebuild.js';
import { inlineRunner } from '../../../src/rebuild/run-jobs.js';
import { CRASH_SETTINGS } from './settings.js';

export interface RebuildDependencies {
  readonly clock: () => number;
  readonly registry: Registry;
  readonly at?: FaultHook;
}

/** In this thread, in small transactions. */
export async function rebuildWith(log: Log, dataDirectory: string, { clock, registry, at }: RebuildDependencies): Promise<RebuildDocument> {
  const { partitioner, maxValueBytes, scoring } = CRASH_SETTINGS;
  const runner = inlineRunner({ log, registry, clock, at });
  const options = {
    dataDirectory,
    group: 'test',
    topicPrefix: '',
    partitioner,
    maxValueBytes,
    settings: scoring.settings,
    shadowLearning: null,
    dryRun: false,
    force: false,
    prune: false,
    to: null,
    batchRecords: 100,
  };
  try {
    return await rebuild(options, { log, registry, runner, clock, signal: new AbortController().signal, at });
  } finally {
    await runner.close();
  }
}
