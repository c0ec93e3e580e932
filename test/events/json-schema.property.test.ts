import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { validate } from '../../src/events/decode.js';
import { TOPIC_NAMES } from '../../src/topics.js';
import { GENERATED_TOPICS, topicAndEvent } from '../support/events-arbitrary.js';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const schemas = new Map(TOPIC_NAMES.map((topic) => [topic, ajv.compile(eventSchema(topic))]));

const oddValues = fc.constantFrom<unknown>(
  null,
  '',
  'x',
  'x'.repeat(128),
  'x'.repeat(129),
  '😀'.repeat(128),
  '😀'.repeat(129),
  'a\u0000',
  'a\u007f',
  '\u009f',
  '\u00a0',
  0,
  1,
  4,
  5,
  -1,
  0.5,
  840,
  841,
  -840,
  -841,
  253_402_300_799_999,
  253_402_300_800_000,
  true,
  false,
  [],
  {},
  'done',
  'Done',
);

test('the JSON Schema and the decoder accept the same events', () => {
  const verdicts = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(topicAndEvent, fc.nat(), fc.option(oddValues, { freq: 5 }), ([topic, event], pick, odd) => {
      const fields = Object.keys(event);
      const changed = odd === null && pick % 2 ? event : { ...event, [fields[pick % fields.length]!]: odd };
      const accepted = validate(topic, changed).ok;
      verdicts[accepted ? 'accepted' : 'refused']++;
      expect(schemas.get(topic)!(changed)).toBe(accepted);
    }),
    { numRuns: 1_500 },
  );
  expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(100);
  expect(GENERATED_TOPICS.every((topic) => schemas.has(topic))).toBe(true);
});

test.each([
  [{ type: 'reset' }, false],
  [{ type: 'reset', user_id: null }, false],
  [{ type: 'reset', user_id: 'ann' }, true],
  [{ type: 'promote' }, false],
  [{ type: 'promote', policy: 'egreedy-v2', percent: 50 }, true],
  [{ type: 'promote', policy: 'egreedy-v2', percent: 101 }, false],
  [{ type: 'configure' }, false],
  [{ type: 'configure', settings: { epsilon: 0.2, shadow: 'off' } }, true],
  [{ type: 'configure', settings: { epsilon: -1 } }, false],
  [{ type: 'rollback', evidence: { any: ['thing'] }, reason: 'x' }, true],
  [{ type: 'other' }, false],
  [{ type: 'promote', policy: 'egreedy-v2', user_id: 'ann' }, false],
  [{ type: 'rollback', user_id: 'ann' }, false],
  [{ type: 'configure', settings: { epsilon: 0.2 }, user_id: 'ann' }, false],
  [{ type: 'rollback', user_id: null }, true],
  [{ type: 'migrate', policy: 'egreedy-v2', user_id: 'ann' }, true],
  [{ type: 'rollback', takes_back: 'p1' }, true],
  [{ type: 'promote', policy: 'egreedy-v2', rollout_id: 'p1', holdout: 5 }, true],
  [{ type: 'promote', policy: 'egreedy-v2', holdout: 101 }, false],
])('control records: %j', (fields, accepted) => {
  const control = { control_id: 'c', effective_at_ms: 1, ...fields };
  expect(validate('policy.control', control).ok).toBe(accepted);
  expect(schemas.get('policy.control')!(control)).toBe(accepted);
});
