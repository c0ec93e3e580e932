import type { MetricsDeps } from '../../src/service/metrics/service-metrics.js';

/** Of a service that has nothing yet. */
export function metricsDeps(over: Partial<MetricsDeps> = {}): MetricsDeps {
  return {
    topicPrefix: '',
    build: { log: 'sqlite', featureSet: 'abc' },
    clock: Date.now,
    dataDirectory: '/nowhere',
    rebuildProgress: () => undefined,
    counts: () => new Map(),
    backlog: () => 0,
    logReachable: () => true,
    unowned: () => 0,
    lag: () => Promise.resolve([]),
    partitions: () => [],
    policies: () => Promise.resolve(undefined),
    registryFacts: () => ({ requests: { found: 0, unknown: 0, refused: 0, failed: 0 }, schemas: 0, waiting: 0 }),
    quality: () => undefined,
    ...over,
  };
}

/** The samples of a Prometheus text exposition: name with labels, as it is printed -> value. */
export function samples(exposition: string): Map<string, number> {
  return new Map(
    exposition
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}
