import { describe, expect, it } from 'vitest';
import { secondsText } from '../../src/log/seconds-text.js';

describe('an age in seconds', () => {
  it.each([
    [0, '0 s'],
    [0.084, '0.084 s'],
    [73.2, '73.2 s'],
    [119.999, '119.999 s'],
    [120, '2 min'],
    [252.427, '4.2 min'],
    [7_199, '120 min'],
    [7_200, '2 h'],
    [172_799, '48 h'],
    [172_800, '2 d'],
    [1_280_466.891, '14.8 d'],
  ])('%d is %s', (seconds, text) => expect(secondsText(seconds)).toBe(text));
});
