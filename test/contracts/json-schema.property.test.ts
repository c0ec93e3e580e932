/**
 * An independent validator and tipstream's own decoder accept the same events: random ones, and the examples of every topic with random
 * places changed. Where the schema has no words, the decoder refuses more, and only by a rule that is listed.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beyondSchema } from '../../src/contracts/beyond-schema.js';
import { EXAMPLES } from '../../src/contracts/examples.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { validate } from '../../src/events/decode.js';
import { TOPIC_NAMES, type TopicName } from '../../src/topics.js';
import { GENERATED_TOPICS, topicAndEvent } from '../support/events-arbitrary.js';
import { changedPlaces, edgesOf } from '../support/json-mutations.js';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const schemas = new Map(TOPIC_NAMES.map((topic) => [topic, ajv.compile(eventSchema(topic))]));

/** What was said by both; a verdict that differs without a listed rule fails. */
function compare(topic: TopicName, event: object): 'accepted' | 'refused' | 'beyond' {
  const decoded = validate(topic, event);
  const bySchema = schemas.get(topic)!(event);
  if (decoded.ok || !bySchema) {
    expect({ topic, event, accepted: bySchema }).toEqual({ topic, event, accepted: decoded.ok });
    return decoded.ok ? 'accepted' : 'refused';
  }
  const rule = beyondSchema(topic).find(({ says }) => decoded.rejection.message.includes(says));
  expect(rule, `${topic}: the schema does not say ${decoded.rejection.message}: ${JSON.stringify(event)}`).toBeDefined();
  return 'beyond';
}

test('random events', () => {
  const verdicts = { accepted: 0, refused: 0, beyond: 0 };
  fc.assert(
    fc.property(
      topicAndEvent.chain(([topic, event]) => fc.tuple(fc.constant(topic), changedPlaces([event], edgesOf(eventSchema(topic)), 0, 1))),
      ([topic, event]) => {
        verdicts[compare(topic, event)]++;
      },
    ),
    { numRuns: 1_000 },
  );
  expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(100);
  expect(GENERATED_TOPICS.every((topic) => schemas.has(topic))).toBe(true);
});

test.each(TOPIC_NAMES)('the examples of %s, changed in one place or several', (topic) => {
  const verdicts = { accepted: 0, refused: 0, beyond: 0 };
  const { minimal, full } = EXAMPLES[topic] as { minimal: object; full: object };
  fc.assert(
    fc.property(changedPlaces([minimal, full], edgesOf(eventSchema(topic)), 0, 3), (event) => {
      verdicts[compare(topic, event)]++;
    }),
    { numRuns: 1_500 },
  );
  expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(100);
});

test('each rule that is beyond the schema is met by an event', () => {
  const candidates = EXAMPLES['tip.candidates'].full;
  const control = EXAMPLES['policy.control'].minimal;
  let deep: unknown = 1;
  for (let depth = 0; depth < 65; depth++) deep = [deep];
  const twice = { ...candidates, candidates: [candidates.candidates[0]!, { ...candidates.candidates[1]!, tip_id: 't-1001' }] };
  expect(compare('tip.candidates', twice)).toBe('beyond');
  expect(compare('tip.served', { ...EXAMPLES['tip.served'].minimal, user_id: 'a\ud800' })).toBe('beyond');
  expect(compare('policy.control', { ...control, evidence: deep })).toBe('beyond');
  expect(compare('policy.control', { ...control, evidence: { lift: Number('1e400') } })).toBe('beyond');
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
