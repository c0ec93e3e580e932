import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readJson, readText } from '../../src/cli/input-file.js';

const directory = mkdtempSync(join(tmpdir(), 'tipstream-input-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const { signal } = new AbortController();
const none = join(directory, 'none.json');
const file = (text: string): string => {
  const path = join(directory, 'file.json');
  writeFileSync(path, text);
  return path;
};

describe('a file that the user named', () => {
  it('is read whole', async () => {
    expect(await readText(file('one\ntwo\n'), { signal })).toBe('one\ntwo\n');
    expect((await readJson(file('{"n": 1}'), { hint: 'h', signal })).json).toEqual({ n: 1 });
  });

  it('that is not there is named, with why it cannot be read', async () => {
    await expect(readText(none, { signal })).rejects.toThrow(
      expect.objectContaining({
        code: 'not_found',
        message: expect.stringMatching(/^cannot read .*none\.json: there is no such file/) as string,
      }) as Error,
    );
    await expect(readJson(none, { hint: 'make it', signal })).rejects.toThrow(
      expect.objectContaining({
        code: 'not_found',
        hint: 'make it',
        message: expect.stringMatching(/^cannot read .*none\.json: there is no such file/) as string,
      }) as Error,
    );
  });

  it('that is not JSON, or not what it should be, is called what the caller calls it', async () => {
    const naming = { name: '--known-at x.json', hint: 'use what digest printed', signal };
    await expect(readJson(file('{"n":'), naming)).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        hint: naming.hint,
        message: expect.stringMatching(/^--known-at x\.json: is not JSON: /) as string,
      }) as Error,
    );
    expect((await readJson(file('[]'), naming)).wrong('names no topic')).toMatchObject({
      code: 'invalid_argument',
      message: '--known-at x.json: names no topic',
      hint: naming.hint,
    });
  });
});
