/** Whether a record is about a user, by whatever it says. */
import { describe, expect, it } from 'vitest';
import { isAbout, whom } from '../../src/forgetting/about.js';
import { userDigest } from '../../src/events/user-digest.js';
import { fixture, framed } from '../support/registry-fixtures.js';

const text = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const of = (value: unknown, key: string | null = null) => ({ key: key === null ? null : Buffer.from(key), value: text(value) });

describe('a record is about a user', () => {
  it.each(['ana', '-rf', 'a"b\\c', '../é \u{1f600}', '__proto__'])('%s: by its key, or by what its value says of its user', (id) => {
    const who = whom(id);
    for (const known of [who, { digest: who.digest }]) {
      expect(isAbout(known, of('anything', id))).toBe(true);
      expect(isAbout(known, of({ user_id: id }))).toBe(true);
      expect(isAbout(known, of({ user_id: 'somebody' }, id))).toBe(true);
      expect(isAbout(known, of({ specversion: '1.0', data: { user_id: id } }))).toBe(true);
      expect(isAbout(known, of({ data_base64: text({ user_id: id }).toString('base64') }))).toBe(true);
      expect(isAbout(known, of({ target: { kind: 'user', id } }))).toBe(true);
      expect(isAbout(known, of({ target: { kind: 'job', id } }))).toBe(false);
      expect(isAbout(known, of({ user_id: `${id}-other`, note: id }))).toBe(false);
      expect(isAbout(known, { key: null, value: null })).toBe(false);
    }
    expect(isAbout(who, of(`{"user_id": ${JSON.stringify(id)}, cut`))).toBe(true);
  });

  it('by a value behind the id of a schema, and without a key, as a registry reads it', () => {
    const { value, event } = fixture('avro');
    const record = { key: null, value, payload: { ok: true, json: text(event) } } as const;
    expect(isAbout(whom('ana'), record)).toBe(true);
    expect(isAbout({ digest: userDigest('ana') }, record)).toBe(true);
    expect(isAbout(whom('todoist'), record)).toBe(false);
  });

  it.each(['ana', 'Nür-\u{1f600}', 'x'.repeat(100)])('%s: in what could not be decoded, as far as its bytes tell', (id) => {
    const who = whom(id);
    const avro = (text: string) => Buffer.concat([zigzag(Buffer.byteLength(text)), Buffer.from(text)]);
    const protobuf = (text: string) => Buffer.concat([Buffer.of(0x0a, Buffer.byteLength(text)), Buffer.from(text)]);
    const values = [framed(7, avro(id)), framed(7, Buffer.concat([avro('t1'), avro(id), avro('work')])), framed(7, JSON.stringify({ id }))];
    if (Buffer.byteLength(id) < 128) values.push(framed(7, Buffer.concat([Buffer.of(0), protobuf(id)])));
    for (const known of [who, { digest: who.digest }]) {
      for (const value of values) expect(isAbout(known, { key: null, value }), value.toString()).toBe(true);
      expect(isAbout(known, { key: null, value: framed(7, avro(`${id}-other`)) })).toBe(false);
      for (const key of [framed(7, avro(id)), framed(7, id), Buffer.from(JSON.stringify(id))])
        expect(isAbout(known, { key, value: text('{"cut') }), key.toString()).toBe(true);
      expect(isAbout(known, { key: framed(7, avro(`${id}-other`)), value: null })).toBe(false);
      expect(isAbout(known, of({ userId: id }), true)).toBe(true);
      expect(isAbout(known, of({ userId: id }, 'otto'), true)).toBe(false);
      expect(isAbout(known, of({ reason: id }))).toBe(false);
      expect(isAbout(known, of(`{"user_id":${JSON.stringify(id)},"tip_id":"cut`))).toBe(true);
    }
  });

  it('a short id in bytes is taken for chance where a key says whose they are', () => {
    const value = framed(7, Buffer.of(6, ...Buffer.from('ana'), 2));
    expect(isAbout(whom('ana'), { key: Buffer.from('otto'), value })).toBe(false);
    expect(isAbout(whom('ana'), { key: null, value })).toBe(true);
  });

  it('by a number where an id is to be', () => {
    expect(isAbout(whom('1042'), of({ user_id: 1042 }))).toBe(true);
    expect(isAbout(whom('104'), of({ user_id: 1042 }))).toBe(false);
  });
});

function zigzag(length: number): Buffer {
  return 2 * length < 128 ? Buffer.of(2 * length) : Buffer.of(((2 * length) & 0x7f) | 0x80, (2 * length) >> 7);
}
