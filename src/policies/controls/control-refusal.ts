/**
 * Controls that are valid events and still cannot hold: this tipstream has no such policy, no such migration, or other vectors than
 * a prior is for. And those that a state
 * file keeps, which an earlier version accepted and this one may refuse: such a control does not hold, as if its record were read again.
 */
import { validate } from '../../events/decode.js';
import type { ControlEvent } from '../../topics.js';
import { SHADOW_OFF } from './control.js';
import { migrationRefusal } from './migration.js';
import { priorRefusal } from './prior-settings.js';
import { findPolicy, POLICIES } from '../registry.js';

export interface ControlRefusal {
  readonly code: 'unknown_policy' | 'invalid_event';
  readonly message: string;
}

/** undefined: it can hold. */
export function controlRefusal(event: ControlEvent): ControlRefusal | undefined {
  for (const name of [event.policy, event.from, event.settings?.shadow, event.settings?.prior?.policy]) {
    if (name != null && name !== SHADOW_OFF && findPolicy(name) === undefined) {
      return {
        code: 'unknown_policy',
        message: `policy: ${JSON.stringify(name)} is none of ${POLICIES.map((policy) => policy.name).join(', ')}`,
      };
    }
  }
  const migration = migrationRefusal(event);
  if (migration !== undefined) return { code: 'invalid_event', message: `from: ${migration}` };
  const prior = priorRefusal(event);
  return prior === undefined ? undefined : { code: 'invalid_event', message: `settings.prior: ${prior}` };
}

/** The control in a kept record; undefined: this version refuses it. */
function keptControl(record: string): ControlEvent | undefined {
  const decoded = validate('policy.control', JSON.parse(record) as object);
  return decoded.ok && controlRefusal(decoded.event) === undefined ? decoded.event : undefined;
}

/** The controls in kept records that hold, in the order given. */
export function keptControls(records: Iterable<string>): ControlEvent[] {
  return [...records].map(keptControl).filter((control) => control !== undefined);
}
