import { describe, expect, it } from 'vitest';
import { reading, valueText } from '../../../src/web/format/features.js';
import { count, counted, difference, estimate, percent, perSecond, short } from '../../../src/web/format/numbers.js';
import { asOfGiven, durationText, iso, timeText } from '../../../src/web/format/times.js';

describe('numbers', () => {
  it('tell zero from unknown', () => {
    expect([count(0), count(null), count(undefined), short(0), percent(null), perSecond(null), perSecond(0)]).toEqual([
      '0',
      '–',
      '–',
      '0',
      '–',
      '–',
      '0',
    ]);
  });

  it('read as people say them', () => {
    expect([counted(1, 'record'), counted(0, 'record'), perSecond(0.004), perSecond(12.345), percent(0.8284)]).toEqual([
      '1 record',
      '0 records',
      '< 0.01',
      '12.35',
      '82.84 %',
    ]);
  });

  it('say what an interval leaves open', () => {
    expect(estimate({ mean: 0.5, low: 0.4, high: 0.6 })).toBe('50 % (40 % to 60 %)');
    expect(estimate({ mean: null, low: 0, high: 1 })).toBe('none yet');
    expect(difference({ mean: 0.1, low: 0.03, high: 0.17 })).toEqual({ text: '+10 points (+3 to +17)', verdict: 'more' });
    expect(difference({ mean: -0.1, low: -0.17, high: -0.03 })).toEqual({ text: '-10 points (-17 to -3)', verdict: 'less' });
    expect(difference({ mean: 0, low: -0.1, high: 0 })).toEqual({ text: '0 points (-10 to 0)' });
    expect(difference({ mean: null, low: -1, high: 1 })).toEqual({ text: 'none yet' });
  });
});

describe('times', () => {
  const noon = Date.UTC(2026, 0, 31, 12, 0, 5);
  it('have their day unless it is today', () => {
    expect(timeText(noon, noon + 1_000, 'utc')).toBe('12:00:05 Z');
    expect(timeText(noon, noon + 86_400_000, 'utc')).toBe('2026-01-31 12:00:05 Z');
    expect(timeText(noon, noon, 'local')).toMatch(/^\d\d:\d\d:05$/);
  });

  it('that no date can hold are shown as they are', () => {
    expect([iso(9e15), timeText(9e15, 0, 'utc')]).toEqual(['9000000000000000', '9000000000000000']);
    expect(iso(0)).toBe('1970-01-01T00:00:00.000Z');
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
    [204_517.25, '3.41 min'],
    [3_600_000, '1 h'],
    [2_592_000_000, '30 d'],
  ])('%d ms as %s', (ms, text) => expect(durationText(ms)).toBe(text));

  it.each([
    ['', undefined],
    ['  ', undefined],
    ['Now', undefined],
    [' 2026-01-31 ', '2026-01-31'],
    ['17', '17'],
  ])('%j as an as-of time', (text, given) => expect(asOfGiven(text)).toBe(given));
});

describe('a feature', () => {
  it.each([
    [null, 'ratio', 'null', 'empty'],
    [0, 'ratio', '0', '0 %'],
    [0.625, 'ratio', '0.625', '62.5 %'],
    [7, 'hour', '7', '07:00 local'],
    [0, 'weekday', '0', 'Monday'],
    [9, 'weekday', '9', ''],
    [90_000, 'ms', '90000', '1.5 min'],
    [48, 'tips', '48', ''],
    ['errands', 'category', 'errands', ''],
  ])('%j of %s', (value, unit, text, read) => {
    expect([valueText(value), reading(value, { unit })]).toEqual([text, read]);
  });
});
