/** An embedded service that reads values by a Schema Registry, a stand-in that knows the fixtures' schemas. */
import { onTestFinished } from 'vitest';
import { decodingLog } from '../../../src/log/schema-registry/decoding-log.js';
import { FIXTURE_SCHEMAS } from '../registry-fixtures.js';
import { StandInRegistry } from '../stand-in-registry.js';
import { embeddedService } from './directory.js';
import type { EmbeddedService } from './service.js';

/** Not started. Both end with the test. */
export async function withRegistry(nowMs: number): Promise<{ readonly embedded: EmbeddedService; readonly registry: StandInRegistry }> {
  const registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS });
  onTestFinished(() => registry.goAway());
  const embedded = await embeddedService({
    partitions: 1,
    clock: () => nowMs,
    through: (log) => decodingLog(log, { urls: [registry.url], patienceMs: 1_000, timeoutMs: 500 }),
  });
  return { embedded, registry };
}
