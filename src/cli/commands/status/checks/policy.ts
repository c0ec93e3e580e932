/** Who answers requests, by the controls that the state has applied. */
import { DEFAULT_POLICY } from '../../../../policies/registry.js';
import { rolloutAt } from '../../../../policies/controls/rollout.js';
import type { PolicySettings } from '../../../../policies/controls/control.js';
import type { ControlEvent } from '../../../../topics.js';
import type { Check } from '../check.js';

export interface PolicyFacts {
  /** undefined where no state file can be read. */
  readonly controls: readonly ControlEvent[] | undefined;
  /** What holds where no control says otherwise; a shadow of undefined: nobody knows what `start` was given. */
  readonly base: Omit<PolicySettings, 'shadow'> & { readonly shadow: string | null | undefined };
  readonly nowMs: number;
}

const UNKNOWN = 'unknown';

export function policyCheck({ controls, base, nowMs }: PolicyFacts): Check {
  if (controls === undefined)
    return { name: 'policy', status: 'could_not_tell', summary: 'no state file says who is live', live: null, shadow: null };
  const { shares, settings } = rolloutAt(controls, nowMs, DEFAULT_POLICY, {
    ...base,
    shadow: base.shadow === undefined ? UNKNOWN : base.shadow,
  });
  const live = shares.map(({ policy, percent }) => ({ policy, percent }));
  const who = live.map(({ policy, percent }) => `${policy} is live for ${percent === 100 ? 'everybody' : `${percent} %`}`).join(', ');
  const { shadow } = settings;
  const behind = shadow === UNKNOWN ? 'the shadow is what start was given' : shadow === null ? 'no shadow' : `${shadow} in the shadow`;
  return { name: 'policy', status: 'ok', summary: `${who}; ${behind}`, live, shadow: shadow === UNKNOWN ? null : shadow };
}
