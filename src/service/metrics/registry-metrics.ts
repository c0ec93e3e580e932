/** What the schema registry was asked, and who waits for it. Absent from an exposition where there is no registry. */
import { Counter, type Registry as MetricsRegistry } from 'prom-client';
import type { RegistryFacts } from '../../log/port.js';
import { collectedGauge } from './collected-gauge.js';

export function registryMetrics(registry: MetricsRegistry, facts: () => RegistryFacts): void {
  new Counter({
    name: 'tipstream_schema_registry_requests_total',
    help: 'Requests to the schema registry by how they ended: found, unknown, refused or failed',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(facts().requests)) this.inc({ outcome }, count);
    },
  });
  collectedGauge(registry, { name: 'tipstream_schema_registry_schemas', help: 'Schemas of the registry that this process keeps' }, (set) =>
    set({}, facts().schemas),
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_schema_registry_waiting_partitions',
      help: 'Partitions that wait for a schema, because the registry does not answer',
    },
    (set) => set({}, facts().waiting),
  );
}
