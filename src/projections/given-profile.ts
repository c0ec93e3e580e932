/**
 * A profile that a caller gives instead of the projection's own. What would be scored as 0 in silence is refused: a name that is no
 * feature, a value of another dtype, and one that the feature cannot have.
 */
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import { suggestion } from '../given.js';
import type { FeatureDefinition, FeatureValue, FeatureValues } from './feature.js';
import { FEATURE_SETS } from '../topics.js';
import { featureValueSchema } from '../topic-schemas.js';
import { registryOf } from './registry.js';

interface Range {
  readonly most: number;
  readonly whole: boolean;
}

/** What numbers of a unit can be, from 0 on. Numbers of other units can be any. */
const RANGES: Readonly<Record<string, Range>> = {
  ratio: { most: 1, whole: false },
  hour: { most: 23, whole: true },
  weekday: { most: 6, whole: true },
  tips: { most: Infinity, whole: true },
  sessions: { most: Infinity, whole: true },
  days: { most: Infinity, whole: true },
  ms: { most: Infinity, whole: false },
};

const KINDS = {
  numeric: { type: 'number', noun: 'a number' },
  categorical: { type: 'string', noun: 'text' },
  object: { type: 'object', noun: 'an object of numbers' },
} as const;

/** Of every set: a log may hold decisions of an installation that has more of them. A service checks against its own (checkGivenNames). */
const { features: FEATURES, names: NAMES } = registryOf({ sets: FEATURE_SETS });

/** Throws invalid_argument for a given feature that is not among `names`, those of the installation that scores. */
export function checkGivenNames(profile: FeatureValues, names: readonly string[]): void {
  const name = Object.keys(profile).find((one) => !names.includes(one));
  if (name === undefined) return;
  const path = `profile_features.${name}`;
  const set = FEATURE_SETS.find((one) => registryOf({ sets: [one] }).names.includes(name));
  const message = `is not a feature of this installation${set === undefined ? '' : `: it is of the set ${set}`}`;
  throw new TipstreamError('invalid_argument', `${path}: ${message}`, {
    hint:
      set === undefined
        ? suggestion(name, names)
        : `Leave it out, or stop the service, run \`npx tipstream rebuild --features core,${set}\` and start it with the same option.`,
    details: { issues: [{ path: ['profile_features', name], message }] },
  });
}

/** What is wrong with the value; undefined: nothing. null is always right: the feature is empty. */
function wrongValue({ dtype, unit }: FeatureDefinition, value: FeatureValue): string | undefined {
  if (value === null) return undefined;
  const { type, noun } = KINDS[dtype];
  if (typeof value !== type) return `is ${dtype}: expected ${noun} or null, found a ${typeof value}`;
  const range = RANGES[unit];
  if (range === undefined || typeof value !== 'number') return undefined;
  if (value >= 0 && value <= range.most && (!range.whole || Number.isInteger(value))) return undefined;
  const bounds = range.most === Infinity ? 'of at least 0' : `from 0 to ${range.most}`;
  return `must be ${range.whole ? 'a whole number' : 'a number'} ${bounds}, not ${value}`;
}

/** By name; a feature that is absent is empty. */
export const givenProfileSchema = z
  .record(z.string(), featureValueSchema)
  .superRefine((profile, context) => {
    for (const [name, value] of Object.entries(profile)) {
      const feature = FEATURES.find((one) => one.name === name);
      const wrong = feature === undefined ? `is not a feature. ${suggestion(name, NAMES)}` : wrongValue(feature, value);
      if (wrong !== undefined) context.addIssue({ code: 'custom', path: [name], message: wrong });
    }
  })
  .meta({ description: 'feature name -> value; null where the feature is empty' });
