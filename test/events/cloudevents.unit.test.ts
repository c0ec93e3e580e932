import { describe, expect, test } from 'vitest';
import { decodeValue } from '../../src/events/decode.js';

const SERVED = { tip_id: 't1', user_id: 'ann', served_at_ms: 5 };
const ENVELOPE = { specversion: '1.0', id: '1', source: '/app', type: 'tip.served' };
const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const BINARY = { ce_specversion: '1.0', ce_id: '1', ce_source: '/app', ce_type: 'tip.served' };

function decode(value: unknown, headers: Record<string, string> = {}) {
  const pairs = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
  const result = decodeValue('tip.served', Buffer.from(JSON.stringify(value)), pairs, 100_000);
  return result.ok ? result.event : `${result.rejection.code}: ${result.rejection.message}`;
}

describe('structured', () => {
  test.each([
    ['published by its content type', { ...ENVELOPE, data: SERVED }, STRUCTURED],
    ['recognised by its body', { ...ENVELOPE, data: SERVED }, {}],
    [
      'with extensions, a media type and a later minor version',
      {
        ...ENVELOPE,
        specversion: '1.1',
        datacontenttype: 'application/json',
        time: '2026-01-01T00:00:00Z',
        traceparent: 'x',
        data: SERVED,
      },
      {},
    ],
    ['with data in base64', { ...ENVELOPE, data_base64: Buffer.from(JSON.stringify(SERVED)).toString('base64') }, STRUCTURED],
    ['with a header name in capitals', { ...ENVELOPE, data: SERVED }, { 'Content-Type': 'Application/CloudEvents+JSON' }],
  ])('%s', (_, value, headers) => {
    expect(decode(value, headers as Record<string, string>)).toEqual(SERVED);
  });

  test.each([
    [{ ...ENVELOPE, specversion: '0.3', data: SERVED }, /^bad_envelope: specversion: expected "1.0", found "0.3"/],
    [{ ...ENVELOPE, specversion: 1, data: SERVED }, /^bad_envelope: specversion: expected "1.0", found 1/],
    [{ ...ENVELOPE, id: '', data: SERVED }, /^bad_envelope: id: /],
    [{ ...ENVELOPE, id: undefined, data: SERVED }, /^bad_envelope: id: /],
    [{ ...ENVELOPE, source: undefined, data: SERVED }, /^bad_envelope: source: /],
    [{ ...ENVELOPE, type: 7, data: SERVED }, /^bad_envelope: type: /],
    [ENVELOPE, /^bad_envelope: data: is missing/],
    [{ ...ENVELOPE, data: null }, /^bad_envelope: data: is missing/],
    [{ ...ENVELOPE, data: SERVED, data_base64: 'e30=' }, /^bad_envelope: data, data_base64: expected one/],
    [{ ...ENVELOPE, data_base64: '*' }, /^bad_envelope: data_base64: /],
    [{ ...ENVELOPE, datacontenttype: 'application/xml', data: SERVED }, /^bad_envelope: datacontenttype: /],
    [{ ...ENVELOPE, data: 'text' }, /^not_object: data: expected a JSON object, found a string/],
    [{ ...ENVELOPE, data: [SERVED] }, /^not_object: data: .*array/],
    [{ ...ENVELOPE, data_base64: Buffer.from('{').toString('base64') }, /^not_json: data_base64 is not JSON/],
    [{ ...ENVELOPE, data_base64: '/w==' }, /^not_utf8: data_base64/],
    [{ ...ENVELOPE, data: { ...SERVED, served_at_ms: 'x' } }, /^invalid_event: served_at_ms: /],
  ])('%j', (value, message) => {
    expect(decode(value)).toMatch(message);
  });

  test('what the content type announces must be there', () => {
    expect(decode(SERVED, STRUCTURED)).toMatch(/^bad_envelope: specversion: expected "1.0", found nothing/);
    expect(decode([{ ...ENVELOPE, data: SERVED }], { 'content-type': 'application/cloudevents-batch+json' })).toMatch(
      /^bad_envelope: content-type: .*batch/,
    );
  });
});

describe('binary', () => {
  test.each([[BINARY], [{ ...BINARY, 'content-type': 'application/json' }], [{ ...BINARY, 'content-type': 'application/vnd.tips+json' }]])(
    '%j',
    (headers) => {
      expect(decode(SERVED, headers)).toEqual(SERVED);
    },
  );
  test.each([
    [{ ...BINARY, ce_specversion: '0.2' }, /^bad_envelope: ce_specversion: /],
    [{ ce_specversion: '1.0' }, /^bad_envelope: ce_id: /],
    [{ ...BINARY, ce_source: '' }, /^bad_envelope: ce_source: /],
    [{ ...BINARY, 'content-type': 'application/avro' }, /^bad_envelope: content-type: /],
  ])('%j', (headers, message) => {
    expect(decode(SERVED, headers as unknown as Record<string, string>)).toMatch(message);
  });
});

test('an event may have fields called like attributes', () => {
  expect(decode({ ...SERVED, specversion: '9', id: 1, type: 'x' })).toEqual(SERVED);
});

test('other headers do not matter', () => {
  expect(decode(SERVED, { 'content-type': 'text/plain', traceparent: 'x', ce_id: '1' })).toEqual(SERVED);
});
