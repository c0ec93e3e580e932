/**
 * Events that callers append over HTTP, counted by caller: one entry for all requests of some seconds, because an entry a request would be
 * as many records as the events themselves.
 */
import type { AuditActor } from '../events/audit-event.js';
import type { AuditedChange } from './record.js';

/** One request. */
export interface Produced {
  readonly actor: AuditActor;
  /** Full name of the topic -> lines written. */
  readonly written: ReadonlyMap<string, number>;
  /** Lines refused. */
  readonly rejected: number;
  /** An error ended it; some lines may have been written before. */
  readonly error?: AuditedChange['error'];
}

interface Sum {
  readonly actor: AuditActor;
  readonly sinceMs: number;
  readonly written: Map<string, number>;
  requests: number;
  rejected: number;
  failed: number;
  error: AuditedChange['error'];
}

export class ProducedSums {
  #sums = new Map<string, Sum>();

  add({ actor, written, rejected, error }: Produced, nowMs: number): void {
    const key = JSON.stringify(actor);
    const sum = this.#sums.get(key) ?? { actor, sinceMs: nowMs, written: new Map(), requests: 0, rejected: 0, failed: 0, error: undefined };
    this.#sums.set(key, sum);
    sum.requests++;
    sum.rejected += rejected;
    for (const [topic, lines] of written) sum.written.set(topic, (sum.written.get(topic) ?? 0) + lines);
    if (error === undefined) return;
    sum.failed++;
    sum.error ??= error;
  }

  /** What was counted since the last time. */
  take(): AuditedChange[] {
    const sums = [...this.#sums.values()];
    this.#sums = new Map();
    return sums.map(changeOf);
  }
}

function changeOf({ actor, sinceMs, written, requests, rejected, failed, error }: Sum): AuditedChange {
  const nothing = written.size === 0;
  return {
    actor,
    action: 'events.produce',
    outcome: nothing && failed > 0 ? 'failed' : nothing && rejected > 0 ? 'refused' : 'done',
    ...(error === undefined ? {} : { error }),
    details: { since_ms: sinceMs, requests, written: Object.fromEntries(written), rejected, failed_requests: failed },
  };
}
