import { describe, expect, test } from 'vitest';
import { decodeRecord, type DecodeRules } from '../../src/events/decode.js';
import { MAX_MESSAGE_LENGTH, type RejectionCode } from '../../src/events/rejection.js';
import { MAX_TIME_MS, type TopicName } from '../../src/topics.js';

const RULES: DecodeRules = { partitioner: (key) => key.length % 4, partitions: 4, maxValueBytes: 20_000 };
const SERVED = { tip_id: 't1', user_id: 'ann', served_at_ms: 1_767_225_600_000 };
const CANDIDATE = { tip_id: 't1', is_overdue: false, task_age_days: 0.5, priority: 4 };
const CANDIDATES = { decision_id: 'd1', user_id: 'ann', requested_at_ms: 1, candidates: [CANDIDATE] };
const FEEDBACK = { tip_id: 't1', user_id: 'ann', action: 'done', reacted_at_ms: 5 };

interface Overrides {
  readonly key?: Buffer | null;
  readonly partition?: number;
  readonly headers?: Record<string, string>;
}

function decode(
  topic: TopicName,
  value: Buffer | string | object | null,
  { key = Buffer.from('ann'), partition = 3, headers = {} }: Overrides = {},
) {
  const bytes = value === null || Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const pairs = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
  return decodeRecord(topic, { key, value: bytes, headers: pairs, partition }, RULES);
}

function expectRejection(result: ReturnType<typeof decode>, stage: string, code: RejectionCode, message: string | RegExp): void {
  expect(result).toMatchObject({
    ok: false,
    rejection: { stage, code, message: typeof message === 'string' ? message : (expect.stringMatching(message) as string) },
  });
}

describe('what is accepted', () => {
  test('a served event, without the fields that nobody knows', () => {
    expect(decode('tip.served', { ...SERVED, extra: { deep: [1, null] } })).toEqual({ ok: true, event: SERVED });
  });

  test('null and absent optional fields give the same event', () => {
    const result = decode('tip.served', { ...SERVED, category: null, source: 'todoist', utc_offset_min: null });
    expect(result).toStrictEqual({ ok: true, event: { ...SERVED, source: 'todoist' } });
  });

  test('null in a candidate is absent too', () => {
    const result = decode('tip.candidates', { ...CANDIDATES, candidates: [{ ...CANDIDATE, category: null, source: '' }] });
    expect(result).toStrictEqual({ ok: true, event: { ...CANDIDATES, candidates: [{ ...CANDIDATE, source: '' }] } });
  });

  test.each(['-0', '0', '0.0', '-0e5', '-1e-400'])('%s is the integer 0', (zero) => {
    const result = decode('tip.served', `{"tip_id":"t1","user_id":"ann","served_at_ms":${zero},"utc_offset_min":${zero}}`);
    expect(result).toStrictEqual({ ok: true, event: { tip_id: 't1', user_id: 'ann', served_at_ms: 0, utc_offset_min: 0 } });
  });

  test.each(['60.0', '6e1', '600E-1'])('%s is the integer 60', (sixty) => {
    const result = decode('tip.served', `{"tip_id":"t1","user_id":"ann","served_at_ms":1,"utc_offset_min":${sixty}}`);
    expect(result).toMatchObject({ ok: true, event: { utc_offset_min: 60 } });
  });

  test('-0 in nested numbers is 0', () => {
    const result = decode('tip.candidates', JSON.stringify(CANDIDATES).replace('0.5', '-0'));
    expect(result).toStrictEqual({ ok: true, event: { ...CANDIDATES, candidates: [{ ...CANDIDATE, task_age_days: 0 }] } });
  });

  test('keys named like parts of every object are harmless', () => {
    const result = decode(
      'tip.served',
      `{"__proto__":{"category":"x"},"constructor":1,"tip_id":"__proto__","user_id":"ann","served_at_ms":1}`,
    );
    expect(result).toStrictEqual({ ok: true, event: { tip_id: '__proto__', user_id: 'ann', served_at_ms: 1 } });
    expect(({} as { category?: string }).category).toBeUndefined();
  });

  test('the bounds of time, offset, priority and the number of candidates', () => {
    expect(decode('tip.served', { ...SERVED, served_at_ms: MAX_TIME_MS, utc_offset_min: -840 }).ok).toBe(true);
    expect(decode('tip.feedback', { ...FEEDBACK, reacted_at_ms: 0, utc_offset_min: 840 }).ok).toBe(true);
    const candidates = Array.from({ length: 200 }, (_, i) => ({ ...CANDIDATE, tip_id: `t${i}`, priority: 1 + (i % 4) }));
    expect(decode('tip.candidates', { ...CANDIDATES, candidates }).ok).toBe(true);
  });

  test('ids of 128 code points outside the basic plane', () => {
    expect(decode('tip.served', { ...SERVED, tip_id: '😀'.repeat(128) }).ok).toBe(true);
    expectRejection(
      decode('tip.served', { ...SERVED, tip_id: '😀'.repeat(129) }),
      'validate',
      'invalid_event',
      /^tip_id: must be 1 to 128 code points/,
    );
  });

  test('a user whose id is not ASCII, and one whose id holds U+FFFD', () => {
    for (const user of ['ænn', 'a\ufffdb', '😀']) {
      const key = Buffer.from(user);
      expect(decode('tip.served', { ...SERVED, user_id: user }, { key, partition: key.length % 4 })).toMatchObject({
        ok: true,
        event: { user_id: user },
      });
    }
  });

  test("a control record for everybody needs no key and may lie in any partition; a reset is its user's", () => {
    const promote = { control_id: 'c1', type: 'promote', effective_at_ms: 1, policy: 'egreedy-v2', user_id: null };
    for (const partition of [0, 1, 2, 3]) expect(decode('policy.control', promote, { key: null, partition }).ok).toBe(true);
    const reset = { control_id: 'c2', type: 'reset', effective_at_ms: 1, user_id: 'ann' };
    expect(decode('policy.control', reset).ok).toBe(true);
    expectRejection(decode('policy.control', reset, { key: null }), 'route', 'missing_key', /no key/);
    expectRejection(decode('policy.control', reset, { partition: 0 }), 'route', 'wrong_partition', /partition 3 of 4, not to 0/);
  });

  test('nulls that mean something stay', () => {
    const features = { preferred_hour: null, tip_volume_30d: 2 };
    const event = { user_id: 'ann', as_of_ms: 1, features, feature_set: 'f', positions: null };
    expect(decode('profile.features', event)).toStrictEqual({
      ok: true,
      event: { user_id: 'ann', as_of_ms: 1, features, feature_set: 'f' },
    });
  });

  test('any partition, where nobody knows how upstream spreads keys', () => {
    const record = { key: Buffer.from('ann'), value: Buffer.from(JSON.stringify(SERVED)), headers: [], partition: 0 };
    expect(decodeRecord('tip.served', record, RULES).ok).toBe(false);
    expect(decodeRecord('tip.served', record, { ...RULES, partitioner: null }).ok).toBe(true);
  });
});

