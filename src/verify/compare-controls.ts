/** Stored records of policy.control against the replay: the one with the lowest offset of each control_id counts. */
import { concernsUser, userOfControl } from '../events/control-user.js';
import type { AuditedControl } from '../store/queries/state-audit.js';
import type { ControlEvent } from '../topics.js';
import type { Findings } from './difference.js';
import type { ShadowLearningSetting } from './naive-policy.js';
import type { ReplayedControl } from './replay.js';

export interface ControlComparison {
  readonly partition: number;
  readonly replayed: ReadonlyMap<string, ReplayedControl>;
  readonly stored: readonly AuditedControl[];
  /** Records below that offset may be gone from the log, and the state file is taken at its word for them. */
  readonly lostBelow: number;
  readonly findings: Findings;
}

/** Answers the controls to go by. */
export function compareControls({ partition, replayed, stored, lostBelow, findings }: ControlComparison): Map<string, ReplayedControl> {
  const controls = new Map(replayed);
  const left = new Map(replayed);
  for (const row of stored) {
    const control = left.get(row.controlId);
    left.delete(row.controlId);
    const differs = (feature: string, live: unknown, other: unknown) =>
      findings.reporter(
        partition,
        row.userId,
      )({
        kind: 'control',
        id: row.controlId,
        feature,
        live,
        replayed: other,
        events: control === undefined ? [] : [{ topic: 'policy.control', offset: control.offset }],
      });
    if (row.offset < lostBelow) {
      controls.set(row.controlId, { offset: row.offset, event: JSON.parse(row.record) as ControlEvent });
      continue;
    }
    if (control === undefined) {
      differs('record', row.record, null);
      continue;
    }
    const { event, offset } = control;
    const user = userOfControl(event);
    if (row.offset !== offset) differs('log_offset', row.offset, offset);
    if (row.record !== JSON.stringify(event)) differs('record', row.record, event);
    if (row.type !== event.type) differs('type', row.type, event.type);
    if (row.effectiveAtMs !== event.effective_at_ms) differs('effective_at_ms', row.effectiveAtMs, event.effective_at_ms);
    if (row.userId !== user) differs('user_id', row.userId, user);
  }
  for (const [controlId, { event, offset }] of left) {
    findings.reporter(
      partition,
      userOfControl(event),
    )({ kind: 'control', id: controlId, feature: 'record', live: null, replayed: event, events: [{ topic: 'policy.control', offset }] });
  }
  return controls;
}

/**
 * The times at which the sums of a user's decisions by that policy may begin, Unix ms: resets of the user, and migrations into the
 * policy that set its own decisions aside.
 */
export type Beginnings = (userId: string, decidedBy: string) => readonly number[];

export function beginningsIn(controls: readonly ControlEvent[]): Beginnings {
  const beginnings = controls.filter(({ type }) => type === 'reset' || type === 'migrate');
  return (userId, decidedBy) =>
    beginnings
      .filter((control) => concernsUser(control, userId) && (control.type === 'reset' || control.policy === decidedBy))
      .map(({ effective_at_ms: effectiveAtMs }) => effectiveAtMs);
}

export function shadowLearningSettings(controls: readonly ControlEvent[]): ShadowLearningSetting[] {
  return controls.flatMap(({ control_id: controlId, type, effective_at_ms: effectiveAtMs, settings }) =>
    type === 'configure' && settings?.shadow_learning != null ? [{ controlId, effectiveAtMs, learns: settings.shadow_learning }] : [],
  );
}
