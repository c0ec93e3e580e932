/** One holder at a time of a file, whatever becomes of the objects that stand for it. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tryLockFile } from '../../../src/store/directory/file-lock.js';
import { newDirectory } from '../../support/embedded/directory.js';

function directory(): string {
  const path = newDirectory();
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('the lock on a file', () => {
  it('is held by one until it is released, and released once', () => {
    const path = join(directory(), 'a.lock');
    const lock = tryLockFile(path)!;
    expect(lock.held).toBe(true);
    expect(tryLockFile(path)).toBeUndefined();
    lock.release();
    expect(lock.held).toBe(false);
    const next = tryLockFile(path)!;
    lock.release();
    expect(next.held).toBe(true);
    expect(tryLockFile(path)).toBeUndefined();
    next.release();
  });

  it('is not had where no file can be', () => {
    expect(() => tryLockFile(join(directory(), 'not/made/a.lock'))).toThrow(/directory does not exist/);
  });
});

it.each([
  ['data-lock', 'lockData'],
  ['rebuild-lock', 'lockRebuild'],
])('the lock of %s is kept though nobody refers to it any more, until the process ends', async (module, name) => {
  const path = JSON.stringify(directory());
  const script = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { ${name} as lock } from ${JSON.stringify(new URL(`../../../src/store/directory/${module}.ts`, import.meta.url).href)};
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    (() => void lock(${path}, 0))();
    for (let i = 0; i < 5; i++) { collect(); await new Promise((resolve) => setTimeout(resolve, 10)); }
    try { lock(${path}, 1); console.log('taken again'); } catch (error) { console.log(error.code); }
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    new URL('../../support/typescript-register.mjs', import.meta.url).href,
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(stdout.trim()).toBe('data_in_use');
});
