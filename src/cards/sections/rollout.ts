import { predecessorOf } from '../../policies/controls/migration.js';
import { findPolicy } from '../../policies/registry.js';
import type { ControlEvent } from '../../topics.js';
import { moment, plain, shown, table } from '../markdown.js';
import { rolloutOf, type RolloutStep } from '../rollout.js';

/** When the policy was live or in the shadow, and why. */
export function rolloutSection(policy: string, history: readonly ControlEvent[]): string {
  const steps = rolloutOf(history, policy);
  if (steps.length === 0) return 'No event of policy.control concerns it.';
  return [
    table(['from', 'event', 'then live for', 'shadow', 'evidence', 'reason', 'control_id'], steps.map(stepRow)),
    'A shadow that an option turned on is not in policy.control.',
  ].join('\n\n');
}

function stepRow({ control, livePercent, shadow }: RolloutStep): string[] {
  const state = [`${shown(livePercent)} %`, shadow ? 'yes' : ''];
  if (control === null) return ['the start', '', ...state, '', '', ''];
  return [
    moment(control.effective_at_ms),
    eventOf(control),
    ...state,
    evidenceOf(control),
    plain(control.reason ?? ''),
    plain(control.control_id),
  ];
}

function eventOf(control: ControlEvent): string {
  const { type, policy, percent } = control;
  const more = type === 'promote' ? [`${shown(percent ?? 100)} %`] : type === 'migrate' ? [migrationOf(control)] : [];
  return [type, ...(policy == null ? [] : [plain(policy)]), ...more].join(' ');
}

function migrationOf({ policy, from, undo, train_from_replay: trained, user_id: userId }: ControlEvent): string {
  if (undo === true) return 'taken back';
  const into = findPolicy(policy!);
  const source = from ?? (into === undefined ? undefined : predecessorOf(into)?.name) ?? 'nothing';
  return [`from ${plain(source)}`, ...(trained === true ? ['trained'] : []), ...(userId == null ? [] : ['for one user'])].join(', ');
}

/** Anybody may write to the topic, so evidence may be anything. */
function evidenceOf({ type, evidence }: ControlEvent): string {
  if (type !== 'promote') return '';
  const { hash, forced } = (typeof evidence === 'object' && evidence !== null ? evidence : {}) as { hash?: unknown; forced?: unknown };
  return [typeof hash === 'string' ? plain(hash.slice(0, 16)) : 'none', ...(forced === true ? ['forced'] : [])].join(', ');
}
