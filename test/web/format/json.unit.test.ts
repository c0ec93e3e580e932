import { expect, it } from 'vitest';
import { laidOut } from '../../../src/web/format/json.js';

it('lays JSON out and leaves every token as it was written', () => {
  expect(laidOut('{"a":[1.50,-0,12345678901234567890,1e400],"b":{},"c":[],"d":{"e":"x: {\\"[,]} \\\\","f":null}, "a" :true}')).toBe(
    `{
  "a": [
    1.50,
    -0,
    12345678901234567890,
    1e400
  ],
  "b": {},
  "c": [],
  "d": {
    "e": "x: {\\"[,]} \\\\",
    "f": null
  },
  "a": true
}`,
  );
  expect(laidOut(' "text" ')).toBe('"text"');
  expect(laidOut('[[],[{}]]')).toBe('[\n  [],\n  [\n    {}\n  ]\n]');
});

it('has nothing to say of what is not JSON', () => {
  for (const text of ['', '{', '{"a":1,}', 'not json', '{}{}']) expect(laidOut(text)).toBe(undefined);
});

it('says the same as JSON.parse of what it was given', () => {
  const text = JSON.stringify({ deep: [[[{ a: ['\u2028', '"', '\\', '😀'] }]]], n: [0.1, 1e21, false] });
  expect(JSON.parse(laidOut(text)!)).toEqual(JSON.parse(text));
});
