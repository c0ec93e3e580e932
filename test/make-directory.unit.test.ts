import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TipstreamError } from '../src/errors.js';
import { directoryError, makeDirectory } from '../src/make-directory.js';

let parent: string;
beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'tipstream-directory-'))));
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const refused = (why: string) =>
  expect.objectContaining({
    code: 'invalid_argument',
    message: expect.stringContaining(why) as string,
    hint: expect.stringContaining('--data') as string,
  }) as Error;

describe('makeDirectory', () => {
  it('makes what is missing, and leaves what is there', () => {
    const path = join(parent, 'a', 'b', 'c');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('follows a link to a directory', () => {
    mkdirSync(join(parent, 'real'));
    symlinkSync(join(parent, 'real'), join(parent, 'link'));
    makeDirectory(join(parent, 'link', 'inside'));
    expect(existsSync(join(parent, 'real', 'inside'))).toBe(true);
  });

  it('says that a file, or a link to nowhere, is in the way', () => {
    writeFileSync(join(parent, 'file'), '');
    symlinkSync(join(parent, 'nowhere'), join(parent, 'broken'));
    expect(() => makeDirectory(join(parent, 'file'))).toThrow(refused('there is a file of that name'));
    expect(() => makeDirectory(join(parent, 'file', 'inside'))).toThrow(refused('a part of the path is a file'));
    expect(() => makeDirectory(join(parent, 'broken'))).toThrow(refused('there is a file of that name'));
  });

  it('says that the path is too long', () => {
    expect(() => makeDirectory(join(parent, 'x'.repeat(300)))).toThrow(refused('too long'));
  });

  // Called by code: tests often run as root, who may write anywhere.
  it.each([
    ['EACCES', 'permission_denied', 'this user may not write there'],
    ['EPERM', 'permission_denied', 'this user may not write there'],
    ['EROFS', 'permission_denied', 'the file system is read-only'],
    ['ENOTDIR', 'invalid_argument', 'a part of the path is a file'],
    ['ENOSPC', 'disk_full', 'no space left'],
    ['EDQUOT', 'disk_full', 'no space left'],
  ])('calls %s %s: %s', (system, code, message) => {
    const error = directoryError('some/where', Object.assign(new Error('as the system says it'), { code: system })) as TipstreamError;
    expect(error).toMatchObject({ code, details: { path: 'some/where', system } });
    expect(error.message).toContain(message);
    expect(error.hint).not.toBe('');
  });

  it.each([
    ['EIO', 'disk_failed'],
    ['EMFILE', 'too_many_open_files'],
  ])('calls %s what it is called of a file: %s', (system, code) => {
    const error = Object.assign(new Error('as the system says it'), { code: system });
    expect(directoryError('some/where', error)).toMatchObject({ code, message: expect.stringContaining('some/where') as string });
  });

  it('passes on what it does not know', () => {
    const unknown = Object.assign(new Error('something else'), { code: 'EXDEV' });
    expect(directoryError('some/where', unknown)).toBe(unknown);
  });

  it.runIf(existsSync('/proc/self'))('ends where the file system says that a new entry does not exist', () => {
    expect(() => makeDirectory('/proc/tipstream/data')).toThrow(refused('does not take new directories'));
  });
});
