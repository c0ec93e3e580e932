import { describe, expect, it } from 'vitest';
import { difference } from './expected-output.js';

describe('expected text', () => {
  it('agrees line by line, but for times', () => {
    expect(difference('text', 'at <time> (<ms>)\nend', 'at 2026-11-20T00:00:00.000Z (1793603190000)\nend\n')).toBeUndefined();
    expect(difference('text', 'a.c', 'abc')).toBeDefined();
    expect(difference('text', 'one', 'one\ntwo')).toBeDefined();
    expect(difference('text', 'at <ms>', 'at 5')).toBeDefined();
    expect(difference('text', 'from <number> to <number>, say <number>', 'from -0.25 to 3, say 1.2e-7')).toBeUndefined();
    expect(difference('text', 'at <number>', 'at noon')).toBeDefined();
  });
  it('may leave out lines only where it says so', () => {
    expect(difference('text', 'one\n...\nthree', 'one\nthree')).toBeUndefined();
    expect(difference('text', 'one\n...\nfour', 'one\ntwo\nthree\nfour')).toBeUndefined();
    expect(difference('text', 'one\n...', 'one\ntwo')).toBeUndefined();
    expect(difference('text', 'one\n...\nfour', 'one\ntwo\nthree')).toBeDefined();
    expect(difference('text', '...\ntwo', 'one\ntwo\nthree')).toBeDefined();
  });
});

describe('expected JSON', () => {
  it('agrees whatever its layout', () => {
    expect(difference('json', '{"a": [1, null]}', '{\n "a": [1,\n null]}')).toBeUndefined();
    expect(difference('json', '[{"a": 1}, {"a": 2}]', '{"a":1}\n{"a":2}\n')).toBeUndefined();
    expect(difference('json', '[{"a": 1}]', '[{"a": 1}]')).toBeUndefined();
  });
  it('may leave out fields only where it says so', () => {
    expect(difference('json', '{"a": 1, "...": "..."}', '{"a": 1, "b": 2}')).toBeUndefined();
    expect(difference('json', '{"a": 1}', '{"a": 1, "b": 2}')).toBeDefined();
    expect(difference('json', '{"a": {"c": 1}, "...": "..."}', '{"a": {"c": 1, "d": 2}}')).toBeDefined();
    expect(difference('json', '{"a": 1, "b": 2, "...": "..."}', '{"a": 1}')).toBeDefined();
    expect(difference('json', '[{"a": 1}]', '{"a":1}\n{"a":2}\n')).toBeDefined();
  });
  it('knows placeholders', () => {
    expect(difference('json', '{"at_ms": "<ms>"}', '{"at_ms": 1793603190000}')).toBeUndefined();
    expect(difference('json', '{"at_ms": "<ms>"}', '{"at_ms": 1}')).toBeDefined();
  });
});
