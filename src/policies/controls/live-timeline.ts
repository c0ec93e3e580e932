/** Who is live for whom, asked of many decisions: what `liveAt` answers, with the controls gone through once for each stretch of time. */
import { covers } from '../placement.js';
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect } from './control.js';
import { standingPromotes } from './promotes.js';

interface Stretch {
  readonly fromMs: number;
  /** Newest first. */
  readonly promotes: readonly ControlEvent[];
  /** User -> policy, of those who were asked about. */
  readonly policies: Map<string, string>;
}

export class LiveTimeline {
  readonly #stretches: readonly Stretch[];
  readonly #defaultPolicy: string;

  /** `controls` as for `liveAt`. */
  constructor(controls: Iterable<ControlEvent>, defaultPolicy: string) {
    const all = controlsInEffect(controls, Infinity).filter(({ type }) => type === 'promote' || type === 'rollback');
    const times = [-Infinity, ...new Set(all.map(({ effective_at_ms: ms }) => ms))];
    this.#stretches = times.map((fromMs) => ({
      fromMs,
      promotes: standingPromotes(all.filter(({ effective_at_ms: ms }) => ms <= fromMs)).reverse(),
      policies: new Map(),
    }));
    this.#defaultPolicy = defaultPolicy;
  }

  policyAt(requestedAtMs: number, userId: string): string {
    const { promotes, policies } = this.#stretches.findLast(({ fromMs }) => fromMs <= requestedAtMs)!;
    const known = policies.get(userId);
    if (known !== undefined) return known;
    const policy = promotes.find((promote) => covers(promote, userId))?.policy ?? this.#defaultPolicy;
    policies.set(userId, policy);
    return policy;
  }
}
