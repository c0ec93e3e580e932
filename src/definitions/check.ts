/** What a feature of a file means, checked against its topic, in the one form that all spellings come to. */
import { compareCodePoints } from '../events/strings.js';
import { nearest, suggestion } from '../given.js';
import { durationText } from '../projections/definitions.js';
import { DAY_MS, WINDOW_MS } from '../projections/window.js';
import {
  type Condition,
  type Definition,
  type Filter,
  type Literal,
  SHAPES_OF_NUMBERS,
  SHAPES_WITHOUT_FIELD,
} from '../events/feature-choice.js';
import { durationMs } from './duration.js';
import type { GivenCondition, GivenFeature, GivenFilter } from './file-schema.js';
import { DEFINED_TOPICS, TOPIC_FIELDS, type TopicField, type TopicFields } from '../projections/defined/topics.js';

export type Path = readonly (string | number)[];
/** Told what is wrong at a path below the feature, and what to do; with `key`, with the key itself and not with its value. */
export type Problem = (path: Path, message: string, hint: string, key?: boolean) => void;

/** Room for the prefix of its counters. */
const NAME = /^[a-z][a-z0-9_]{0,57}$/;
/** Columns of profiles beside the features. */
const COLUMNS = ['user_id', 'as_of_ms', 'uid', 'value'];
const LONGEST_TTL_MS = 365 * DAY_MS;
const MAX_TEXT = 128;
const COMPARED = ['lt', 'lte', 'gt', 'gte'] as const;

/** undefined: something was wrong, and `problem` was told of all of it. */
export function definitionOf(given: GivenFeature, problem: Problem): Definition | undefined {
  let fine = true;
  const wrong: Problem = (...what) => {
    fine = false;
    problem(...what);
  };
  if (!NAME.test(given.name))
    wrong(
      ['name'],
      `${JSON.stringify(given.name)} is not a name`,
      'Use lower-case letters, digits and underscores, a letter first, 58 at most.',
    );
  else if (COLUMNS.includes(given.name)) wrong(['name'], `${given.name} is a column of every profile`, 'Choose another name.');
  const windowMs = lengthOf('window', given.window, WINDOW_MS, 'the time for which profiles look back', wrong);
  const ttlMs = given.ttl === undefined ? DAY_MS : lengthOf('ttl', given.ttl, LONGEST_TTL_MS, 'a year', wrong);
  const topic = DEFINED_TOPICS.find((one) => one === given.topic);
  if (topic === undefined) {
    wrong(['topic'], `features cannot be defined over ${JSON.stringify(given.topic)}`, suggestion(given.topic, DEFINED_TOPICS));
    return undefined;
  }
  const topicFields = TOPIC_FIELDS[topic];
  const field = fieldFor(given, topicFields, wrong);
  const filter = filterOf(given.filter ?? {}, ['filter'], topicFields, wrong);
  const counts = countsOf(given, topicFields, wrong);
  const { name, description, unit, shape } = given;
  return fine ? { name, description, unit, topic, shape, field, filter, counts, windowMs, ttlMs } : undefined;
}

function lengthOf(key: 'window' | 'ttl', given: string | number, mostMs: number, why: string, wrong: Problem): number {
  const ms = durationMs(given);
  if (ms === undefined) wrong([key], `${JSON.stringify(given)} is not a duration`, 'Write 7d, 36h, 90min, 10s or whole milliseconds.');
  else if (ms < 1) wrong([key], 'must be longer than nothing', 'Write 7d, 36h, 90min, 10s or whole milliseconds.');
  else if (ms > mostMs)
    wrong([key], `${durationText(ms)} is more than ${durationText(mostMs)}, ${why}`, `Make it ${mostMs / DAY_MS}d or less.`);
  return ms ?? 0;
}

function fieldFor({ shape, field: name }: GivenFeature, topicFields: TopicFields, wrong: Problem): string | null {
  if (SHAPES_WITHOUT_FIELD.includes(shape)) {
    if (name !== undefined) wrong(['field'], `a ${shape} is of events, not of a field`, 'Remove it, or say in filter which events count.');
    return null;
  }
  if (name === undefined) {
    wrong([], `a ${shape} needs the field whose values it is of`, `Add field: one of ${[...topicFields.fields.keys()].join(', ')}.`);
    return null;
  }
  const field = fieldNamed(name, ['field'], topicFields, wrong);
  if (field !== undefined && SHAPES_OF_NUMBERS.includes(shape) && field.type.kind !== 'whole') {
    const numbers = [...topicFields.fields.values()].filter(({ type }) => type.kind === 'whole').map((one) => one.name);
    wrong(['field'], `${name} is text, and a ${shape} needs numbers`, `Give one of ${numbers.join(', ')}, or make it a mode.`);
  }
  return name;
}

