/** What the value of a feature says, from its unit. */
import type { FeatureDocument } from '../../projections/feature-document.js';
import { percent } from './numbers.js';
import { durationText } from './times.js';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** As the API gives it. */
export type FeatureValue = number | string | null | undefined;

export function valueText(value: FeatureValue): string {
  return value === null || value === undefined ? 'null' : String(value);
}

/** What happened to a tip, as a noun. */
export const HAPPENINGS = { served: 'serving', done: 'done', dismiss: 'dismiss', snooze: 'snooze' } as const;

/** '' where the value says it all. */
export function reading(value: FeatureValue, feature: Pick<FeatureDocument, 'unit'> | undefined): string {
  if (value === null || value === undefined) return 'empty';
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
