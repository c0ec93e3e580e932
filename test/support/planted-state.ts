/** Alters a state file behind the service's back, as a hand with sqlite3 or a failing disk would, and asks `verify` about it. */
import Database from 'better-sqlite3';
import type { Difference } from '../../src/verify/difference.js';
import type { Log } from '../../src/log/port.js';
import { servedSkew, type ServedSkew } from '../../src/verify/served-skew.js';
import { verify, type VerifyDocument, type VerificationOptions, type VerifyDeps } from '../../src/verify/verify.js';
import { coreRegistry } from '../../src/projections/registry.js';
import type { EmbeddedService } from './embedded/service.js';

export async function verified(
  embedded: EmbeddedService,
  question: VerificationOptions,
  target: Partial<VerifyDeps> = {},
): Promise<VerifyDocument> {
  const { topicPrefix = '', partitioner = 'murmur2', maxValueBytes = 1_048_576 } = embedded.options;
  return verify({
    log: embedded.readLog,
    registry: embedded.options.registry ?? coreRegistry,
    target: { dataDirectory: embedded.directory, topicPrefix, partitioner, maxValueBytes, ...target },
    question,
    signal: new AbortController().signal,
  });
}

/** Training-serving skew of the only partition. */
export function skewOf(embedded: EmbeddedService, log: Log = embedded.readLog): Promise<ServedSkew> {
  const { topicPrefix = '', partitioner = 'murmur2', maxValueBytes = 1_048_576 } = embedded.options;
  return servedSkew({
    log,
    registry: embedded.options.registry ?? coreRegistry,
    dataDirectory: embedded.directory,
    topicPrefix,
    partitioner,
    maxValueBytes,
    files: new Map([[0, embedded.statePath(0)]]),
    signal: new AbortController().signal,
  });
}

/** Runs SQL against the state file of a user's partition; answers how many rows it changed. The service should be stopped. */
export function plant(embedded: EmbeddedService, userId: string, sql: string, ...parameters: readonly unknown[]): number {
  const db = new Database(embedded.statePath(embedded.partitionOf(userId)));
  try {
    return db.prepare(sql).run(...parameters).changes;
  } finally {
    db.close();
  }
}

/** `user kind id feature` of every difference. */
export const named = ({ differences }: VerifyDocument): string[] =>
  differences.map((one) => [one.user_id, one.kind, one.id, one.feature].filter((part) => part !== null).join(' '));

export function findDifference(document: VerifyDocument, kind: Difference['kind'], feature: string): Difference | undefined {
  return document.differences.find((one) => one.kind === kind && one.feature === feature);
}