describe('what cannot be decoded', () => {
  test('null_value', () => expectRejection(decode('tip.served', null), 'decode', 'null_value', /no value/));
  test('value_too_large', () => {
    const value = JSON.stringify({ ...SERVED, pad: 'x'.repeat(20_000) });
    expectRejection(
      decode('tip.served', value),
      'decode',
      'value_too_large',
      new RegExp(`^the value has ${value.length} bytes, more than 20000$`),
    );
  });
  test('not_utf8', () => {
    const value = Buffer.from(JSON.stringify({ ...SERVED, category: 'x' }).replace('"x"', '"\u00ff"'), 'latin1');
    expectRejection(decode('tip.served', value), 'decode', 'not_utf8', /UTF-8/);
  });
  test.each(['', 'null?', '{"tip_id":', '{"a":1}{', "{'a':1}", '{"a":NaN}'])('not_json: %j', (text) => {
    expectRejection(decode('tip.served', text), 'decode', 'not_json', /^the value is not JSON: /);
  });
  test('not_json: a byte order mark', () =>
    expectRejection(decode('tip.served', `\ufeff${JSON.stringify(SERVED)}`), 'decode', 'not_json', /byte order mark/));
  test.each([
    ['[]', 'an array'],
    ['null', 'null'],
    ['"text"', 'a string'],
    ['5', 'a number'],
    ['true', 'a boolean'],
  ])('not_object: %s', (text, kind) => {
    expectRejection(decode('tip.served', text), 'decode', 'not_object', `expected a JSON object, found ${kind}`);
  });
  test('brackets nested 20,000 deep', () => expectRejection(decode('tip.served', '['.repeat(20_000)), 'decode', 'not_json', /not JSON/));
});

