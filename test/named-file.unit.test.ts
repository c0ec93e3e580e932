import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openNamed, readNamed } from '../src/named-file.js';

const directory = mkdtempSync(join(tmpdir(), 'tipstream-named-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let made = 0;
const pipe = (): string => {
  const path = join(directory, `pipe-${made++}`);
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
};

describe('a file that the user named', () => {
  it('is read from its beginning as often as is asked', async () => {
    const path = join(directory, 'plain');
    writeFileSync(path, 'x'.repeat(700_000));
    const file = openNamed(path);
    expect(file.isPlain).toBe(true);
    for (let times = 0; times < 2; times++) {
      let bytes = 0;
      for await (const piece of file.pieces()) bytes += piece.length;
      expect(bytes).toBe(700_000);
    }
    file.close();
    file.close();
  });

  it.each([
    ['none', 'there is no such file'],
    ['.', 'it is a directory'],
  ])('%s is not_found, with why', async (name, why) => {
    await expect(readNamed(join(directory, name), { hint: 'Make it.' })).rejects.toMatchObject({
      code: 'not_found',
      hint: 'Make it.',
      message: expect.stringMatching(new RegExp(`^cannot read .*: ${why}$`)) as string,
    });
  });

  it('that is left early is closed by close alone, and so no file that is opened afterwards', async () => {
    const path = join(directory, 'large');
    writeFileSync(path, 'x'.repeat(2_000_000));
    for (let times = 0; times < 20; times++) {
      const file = openNamed(path);
      for await (const piece of file.pieces()) if (piece.length > 0) break;
      file.close();
      const next = openSync(path, 'r');
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(fstatSync(next).size).toBe(2_000_000);
      closeSync(next);
    }
  });

  it('may be a device', async () => {
    expect(await readNamed('/dev/null')).toHaveLength(0);
  });
});

describe('a pipe', () => {
  it('is waited for until somebody writes, and read to the end of what they write', async () => {
    const path = pipe();
    const reading = readNamed(path);
    const first = await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]);
    expect(first).toBe('waits');
    const writer = await open(path, 'w');
    await writer.write('one ');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.write('two');
    await writer.close();
    expect((await reading).toString()).toBe('one two');
  });

  it('may be larger than what it holds at once', async () => {
    const path = pipe();
    const reading = readNamed(path);
    const writer = await open(path, 'w');
    const bytes = Buffer.alloc(1_000_000, 'y');
    await writer.writeFile(bytes);
    await writer.close();
    expect(bytes.equals(await reading)).toBe(true);
  });

  it('keeps nobody who is told to stop', async () => {
    const stop = new AbortController();
    const reading = readNamed(pipe(), { signal: stop.signal });
    setTimeout(() => stop.abort('enough'), 20);
    await expect(reading).rejects.toBe('enough');
  });
});
