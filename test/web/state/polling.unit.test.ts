import { describe, expect, it } from 'vitest';
import { ApiError, errorIn } from '../../../src/web/state/api-error.js';
import { NOTHING_ASKED, answered, failed, secondsIn, secondsText, waitMs, type Polled } from '../../../src/web/state/polling.js';

const answer = (text: string) => ({ text, document: JSON.parse(text) as unknown });

describe('what is polled', () => {
  it('is the same object as long as the service answers the same', () => {
    const first = answered<unknown>(NOTHING_ASKED, answer('{"a":1}'), 1);
    const second = answered(first, answer('{"a":1}'), 2);
    expect(second.document).toBe(first.document);
    expect(second.answeredAtMs).toBe(2);
    expect(answered(second, answer('{"a":2}'), 3).document).toEqual({ a: 2 });
  });

  it('stays when a question fails, with when it was answered, until the next answer', () => {
    const known = answered<unknown>(NOTHING_ASKED, answer('1'), 5);
    const stale = failed(known, new ApiError('timeout', 'too slow'));
    expect(stale).toMatchObject({ document: 1, answeredAtMs: 5, error: { code: 'timeout' } });
    expect(answered(stale, answer('1'), 9).error).toBeUndefined();
    expect(failed(NOTHING_ASKED as Polled<number>, new ApiError('timeout', 'too slow')).document).toBeUndefined();
  });
});

describe('the rhythm', () => {
  it.each([
    ['off', null],
    ['1', 1],
    ['30', 30],
    [undefined, 2],
    ['3', 2],
    ['-1', 2],
    ['', 2],
    ['1e1', 2],
  ])('of refresh=%s', (text, seconds) => {
    expect(secondsIn(text)).toBe(seconds);
  });

  it('is left out of an address when it is the usual one', () => {
    expect([null, 1, 2, 5].map(secondsText)).toEqual(['off', '1', undefined, '5']);
  });

  it('waits for as long as was chosen, or as the answer costs, or for good', () => {
    expect(waitMs({ seconds: 1, isPaused: false }, 0)).toBe(1_000);
    expect(waitMs({ seconds: 1, isPaused: false }, 5)).toBe(5_000);
    expect(waitMs({ seconds: 30, isPaused: false }, 5)).toBe(30_000);
    expect(waitMs({ seconds: null, isPaused: false }, 5)).toBeUndefined();
    expect(waitMs({ seconds: 1, isPaused: true }, 0)).toBeUndefined();
  });
});

describe('an error of the API', () => {
  it('has code, message, hint and owner', () => {
    const text = JSON.stringify({ error: { code: 'not_owner', message: 'elsewhere', details: { hint: 'Ask it.', owner: 'http://b' } } });
    expect(errorIn(421, text)).toMatchObject({ code: 'not_owner', message: 'elsewhere', hint: 'Ask it.', owner: 'http://b' });
  });

  it.each(['', '<html>', '[]', 'null', '{"error":"x"}', '{}'])('is unreachable when the answer is %j', (text) => {
    expect(errorIn(502, text)).toMatchObject({ code: 'unreachable', message: expect.stringContaining('502') as string });
  });

  it('is what is there of it', () => {
    expect(errorIn(500, '{"error":{"code":7,"message":null,"details":"x"}}')).toMatchObject({ code: 'internal', hint: undefined });
  });
});
