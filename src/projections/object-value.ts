/** Values of dtype object: how they are made, compared and printed. */
import { compareCodePoints } from '../events/strings.js';
import type { FeatureValue, ObjectValue } from './feature.js';

/** Names sorted by code point, but for those that are array indices to ECMAScript: it lists them first. */
export function objectValue(entries: Iterable<readonly [name: string, number: number]>): ObjectValue {
  return Object.fromEntries(sorted(entries));
}

/** Canonical JSON: names sorted by code point, no white space, numbers as ECMAScript prints them. */
export function objectText(value: ObjectValue): string {
  return `{${sorted(Object.entries(value))
    .map(([name, number]) => `${JSON.stringify(name)}:${number}`)
    .join(',')}}`;
}

export function isObjectValue(value: FeatureValue | undefined): value is ObjectValue {
  return typeof value === 'object' && value !== null;
}

/** As cells of tables have it: an object as its text. */
export function scalarOf(value: FeatureValue): number | string | null {
  return isObjectValue(value) ? objectText(value) : value;
}

export function isSameValue(one: FeatureValue, other: FeatureValue): boolean {
  return Object.is(scalarOf(one), scalarOf(other));
}

function sorted(entries: Iterable<readonly [string, number]>): (readonly [string, number])[] {
  return [...entries].sort(([a], [b]) => compareCodePoints(a, b));
}
