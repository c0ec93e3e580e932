import { describe, expect, it } from 'vitest';
import { listLetters, type LetterQuery } from '../../src/dead-letters/letter-list.js';
import type { KeptLetter } from '../../src/dead-letters/newest-letters.js';
import type { DeadLetterSummary } from '../../src/dead-letters/summary.js';
import { letter } from '../support/fake-letters.js';

const kept = (offset: number, failedAtMs: number, over: Partial<DeadLetterSummary> = {}): KeptLetter => ({
  input: over.topic === 'tip.feedback-dlt' ? 'tip.feedback' : 'tip.served',
  summary: letter(offset, { partition: 0, ...over }),
  failedAtMs,
});
const list = (letters: readonly KeptLetter[], query: Partial<LetterQuery> = {}) => listLetters(letters, { limit: 100, ...query });
const offsets = (letters: readonly DeadLetterSummary[]) => letters.map(({ offset }) => offset);
const ofOne = { source_partition: 0, source_offset: 77 };

describe('the list of dead letters', () => {
  it('has one row for a record, the first of its letters, and says how many more there are', () => {
    const { letters, matching } = list([kept(1, 10, ofOne), kept(2, 20, ofOne), kept(3, 15), kept(4, 30, ofOne)]);
    expect(letters.map(({ offset, repeated }) => [offset, repeated])).toEqual([
      [3, undefined],
      [1, 2],
    ]);
    expect(matching).toBe(2);
  });

  it('keeps letters apart that do not say which record they are of', () => {
    expect(list([kept(1, 1, { source_offset: null }), kept(2, 1, { source_topic: null })]).matching).toBe(2);
  });

  it('takes a letter in a file only where its topic has none of the same record', () => {
    const file = { offset: null, kept: { bytes: 3, sha256: 'ab', record: 'tip.served-0-77.record.ndjson' } };
    expect(list([kept(1, 10, ofOne), kept(0, 10, { ...ofOne, ...file })]).letters).toEqual([kept(1, 10, ofOne).summary]);
    expect(offsets(list([kept(0, 10, { ...ofOne, ...file })]).letters)).toEqual([null]);
  });

  it('filters letters before it looks which are of one record, as a redrive does', () => {
    const letters = [kept(1, 10, ofOne), kept(2, 20, { ...ofOne, code: 'not_json' }), kept(3, 30, { topic: 'tip.feedback-dlt' })];
    expect(offsets(list(letters, { sinceMs: 20 }).letters)).toEqual([3, 2]);
    expect(offsets(list(letters, { code: 'not_json' }).letters)).toEqual([2]);
    expect(offsets(list(letters, { topic: 'tip.feedback' }).letters)).toEqual([3]);
    expect(list(letters, { topic: 'tip.feedback', code: 'not_json' })).toMatchObject({ letters: [], matching: 0, next_cursor: null });
  });

  it('counts records by topic and code since then, whatever topic and code are asked for', () => {
    const letters = [kept(1, 10, ofOne), kept(2, 20, ofOne), kept(3, 30), kept(4, 40, { topic: 'tip.feedback-dlt', code: null })];
    const group = { topic: 'tip.served', code: 'invalid_event' };
    expect(list(letters, { topic: 'tip.feedback' }).groups).toEqual([
      { ...group, records: 2, oldest_failed_at_ms: 10, newest_failed_at_ms: 30 },
      { topic: 'tip.feedback', code: null, records: 1, oldest_failed_at_ms: 40, newest_failed_at_ms: 40 },
    ]);
    expect(list(letters, { sinceMs: 20 }).groups[0]).toEqual({ ...group, records: 2, oldest_failed_at_ms: 20, newest_failed_at_ms: 30 });
  });

  it('is the same page by page, newest first, also where many failed in one moment and others come meanwhile', () => {
    const letters = [9, 10, 11, 100, 101].map((offset) => kept(offset, 5));
    const whole = offsets(list(letters).letters);
    expect(whole).toEqual([101, 100, 11, 10, 9]);
    const paged: (number | null)[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 3; page++) {
      const answer = list([...letters, ...(page > 0 ? [kept(200 + page, 6)] : [])], { limit: 2, cursor });
      paged.push(...offsets(answer.letters));
      cursor = answer.next_cursor ?? undefined;
    }
    expect([paged, cursor]).toEqual([whole, undefined]);
  });

  it.each(['', 'x', Buffer.from('[1]').toString('base64url'), Buffer.from('{}').toString('base64url')])(
    'refuses the cursor %j',
    (cursor) => {
      expect(() => list([], { cursor })).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    },
  );
});