function countsOf({ shape, counts }: GivenFeature, topicFields: TopicFields, wrong: Problem): Filter | null {
  if (shape === 'rate') {
    if (counts === undefined) wrong([], 'a rate needs counts: which of the events count', 'Add counts, in the form of filter.');
    return filterOf(counts ?? {}, ['counts'], topicFields, wrong);
  }
  if (counts !== undefined) wrong(['counts'], `only a rate has counts, not a ${shape}`, 'Say in filter which events it is about.');
  return null;
}

function fieldNamed(name: string, path: Path, { topic, fields }: TopicFields, wrong: Problem): TopicField | undefined {
  const field = fields.get(name);
  if (field !== undefined) return field;
  if (name === 'user_id') wrong(path, 'user_id is the same for all events of a profile', 'Choose another field.');
  else wrong(path, `${topic} has no field ${JSON.stringify(name)}`, suggestion(name, [...fields.keys()]), path.at(-1) === name);
  return undefined;
}

function filterOf(given: GivenFilter, path: Path, topicFields: TopicFields, wrong: Problem): Filter {
  const conditions = Object.entries(given).flatMap(([name, condition]) => {
    const at = [...path, name];
    const field = fieldNamed(name, at, topicFields, wrong);
    return field === undefined ? [] : conditionsOf(field, condition, at, wrong);
  });
  return conditions.sort((a, b) => compareCodePoints(a.field, b.field) || compareCodePoints(a.is, b.is));
}

function conditionsOf(field: TopicField, given: GivenCondition, at: Path, wrong: Problem): Condition[] {
  if (typeof given !== 'object') return [oneOf(field, [given], at, wrong)];
  const conditions: Condition[] = [];
  if (given.in !== undefined) conditions.push(oneOf(field, given.in, [...at, 'in'], wrong));
  for (const is of COMPARED) {
    const value = given[is];
    if (value === undefined) continue;
    if (field.type.kind !== 'whole') wrong([...at, is], `${field.name} is text, and ${is} compares numbers`, 'Write {in: [...]}.');
    else if (!Number.isFinite(value)) wrong([...at, is], 'must be a number', 'Give a finite number.');
    conditions.push({ field: field.name, is, value: value + 0 });
  }
  if (given.present !== undefined) conditions.push({ field: field.name, is: given.present ? 'present' : 'absent' });
  if (conditions.length === 0) wrong(at, 'says nothing', 'Write a value, or one of in, lt, lte, gt, gte, present.');
  return conditions;
}

function oneOf(field: TopicField, values: readonly Literal[], at: Path, wrong: Problem): Condition {
  values.forEach((value, i) => checkValue(field, value, values.length > 1 || at.at(-1) === 'in' ? [...at, i] : at, wrong));
  const distinct = [...new Set(values.map((value) => (typeof value === 'number' ? value + 0 : value)))];
  return {
    field: field.name,
    is: 'in',
    values: distinct.sort((a, b) => (typeof a === 'number' ? a - Number(b) : compareCodePoints(a, String(b)))),
  };
}

function checkValue({ name, type }: TopicField, value: Literal, at: Path, wrong: Problem): void {
  if (type.kind === 'whole') {
    if (!Number.isSafeInteger(value))
      wrong(at, `${name} is a whole number, not ${JSON.stringify(value)}`, 'Write a whole number without quotes.');
  } else if (typeof value !== 'string') wrong(at, `${name} is text, not ${value}`, `Write "${value}" in quotes.`);
  else if (type.kind === 'choice' && !type.values.includes(value)) {
    const meant = nearest(value, type.values);
    const hint = meant === undefined ? `Give one of ${type.values.join(', ')}.` : `Did you mean ${meant}?`;
    wrong(at, `${name} is never ${JSON.stringify(value)}`, hint);
  } else if ([...value].length > MAX_TEXT) wrong(at, `${name} is never longer than ${MAX_TEXT} characters`, 'Shorten the text.');
}
