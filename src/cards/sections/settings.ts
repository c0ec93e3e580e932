import type { PolicyDefinition } from '../../policies/policy.js';
import type { PriorDocument } from '../../policies/controls/prior-settings.js';
import { decays, type PolicySettings } from '../../policies/controls/control.js';
import type { DecisionSpan } from '../../store/queries/training-counts.js';
import { plain, shown, table } from '../markdown.js';

export interface SettingsFacts {
  readonly policy: PolicyDefinition;
  readonly settings: PolicySettings;
  /** The policy's; undefined: none is set. */
  readonly prior: PriorDocument | undefined;
  /** Its own decisions; undefined: not known. */
  readonly own: DecisionSpan | undefined;
}

/** What holds for decisions now, beside what the policy's own decisions were made with, as far as these are known. */
export function settingsSection({ policy, settings, prior, own }: SettingsFacts): string {
  const { fixedEpsilon, hyperparameters } = policy;
  const isShadow = settings.shadow === policy.name;
  return [
    table(
      ['setting', 'in effect', 'its decisions were made with'],
      [
        ['epsilon', fixedEpsilon === null ? explored(settings) : `${shown(fixedEpsilon)}, whatever is configured`, epsilonOf(own)],
        ['salt', plain(JSON.stringify(settings.salt)), saltsOf(own)],
        ['lambda', shown((prior?.stale === false ? prior.lambda : hyperparameters['lambda']) ?? null), ''],
        ...(prior === undefined ? [] : [['prior', priorOf(prior), '']]),
        ['shadow', settings.shadow === null ? 'none' : plain(settings.shadow), ''],
        ...(isShadow ? [['shadow learns', settings.shadowLearning ? 'yes' : 'no', '']] : []),
      ],
    ),
    'In effect is what policy.control says now, and what options say where it says nothing.',
  ].join('\n\n');
}

function priorOf({ control_id: controlId, stale }: PriorDocument): string {
  return `${plain(controlId)}${stale ? ', stale: reactions are worth something else since' : ''}`;
}

function explored({ epsilon, epsilonMin, epsilonDecay }: PolicySettings): string {
  if (!decays({ epsilonDecay })) return shown(epsilon);
  return `${shown(epsilon)}; per user ${shown(epsilonDecay!)} / updates once that is less, not below ${shown(epsilonMin ?? 0)}`;
}

function epsilonOf(own: DecisionSpan | undefined): string {
  const range = own?.epsilon ?? null;
  if (range === null) return '-';
  return range.low === range.high ? shown(range.low) : `${shown(range.low)} to ${shown(range.high)}`;
}

function saltsOf(own: DecisionSpan | undefined): string {
  if (own === undefined || own.salts.length === 0) return '-';
  const salts = own.salts.map((salt) => plain(JSON.stringify(salt))).join(', ');
  return own.hasMoreSalts ? `${salts} and others` : salts;
}
