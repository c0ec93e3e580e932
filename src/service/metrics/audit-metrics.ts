/** What became of the entries of the audit trail since this process started. */
import { Counter, type Registry } from 'prom-client';

export class AuditMetrics {
  readonly #entries: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.#entries = new Counter({
      name: 'tipstream_audit_entries_total',
      help: 'Entries of the audit trail: written to tipstream.audit, or lost, which then are in the log of the service',
      labelNames: ['outcome'],
      registers: [registry],
    });
    for (const outcome of ['written', 'lost']) this.#entries.inc({ outcome }, 0);
  }

  written(entries: number): void {
    this.#entries.inc({ outcome: 'written' }, entries);
  }

  lost(entries: number): void {
    this.#entries.inc({ outcome: 'lost' }, entries);
  }
}
