/** Another validator is the judge: where the check finds nothing, no event that the writer's schema accepts is refused by the reader's. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareSchemas } from '../../src/contracts/compatibility/compare.js';
import { isNote } from '../../src/contracts/compatibility/rules.js';
import { EXAMPLES } from '../../src/contracts/examples.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { withoutAnnotations } from '../../src/contracts/annotations.js';
import { TOPIC_NAMES } from '../../src/topics.js';
import {
  changedSchema,
  declaredOnly,
  oneAlternative,
  picker,
  randomSchema,
  randomValue,
  seeds,
  type Pick,
  type Schema,
} from '../support/json-schemas.js';
import { changedPlaces, edgesOf } from '../support/json-mutations.js';

/** Of valid schemas only, so it need not look at that; and it keeps none. */
const settings = { strict: false, logger: false, validateSchema: false, addUsedSchema: false } as const;
const ajv = new Ajv2020(settings);

function compiled(schema: unknown): ValidateFunction | undefined {
  try {
    const validator = ajv.compile(schema as Schema);
    ajv.removeSchema(schema as Schema);
    return validator;
  } catch {
    return undefined;
  }
}

function problems(writer: unknown, reader: unknown, strict: boolean) {
  const findings = compareSchemas(writer, reader, { writerRoot: writer, readerRoot: reader, strict });
  return findings.filter(({ kind }) => !isNote(kind));
}

interface Tally {
  compatible: number;
  broken: number;
  unknown: number;
  /** Of those called broken: an event was found that shows it. */
  witnessed: number;
  events: number;
}

/** Tries `count` events of the writer; throws with the first that the reader refuses although the check lets the change pass. */
function judge(pick: Pick, writer: Schema, reader: Schema, strict: boolean, count: number, tally: Tally): void {
  const found = problems(writer, reader, strict);
  const verdict = found.length === 0 ? 'compatible' : found.some(({ kind }) => kind !== 'unknown') ? 'broken' : 'unknown';
  tally[verdict]++;
  const narrowed = strict ? writer : oneAlternative(pick, writer);
  const [writes, reads] = [compiled(narrowed), compiled(reader)];
  if (writes === undefined || reads === undefined) return;
  for (let at = 0; at < count; at++) {
    const value = randomValue(pick, [narrowed]);
    const event = strict ? value : declaredOnly([narrowed], value);
    if (!writes(event)) continue;
    tally.events++;
    if (reads(event)) continue;
    if (verdict !== 'compatible') return void tally.witnessed++;
    expect.fail([event, 'is refused', reads.errors, 'after', writer, 'became', reader].map((part) => JSON.stringify(part)).join(' '));
  }
}

describe.each([false, true])('random schemas and changes to them, strict %s', (strict) => {
  test('a change that passes refuses nothing', () => {
    const tally: Tally = { compatible: 0, broken: 0, unknown: 0, witnessed: 0, events: 0 };
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 }), (pick, changes) => {
        const writer = randomSchema(pick, 2);
        let reader = writer;
        for (let at = 0; at < changes; at++) reader = changedSchema(pick, reader);
        judge(pick, writer, reader, strict, 30, tally);
        judge(pick, reader, writer, strict, 30, tally);
      }),
      { numRuns: 150 },
    );
    // It neither refuses everything nor is tried on nothing, and most breaks are shown by an event.
    expect(tally.compatible).toBeGreaterThan(60);
    expect(tally.broken).toBeGreaterThan(60);
    expect(tally.witnessed).toBeGreaterThan(tally.broken / 3);
    expect(tally.events).toBeGreaterThan(1_000);
  });

  test('a schema is compatible with itself, and with one that lets anything pass', () => {
    fc.assert(
      fc.property(seeds, (pick) => {
        const schema = randomSchema(pick, 2);
        expect(problems(schema, structuredClone(schema), strict)).toEqual([]);
        expect(problems(schema, true, strict)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

/** The schemas that the check is for: one change of theirs, and the events of their topic. */
describe('changes to the schemas of topics', () => {
  let [passed, broken] = [0, 0];

  test.each(TOPIC_NAMES)('of %s: those that pass refuse no event', (topic) => {
    const schema = withoutAnnotations(eventSchema(topic)) as Schema;
    const { minimal, full } = EXAMPLES[topic] as { minimal: object; full: object };
    const writes = compiled(schema)!;
    fc.assert(
      fc.property(
        seeds,
        fc.array(changedPlaces([minimal, full], edgesOf(schema), 0, 2), { minLength: 15, maxLength: 15 }),
        (pick, events) => {
          const reader = changedSchema(pick, schema);
          const reads = compiled(reader);
          if (reads === undefined) return;
          const found = problems(schema, reader, true);
          if (found.length > 0) return void broken++;
          passed++;
          for (const event of events)
            if (writes(event)) expect(reads(event), `${JSON.stringify(event)} after ${JSON.stringify(reader)}`).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('some pass, and some do not', () => expect(Math.min(passed, broken)).toBeGreaterThan(TOPIC_NAMES.length));
});

test('a seed gives the same schemas again', () => {
  expect(randomSchema(picker(7), 2)).toEqual(randomSchema(picker(7), 2));
});
