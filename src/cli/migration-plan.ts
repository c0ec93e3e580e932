/** What `policies migrate` has to do, from all that policy.control says. */
import { TipstreamError } from '../errors.js';
import { concernsUser, userOfControl } from '../events/control-user.js';
import { migrationAt, type Migration } from '../policies/controls/migration.js';
import type { PolicyDefinition } from '../policies/policy.js';
import type { ControlEvent } from '../topics.js';
import type { AllControls, WrittenControl } from './control-log.js';

export interface MigrationPlan {
  /** What holds already, so that nothing new is to be written; undefined: the new control is. */
  readonly already: WrittenControl | undefined;
  /** Those of the policy that a producer left half-written. */
  readonly incomplete: readonly WrittenControl[];
  /** What an undo takes back. */
  readonly undone: Migration | undefined;
  /** All that concern the user, or everybody. */
  readonly controls: readonly ControlEvent[];
}

/**
 * `control` is the migrate that was asked for, from `from`. Throws invalid_argument when it is an undo and there is nothing to take
 * back.
 */
export function planMigration(
  { controls: written, partitions }: AllControls,
  control: ControlEvent,
  from: PolicyDefinition,
  into: PolicyDefinition,
): MigrationPlan {
  const controls = [...written.values()].map(({ event }) => event);
  const concerning = controls.filter((one) => concernsUser(one, control.user_id ?? undefined));
  const incomplete = [...written.values()].filter(
    ({ event, partitions: have }) =>
      event.type === 'migrate' && event.policy === into.name && userOfControl(event) === null && have.size < partitions.length,
  );
  const standing = migrationAt(concerning, control.effective_at_ms, into);
  if (control.undo === true) {
    if (standing?.from === from) return { already: undefined, incomplete, undone: standing, controls };
    const half = incomplete.find(({ event }) => event.undo === true);
    if (half !== undefined) return { already: half, incomplete, undone: undefined, controls };
    const other = standing === null ? '' : `, but one from ${standing.from.name}`;
    throw new TipstreamError(
      'not_found',
      `no migration from ${from.name} to ${into.name} stands at ${new Date(control.effective_at_ms).toISOString()}${other}: ` +
        'there is nothing to take back',
      { hint: 'See the migrations for everybody with `tipstream policies history`.' },
    );
  }
  // What a later control takes back does not hold, even where it stands at the time asked for.
  const holds =
    standing !== null &&
    standing.from === from &&
    standing.trained === (control.train_from_replay === true) &&
    migrationAt(concerning, Infinity, into)?.controlId === standing.controlId;
  return { already: holds ? written.get(standing.controlId) : undefined, incomplete, undone: undefined, controls };
}
