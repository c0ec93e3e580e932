/** Random definitions, and random events made to collide for them: few identities, few times, fields of which some are absent. */
import fc from 'fast-check';
import type { Condition, DefinedTopic, Definition, Filter } from '../../src/events/feature-choice.js';
import { SHAPES, SHAPES_OF_NUMBERS, SHAPES_WITHOUT_FIELD } from '../../src/events/feature-choice.js';
import { readDefinitions } from '../../src/definitions/file.js';
import { DEFINED_TOPICS, TOPIC_FIELDS, type TopicField } from '../../src/projections/defined/topics.js';
import { TipstreamError } from '../../src/errors.js';
import { SCHEMAS } from '../../src/topic-schemas.js';
import { category, asOfMs as spreadAsOfMs, timeMs, WINDOW } from './tip-generators.js';

const DAY = 86_400_000;
/** Few, so that they tie: one is no UTF-8, and lies between two that are. */
const tying = fc.constantFrom('', 'a', '\ud7ff', '\ud800', '\ue000');
const label = fc.oneof({ weight: 3, arbitrary: tying }, { weight: 1, arbitrary: category.map((value) => value ?? null) });
const eventMs = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(3 * WINDOW, 3 * WINDOW + 1) }, { weight: 2, arbitrary: timeMs });
const identity = fc.constantFrom('t1', 't2', 't3', 't4');
const offset = fc.constantFrom(-840, -90, -1, 0, 60, 840);
const REQUIRED: ReadonlySet<string> = new Set(['ended_at_ms']);

/** A value of the field, as an event has it; null: none. */
function valueOf(field: TopicField): fc.Arbitrary<string | number | null> {
  if (field.type.kind === 'choice') return fc.constantFrom(...field.type.values);
  if (field.name === 'utc_offset_min') return fc.option(offset, { freq: 3 });
  if (field.type.kind === 'whole') return eventMs;
  if (field.role === 'identity' || field.name.endsWith('_id')) return identity;
  return label;
}

export function eventOf(topic: DefinedTopic): fc.Arbitrary<Record<string, unknown>> {
  const { fields } = TOPIC_FIELDS[topic];
  const values = [...fields.values()].map((field) => {
    const value = valueOf(field);
    const optional = field.role === 'kept' && !REQUIRED.has(field.name) && field.type.kind !== 'choice';
    return [field.name, optional ? fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }) : value] as const;
  });
  return fc
    .record({ user_id: fc.constantFrom('a', 'b'), ...Object.fromEntries(values) })
    .filter((event) => SCHEMAS[topic].safeParse(event).success);
}

function conditionOn(field: TopicField): fc.Arbitrary<Condition> {
  const presence = fc.constantFrom<Condition>({ field: field.name, is: 'present' }, { field: field.name, is: 'absent' });
  const value = valueOf(field).filter((one) => one !== null) as fc.Arbitrary<string | number>;
  const values = fc
    .uniqueArray(value, { minLength: 1, maxLength: 4 })
    .map((some): Condition => ({ field: field.name, is: 'in', values: some }));
  if (field.type.kind !== 'whole') return fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: presence });
  const comparison = fc
    .record({ is: fc.constantFrom('lt', 'lte', 'gt', 'gte'), value: fc.oneof(value as fc.Arbitrary<number>, fc.constantFrom(0.5, -1e300)) })
    .map(({ is, value: bound }): Condition => ({ field: field.name, is, value: bound }));
  return fc.oneof({ weight: 2, arbitrary: values }, { weight: 3, arbitrary: comparison }, { weight: 1, arbitrary: presence });
}

const filterOver = (fields: readonly TopicField[]): fc.Arbitrary<Filter> =>
  fc.array(fc.constantFrom(...fields).chain(conditionOn), { maxLength: 2 });

export const definition: fc.Arbitrary<Definition> = fc
  .record({ topic: fc.constantFrom(...DEFINED_TOPICS), shape: fc.constantFrom(...SHAPES) })
  .chain(({ topic, shape }) => {
    const fields = [...TOPIC_FIELDS[topic].fields.values()];
    const ofShape = SHAPES_OF_NUMBERS.includes(shape) ? fields.filter(({ type }) => type.kind === 'whole') : fields;
    return fc.record({
      name: fc.constant('random'),
      description: fc.constant('Random.'),
      unit: fc.constant('things'),
      topic: fc.constant(topic),
      shape: fc.constant(shape),
      field: SHAPES_WITHOUT_FIELD.includes(shape) ? fc.constant(null) : fc.constantFrom(...ofShape.map(({ name }) => name)),
      filter: filterOver(fields),
      counts: shape === 'rate' ? filterOver(fields) : fc.constant(null),
      windowMs: fc.constantFrom(30 * DAY, 7 * DAY, 36 * 3_600_000, 1),
      ttlMs: fc.constant(DAY),
    });
  });

/** As a file of features says it. Its filter says each comparison of a field once, as objects can. */
export function asFile(definitions: readonly Definition[]): string {
  return JSON.stringify({
    features: definitions.map(({ field, filter, counts, windowMs, ttlMs, ...same }) => ({
      ...same,
      ...(field === null ? {} : { field }),
      filter: filterObject(filter),
      ...(counts === null ? {} : { counts: filterObject(counts) }),
      window: windowMs,
      ttl: ttlMs,
    })),
  });
}

function filterObject(filter: Filter): Record<string, Record<string, unknown>> {
  const conditions: Record<string, Record<string, unknown>> = {};
  for (const condition of filter) {
    const { field } = condition;
    const [key, value] =
      condition.is === 'in'
        ? ['in', condition.values]
        : condition.is === 'present' || condition.is === 'absent'
          ? ['present', condition.is === 'present']
          : [condition.is, condition.value];
    conditions[field] = { ...conditions[field], [key]: value };
  }
  return conditions;
}

/** The definition as it comes back from its file; undefined: a file cannot say it (-1e300 is a bound, two of one kind are not). */
export function throughAFile(one: Definition): Definition | undefined {
  try {
    return readDefinitions(asFile([one]), 'random.json')[0]!;
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'invalid_argument') return undefined;
    throw error;
  }
}

/** Often just behind where most events are. */
export const asOfMs = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(3 * WINDOW + 1, 3 * WINDOW + 2) },
  { weight: 3, arbitrary: spreadAsOfMs },
);
