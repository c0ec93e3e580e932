import { describe, expect, it } from 'vitest';
import { guessOfNumber, readTime } from '../src/time.js';

const NOVEMBER = Date.UTC(2026, 10, 20);
const MORNING = Date.UTC(2026, 10, 20, 10, 15);

describe('readTime', () => {
  it.each([
    ['100000000000', 100_000_000_000],
    ['1795132800000', NOVEMBER],
    ['9999999999999', 9_999_999_999_999],
    ['1795132800000.0', NOVEMBER],
    ['1795132800000.000', NOVEMBER],
    ['253402300799999', 253_402_300_799_999],
    ['1970-01-01', 0],
    ['19700101', 0],
    ['1970-01-01T00:00Z', 0],
    ['1970-01-01T00:00:01', 1_000],
    ['1970-01-01 00:00:01', 1_000],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1970-01-01T01:00:00 01:00', 0],
    ['1969-12-31T23:00:00-01:00', 0],
    ['1970-01-01T00:00:00.123456789Z', 123],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['20240229', Date.UTC(2024, 1, 29)],
    ['2026-01-31T18:00:00z', Date.UTC(2026, 0, 31, 18)],
    ['20261120', NOVEMBER],
    ['20261120.0', NOVEMBER],
    ['20261120T1015', MORNING],
    ['20261120T101500Z', MORNING],
    ['20261120T101500.250Z', MORNING + 250],
    ['20261120T101500', MORNING],
    ['20261120T101500+0000', MORNING],
    ['20261120T154500+0530', MORNING],
    ['20261120T154500+05:30', MORNING],
    ['2026-11-20T10:15:00+0000', MORNING],
    ['2026-11-20T10:15:00+00:00', MORNING],
    ['2026-11-20T10:15:00-0000', MORNING],
    ['2026-11-20T15:45:00+0530', MORNING],
    ['2026-11-20T15:45:00 0530', MORNING],
    ['2026-11-20 10:15:00+00', MORNING],
    ['2026-11-20T04:15-06', MORNING],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('%s is %s', (text, ms) => expect(readTime(text)).toEqual({ ms }));

  it.each([
    '',
    ' ',
    '-1',
    '+1',
    '1e3',
    '1.7951328e12',
    '1795132800000.5',
    '0x10',
    'NaN',
    'Infinity',
    '2026-01-31t18:00:00z',
    '9'.repeat(400),
    '2023-02-29',
    '2026-04-31',
    '2026-00-01',
    '2026-01-01T25:00',
    '2026-01-01T10',
    '2026-01-01T10:60',
    '2026-01-01T10:00+25:00',
    '2026-01-01T10:00+9999',
    '20261120T10:15',
    '2026-11-20T1015',
    '20261120T',
    '2026-1-1',
    '1969-12-31',
    '19691231T235959Z',
    '10000-01-01',
    '+010000-01-01T00:00:00Z',
    'now',
    '31 Jan 2026',
    '2026-01-01T10:00Zjunk',
    '٢٠٢٦-٠١-٠١',
  ])('%j is no time', (text) => expect(readTime(text)).toEqual({ ms: undefined, guess: undefined }));

  it.each([
    ['0', '0 ms is 1970-01-01T00:00:00.000Z; did you mean seconds?', '0 s is 0 ms.'],
    ['1795132800', '1795132800 ms is 1970-01-21T18:38:52.800Z; did you mean seconds?', '1795132800 s is 1795132800000 ms.'],
    ['1795132800.0', '1795132800 ms is 1970-01-21T18:38:52.800Z; did you mean seconds?', '1795132800 s is 1795132800000 ms.'],
    ['1795132800.125', '1795132800.125 ms is 1970-01-21T18:38:52.800Z; did you mean seconds?', '1795132800.125 s is 1795132800125 ms.'],
    ['20261320', '20261320 ms is 1970-01-01T05:37:41.320Z; did you mean seconds?', '20261320 s is 20261320000 ms.'],
    ['99999999999', '99999999999 ms is 1973-03-03T09:46:39.999Z; did you mean seconds?', '99999999999 s is 99999999999000 ms.'],
    [
      '202611201015',
      '202611201015 has the digits of a date; did you mean 2026-11-20T10:15:00.000Z?',
      `Give 2026-11-20T10:15:00.000Z, or ${MORNING} in Unix milliseconds.`,
    ],
    [
      '20261120101500',
      '20261120101500 has the digits of a date; did you mean 2026-11-20T10:15:00.000Z?',
      `Give 2026-11-20T10:15:00.000Z, or ${MORNING} in Unix milliseconds.`,
    ],
    [
      '1795132800000000',
      '1795132800000000 ms is after the year 9999; did you mean microseconds?',
      '1795132800000000 microseconds are 1795132800000 ms.',
    ],
    [
      '253402300800000',
      '253402300800000 ms is after the year 9999; did you mean microseconds?',
      '253402300800000 microseconds are 253402300800 ms.',
    ],
    [
      '1795132800000000000',
      '1795132800000000000 ms is after the year 9999; did you mean nanoseconds?',
      '1795132800000000000 nanoseconds are 1795132800000 ms.',
    ],
  ])('%s is asked back', (text, question, answer) => {
    expect(readTime(text)).toMatchObject({ ms: undefined, guess: { question, answer } });
  });

  it('takes every other number for milliseconds, in 1976 and after 2286 too', () => {
    for (const ms of [189_302_400_000, 202_613_201_015, 10_000_000_000_000, 20_261_320_101_500])
      expect(readTime(String(ms))).toEqual({ ms });
  });
});

it('asks back about numbers of other units, and leaves the rest to who knows what they may be', () => {
  expect(guessOfNumber(1_795_132_800)?.answer).toBe('1795132800 s is 1795132800000 ms.');
  for (const ms of [NOVEMBER, -1, 0.5, NaN, Infinity, -Infinity]) expect(guessOfNumber(ms)).toBeUndefined();
});
