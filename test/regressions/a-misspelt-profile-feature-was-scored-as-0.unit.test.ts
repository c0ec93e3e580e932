/** profile_features with a misspelt name, text for a number, or a value that no profile has, was scored as 0 without a word. */
import { describe, expect, it } from 'vitest';
import { generateRequestSchema, scoreRequestSchema } from '../../src/http/schemas.js';
import { describeIssues } from '../../src/events/rejection.js';
import { CONTEXT_LINES } from '../../src/evaluation/context-lines.js';

const CANDIDATE = { tip_id: 't', is_overdue: true, task_age_days: 1, priority: 2 };
const REQUEST = { user_id: 'ana', candidates: [CANDIDATE] };
const LINE = { ...REQUEST, decision_id: 'd', requested_at_ms: 1, chosen_tip_id: 't', candidates: [{ ...CANDIDATE, propensity: 1 }] };
const problem = (profile_features: unknown, schema = scoreRequestSchema as { safeParse: typeof scoreRequestSchema.safeParse }) => {
  const result = schema.safeParse({ ...REQUEST, profile_features });
  return result.success ? undefined : describeIssues(result.error);
};

describe('profile_features of a request', () => {
  it.each([
    [{ completion_rate_30: 0.5 }, /^profile_features\.completion_rate_30: is not a feature\. Did you mean completion_rate_30d\?/],
    [{ mood: 1 }, /^profile_features\.mood: is not a feature\. Give one of .*completion_rate_30d, /],
    [{ completion_rate_30d: '0.5' }, /^profile_features\.completion_rate_30d: is numeric: expected a number or null, found a string/],
    [{ preferred_category: 7 }, /^profile_features\.preferred_category: is categorical: expected text or null, found a number/],
    [{ dismiss_rate_30d: 1.01 }, /^profile_features\.dismiss_rate_30d: must be a number from 0 to 1, not 1\.01/],
    [{ snooze_rate_30d: -0.1 }, /must be a number from 0 to 1/],
    [{ preferred_hour: 24 }, /must be a whole number from 0 to 23, not 24/],
    [{ preferred_weekday: 2.5 }, /must be a whole number from 0 to 6/],
    [{ tip_volume_30d: -1 }, /must be a whole number of at least 0/],
    [{ mean_dwell_ms_30d: -5 }, /must be a number of at least 0/],
    [{ completion_rate_30d: true }, /^profile_features\.completion_rate_30d: /],
    ['completion_rate_30d', /^profile_features: /],
  ])('%j is refused and names the field', (profile, message) => {
    expect(problem(profile)).toMatch(message);
    expect(problem(profile, generateRequestSchema as never)).toMatch(message);
  });

  it('that a profile can have are taken, null and absent ones too', () => {
    const whole = { completion_rate_30d: 1, dismiss_rate_30d: 0, snooze_rate_30d: 0.25, mean_dwell_ms_30d: 12.5, preferred_hour: 23 };
    const features = { ...whole, preferred_weekday: 0, tip_volume_30d: 1200, preferred_category: '' };
    const empty = Object.fromEntries(Object.keys(features).map((name) => [name, null]));
    for (const profile of [features, empty, {}, null, undefined]) expect(problem(profile)).toBeUndefined();
  });
});

it('profile_features of a logged decision for evaluate are checked alike', () => {
  expect(CONTEXT_LINES.schema.safeParse({ ...LINE, profile_features: { completion_rate_30d: 0.5 } }).success).toBe(true);
  expect(CONTEXT_LINES.schema.safeParse({ ...LINE, profile_features: { completion_rate: 0.5 } }).success).toBe(false);
  expect(CONTEXT_LINES.schema.safeParse({ ...LINE, profile_features: { completion_rate_30d: 'half' } }).success).toBe(false);
});
