/** Whether a record is about a user, by whatever it says. */
import { describe, expect, it } from 'vitest';
import { isAbout, whom } from '../../src/forgetting/about.js';
import { userDigest } from '../../src/events/user-digest.js';
import { fixture } from '../support/registry-fixtures.js';

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
});
