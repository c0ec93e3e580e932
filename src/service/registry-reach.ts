/** Whether partitions wait for the schema registry, for who waits for the partitions. */
import { TipstreamError } from '../errors.js';
import type { Log } from '../log/port.js';
import { pause } from '../back-off.js';

const LOOKS_EVERY_MS = 100;

/** Rejects with schema_registry_unavailable once partitions have waited for it for so long without a break, or with the signal's reason. */
export async function untilRegistryAwayFor(
  limitMs: number,
  log: Pick<Log, 'registryFacts'>,
  reasons: () => Iterable<string>,
  signal: AbortSignal,
): Promise<never> {
  for (let sinceMs: number | undefined; ; await pause(LOOKS_EVERY_MS, signal)) {
    signal.throwIfAborted();
    if ((log.registryFacts?.().waiting ?? 0) === 0) sinceMs = undefined;
    else sinceMs ??= performance.now();
    if (sinceMs === undefined || performance.now() - sinceMs < limitMs) continue;
    const [why = 'the Schema Registry does not answer'] = reasons();
    throw new TipstreamError('schema_registry_unavailable', `after ${limitMs / 1_000} s, ${why}`, {
      hint:
        'Check that the registry runs, --schema-registry and --schema-registry-auth. ' +
        '--start-timeout-ms sets how long start keeps trying.',
    });
  }
}
