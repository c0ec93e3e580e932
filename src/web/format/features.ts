/** What the value of a feature says, from its unit. */
import type { FeatureValue as Value, ObjectValue } from '../../projections/feature.js';
import type { FeatureDocument } from '../../projections/feature-document.js';
import { percent } from './numbers.js';
import { durationText } from './times.js';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** As the API gives it. */
export type FeatureValue = Value | undefined;

export function valueText(value: FeatureValue): string {
  if (value === null || value === undefined) return 'null';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What happened to a tip, as a noun. */
export const HAPPENINGS = { served: 'serving', done: 'done', dismiss: 'dismiss', snooze: 'snooze' } as const;

/** Of a profile in a comparison: one of a user who was not known has no value; a feature that is empty has null. */
export function comparedText(value: FeatureValue): string {
  return value === undefined ? 'not known' : valueText(value);
}

/** The name with the largest of some durations, which of ages is the stalest: `mail, 2 d, is the longest of 3`. */
function longest(durations: ObjectValue): string {
  const entries = Object.entries(durations);
  const [first] = entries.sort(([, a], [, b]) => b - a);
  if (first === undefined) return '';
  const [name, ms] = first;
  return entries.length === 1 ? `${name}: ${durationText(ms)}` : `${name}, ${durationText(ms)}, is the longest of ${entries.length}`;
}

/** '' where the value says it all. */
export function reading(value: FeatureValue, feature: Pick<FeatureDocument, 'unit'> | undefined): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'object') return feature?.unit === 'ms' ? longest(value) : '';
  if (typeof value !== 'number') return '';
  switch (feature?.unit) {
    case 'ratio':
      return percent(value);
    case 'ms':
      return durationText(value);
    case 'hour':
      return `${String(value).padStart(2, '0')}:00 local`;
    case 'weekday':
      return WEEKDAYS[value] ?? '';
    default:
      return '';
  }
}
