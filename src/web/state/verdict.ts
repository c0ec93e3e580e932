/** The verdict that the newest promotion was made with, from what promote recorded as its evidence. Pure. */
import type { PoliciesDocument } from '../../service/application.js';

export interface Verdict {
  readonly policy: string;
  /** When the promotion took effect, Unix ms. */
  readonly atMs: number;
  /** How it was decided: the end of a sentence about the promotion. */
  readonly text: string;
  /** When the evidence was judged, Unix ms; undefined: it was promoted without. */
  readonly evaluatedAtMs: number | undefined;
}

/** undefined: nothing was promoted. */
export function verdictIn(history: PoliciesDocument['history']): Verdict | undefined {
  const promote = history.find(({ type }) => type === 'promote');
  if (promote?.policy == null) return undefined;
  const { policy, effective_at_ms: atMs, evidence, reason } = promote;
  const { evaluated_at_ms: evaluatedAtMs, forced } = isObject(evidence) ? evidence : {};
  const text =
    typeof evaluatedAtMs !== 'number'
      ? `without evidence${reason ? `: ${reason}` : ''}`
      : forced === true
        ? 'against the evidence'
        : 'after the gate said PROMOTE';
  return { policy, atMs, text, evaluatedAtMs: typeof evaluatedAtMs === 'number' ? evaluatedAtMs : undefined };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
