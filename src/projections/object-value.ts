/** Values of dtype object: how they are made, compared and printed. */
import { randomUUID } from 'node:crypto';
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

/** A name that ECMAScript lists before all others, with a number: where there is none, JSON.stringify keeps the order of objectValue. */
const INDEX_WITH_NUMBER = /"(?:0|[1-9]\d{0,9})":\s*-?\d/;
/** In place of an object while a document is printed; no text of anybody's holds it. */
const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}(\\d+)"`, 'g');

/** As JSON.stringify, but that objects of numbers are printed with their names sorted by code point, whatever their names are. */
export function jsonText(document: unknown, space?: number): string {
  const text = JSON.stringify(document, null, space);
  if (!INDEX_WITH_NUMBER.test(text)) return text;
  const objects: ObjectValue[] = [];
  const marked = JSON.stringify(document, (_, value: unknown) => (isOfNumbers(value) ? `${MARK}${objects.push(value) - 1}` : value), space);
  if (space === undefined) return marked.replace(MARKED, (_match, index: string) => objectText(objects[Number(index)]!));
  return marked.replace(MARKED, (_match, index: string, at: number) => {
    const line = marked.slice(marked.lastIndexOf('\n', at) + 1, at);
    return spaced(objects[Number(index)]!, /^ */.exec(line)![0], space);
  });
}

function isOfNumbers(value: unknown): value is ObjectValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([, number]) => typeof number === 'number' && Number.isFinite(number));
}

/** As JSON.stringify prints it in a line with that indent. */
function spaced(value: ObjectValue, indent: string, space: number): string {
  const members = sorted(Object.entries(value)).map(([name, number]) => `${JSON.stringify(name)}: ${JSON.stringify(number)}`);
  const inner = indent + ' '.repeat(space);
  return `{\n${inner}${members.join(`,\n${inner}`)}\n${indent}}`;
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
