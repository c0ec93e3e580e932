/** Controls that are valid events and still cannot hold: this tipstream has no such policy, or no such migration. */
import type { ControlEvent } from '../topics.js';
import { SHADOW_OFF } from './control.js';
import { migrationRefusal } from './migration.js';
import { findPolicy, POLICIES } from './registry.js';

export interface ControlRefusal {
  readonly code: 'unknown_policy' | 'invalid_event';
  readonly message: string;
}

/** undefined: it can hold. */
export function controlRefusal(event: ControlEvent): ControlRefusal | undefined {
  for (const name of [event.policy, event.from, event.settings?.shadow]) {
    if (name != null && name !== SHADOW_OFF && findPolicy(name) === undefined) {
      return {
        code: 'unknown_policy',
        message: `policy: ${JSON.stringify(name)} is none of ${POLICIES.map((policy) => policy.name).join(', ')}`,
      };
    }
  }
  const migration = migrationRefusal(event);
  return migration === undefined ? undefined : { code: 'invalid_event', message: `from: ${migration}` };
}
