/**
 * Controls as state files keep them. A file may hold one that an earlier version accepted and this one refuses, for example a promote
 * that names a user: it does not hold, as it would not if its record were read again.
 */
import { validate } from '../events/decode.js';
import type { ControlEvent } from '../topics.js';
import { controlRefusal } from './control-refusal.js';

/** The control in a kept record; undefined: this version refuses it. */
export function keptControl(record: string): ControlEvent | undefined {
  const decoded = validate('policy.control', JSON.parse(record) as object);
  return decoded.ok && controlRefusal(decoded.event) === undefined ? decoded.event : undefined;
}

/** Those that hold, in the order given. */
export function keptControls(records: Iterable<string>): ControlEvent[] {
  return [...records].map(keptControl).filter((control) => control !== undefined);
}