describe('what is not an event of its topic', () => {
  const invalid: [topic: TopicName, event: object | string, message: RegExp][] = [
    ['tip.served', {}, /^tip_id: is missing \(expected string\); user_id: is missing.*; served_at_ms: is missing/],
    ['tip.served', { ...SERVED, user_id: 5 }, /^user_id: expected string, received number$/],
    ['tip.served', { ...SERVED, user_id: null }, /^user_id: expected string, received null$/],
    ['tip.served', { ...SERVED, tip_id: '' }, /^tip_id: must be 1 to 128/],
    ['tip.served', { ...SERVED, tip_id: 'a\u0085b' }, /^tip_id: .*control characters/],
    ['tip.served', { ...SERVED, tip_id: '\ud800' }, /^tip_id: .*well-formed/],
    ['tip.served', { ...SERVED, served_at_ms: 1.5 }, /^served_at_ms: expected int/],
    ['tip.served', { ...SERVED, served_at_ms: '1' }, /^served_at_ms: expected number, received string/],
    ['tip.served', { ...SERVED, served_at_ms: -1 }, /^served_at_ms: .*>=0/],
    ['tip.served', { ...SERVED, served_at_ms: MAX_TIME_MS + 1 }, /^served_at_ms: .*<=253402300799999/],
    ['tip.served', { ...SERVED, category: 'x'.repeat(129) }, /^category: must be at most 128 code points/],
    ['tip.served', { ...SERVED, utc_offset_min: 841 }, /^utc_offset_min: .*<=840/],
    ['tip.served', '{"tip_id":"t","user_id":"ann","served_at_ms":1e999}', /^served_at_ms: expected number, received Infinity/],
    [
      'tip.candidates',
      '{"decision_id":"d","user_id":"ann","requested_at_ms":1,' +
        '"candidates":[{"tip_id":"t","is_overdue":true,"task_age_days":1e999,"priority":1}]}',
      /^candidates\[0\]\.task_age_days: .*Infinity/,
    ],
    ['tip.feedback', { ...FEEDBACK, action: 'Done' }, /^action: expected one of "done"\|"dismiss"\|"snooze"/],
    ['tip.candidates', { ...CANDIDATES, candidates: [] }, /^candidates: .*>=1/],
    [
      'tip.candidates',
      {
        ...CANDIDATES,
        candidates: Array.from({ length: 201 }, (_, i) => ({ tip_id: `${i}`, is_overdue: true, task_age_days: 0, priority: 1 })),
      },
      /^candidates: .*<=200/,
    ],
    ['tip.candidates', { ...CANDIDATES, candidates: [CANDIDATE, CANDIDATE] }, /^candidates: tip_ids must be distinct/],
    ['tip.candidates', { ...CANDIDATES, candidates: [{ ...CANDIDATE, priority: 5 }] }, /^candidates\[0\]\.priority: .*<=4/],
    ['tip.candidates', { ...CANDIDATES, candidates: [{ ...CANDIDATE, is_overdue: 1 }] }, /^candidates\[0\]\.is_overdue: expected boolean/],
    ['policy.control', { control_id: 'c', type: 'reset', effective_at_ms: 1 }, /^user_id: a reset names its user_id/],
    ['policy.control', { control_id: 'c', type: 'promote', effective_at_ms: 1, policy: null }, /^policy: a promote names its policy/],
    ['policy.control', { control_id: 'c', type: 'configure', effective_at_ms: 1, settings: { epsilon: 2 } }, /^settings\.epsilon: .*<=1/],
    ['policy.control', '{"control_id":"c","type":"rollback","effective_at_ms":1,"evidence":{"x":[1e999]}}', /^evidence: /],
    [
      'policy.control',
      `{"control_id":"c","type":"rollback","effective_at_ms":1,"evidence":${'['.repeat(100)}${']'.repeat(100)}}`,
      /^evidence: nested deeper/,
    ],
  ];
  test.each(invalid)('%s %j', (topic, event, message) => {
    const text = typeof event === 'string' ? event : JSON.stringify(event);
    const record = { key: Buffer.from('ann'), value: Buffer.from(text), headers: [], partition: 3 };
    expectRejection(decodeRecord(topic, record, { ...RULES, maxValueBytes: 1_000_000 }), 'validate', 'invalid_event', message);
  });

  test('many faults make a short message on one line', () => {
    const candidates = Array.from({ length: 100 }, () => ({ tip_id: 5 }));
    const result = decode('tip.candidates', { ...CANDIDATES, candidates });
    expectRejection(result, 'validate', 'invalid_event', /; and \d+ more$/);
    const features = Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`\n\u001b[31m${'k'.repeat(1_000)}${i}`, []]));
    const hostile = decode('profile.features', { user_id: 'ann', as_of_ms: 1, features, feature_set: 'f' });
    const message = hostile.ok ? '' : hostile.rejection.message;
    expect(message).toHaveLength(MAX_MESSAGE_LENGTH);
    expect(message).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('what lies in the wrong place', () => {
  test('missing_key', () => expectRejection(decode('tip.served', SERVED, { key: null }), 'route', 'missing_key', /no key/));
  test.each(['bob', 'an', 'annn', '', 'Ann', '"ann"'])('foreign_key: %j', (key) => {
    expectRejection(decode('tip.served', SERVED, { key: Buffer.from(key) }), 'route', 'foreign_key', /user_id/);
  });
  test('foreign_key: bytes that only decode to the same text', () => {
    expectRejection(
      decode('tip.served', { ...SERVED, user_id: '\ufffd' }, { key: Buffer.from([0xff]) }),
      'route',
      'foreign_key',
      /user_id/,
    );
    expectRejection(
      decode('tip.served', { ...SERVED, user_id: 'é' }, { key: Buffer.from('é', 'latin1') }),
      'route',
      'foreign_key',
      /user_id/,
    );
  });
  test('wrong_partition', () =>
    expectRejection(decode('tip.served', SERVED, { partition: 1 }), 'route', 'wrong_partition', /partition 3 of 4, not to 1/));
});
