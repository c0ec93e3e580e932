/** Policy settings as the options say them. */
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/cli/policy-settings.js';

const OPTIONS = { epsilon: 0.2, epsilonMin: 0.01, epsilonDecay: 5, salt: 'x', shadow: 'off', shadowLearning: true };

describe('policy settings from options', () => {
  it('have no shadow when it is off', () => {
    expect(settingsOf(OPTIONS)).toEqual({ ...OPTIONS, shadow: null });
    expect(settingsOf({ ...OPTIONS, shadow: 'egreedy-v2' }).shadow).toBe('egreedy-v2');
  });

  it('refuse a shadow that is no policy', () => {
    expect(() => settingsOf({ ...OPTIONS, shadow: 'egreedy-v2-shadow' })).toThrow(expect.objectContaining({ code: 'policy_not_found' }));
  });
});
