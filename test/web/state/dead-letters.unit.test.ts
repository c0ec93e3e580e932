import { describe, expect, it } from 'vitest';
import {
  addressOf,
  choices,
  headerRows,
  keyText,
  listPath,
  moreRows,
  requestOf,
  rowsIn,
  sourceAddress,
  addressIn,
  sumText,
  unreadText,
} from '../../../src/web/state/dead-letters.js';
import { LETTERS, letter, listed } from '../../support/fake-letters.js';

const document = listed(LETTERS, { limit: 100 });

describe('the page of dead letters', () => {
  it('asks for what its address says', () => {
    expect(listPath({})).toBe('/v1/dead-letters?limit=200');
    expect(listPath({ topic: 'tip.served', code: 'a b', since: '2026-01-31T18:00', rows: '1000' })).toBe(
      '/v1/dead-letters?topic=tip.served&code=a+b&since_ms=2026-01-31T18%3A00&limit=1000',
    );
    expect(['1', 'x', '201', '99999'].map(rowsIn)).toEqual([200, 200, 201, 10_000]);
    expect([moreRows(200), moreRows(5_000)]).toEqual([1_000, 10_000]);
  });

  it('names letters, sources, keys and headers', () => {
    const file = letter(1, { offset: null, kept: { bytes: 1, sha256: 'ab', record: 'x.record.ndjson' } });
    expect([letter(1), file].map(addressOf)).toEqual(['tip.served-dlt/1/1', 'x.record.ndjson']);
    const source = { topic: 'tip.served', partition: 1, offset: 10 };
    expect([letter(1), letter(1, { source_offset: null })].map(sourceAddress)).toEqual([source, null]);
    expect(addressIn('tip.served/1/10')).toEqual(source);
    expect(['k', null, { base64: '/w==' }].map(keyText)).toEqual(['k', 'none', 'base64 /w==']);
    expect(headerRows({ a: 'x', b: [null, { base64: '/w==' }] })).toEqual([
      { name: 'a', at: 0, value: 'x' },
      { name: 'b', at: 0, value: 'no value' },
      { name: 'b', at: 1, value: 'base64 /w==' },
    ]);
  });

  it('says how many there are, and of what', () => {
    expect(sumText(document)).toBe('4 refused records.');
    expect(sumText(listed(LETTERS, { limit: 100, code: 'not_json' }))).toBe('1 of 4 refused records match.');
    expect(sumText(listed(LETTERS, { limit: 1 }))).toBe('4 refused records. The newest 1 are shown.');
    expect(sumText(listed([letter(1)], { limit: 1 }))).toBe('1 refused record.');
    const part = {
      is_whole: false,
      letters: 4,
      unread: [{ topic: 't', partition: 0, low: 5, from: 1_005, to: 9, end: 10 }],
      files_omitted: 2,
    };
    expect(sumText({ ...document, read: part })).toBe('4 refused records known.');
    expect(unreadText({ ...document, read: part })).toEqual([
      'The log holds older dead letters, at 1,000 offsets that were not read: the newest 4 are known. ' +
        '`npx tipstream dead-letters list` reads them all.',
      '1 newer offset was not read in time: the next answer has them.',
      '2 files of the folder dead-letters are left out.',
    ]);
    expect(unreadText(document)).toEqual([]);
  });

  it('offers the choices that there are, and the one that is chosen', () => {
    expect(choices(document.groups, 'topic', undefined)).toEqual([
      ['tip.feedback', 1],
      ['tip.served', 3],
    ]);
    expect(choices(document.groups, 'code', 'gone')).toEqual([
      ['gone', 0],
      ['invalid_event', 2],
      ['not_json', 1],
      ['wrong_partition', 1],
    ]);
  });

  it('redrives what it shows', () => {
    expect(requestOf({}, { since_ms: null })).toEqual({});
    expect(requestOf({ topic: 'tip.served', code: 'not_json', since: 'whenever' }, { since_ms: 7 })).toEqual({
      topic: 'tip.served',
      code: 'not_json',
      since_ms: 7,
    });
  });
});
