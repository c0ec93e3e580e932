/** `--force` left a -wal or -journal of the previous file beside the new one, replaced a link, and made a private file readable. */
import { chmodSync, existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { outputFile } from '../../src/export/output-file.js';

it('replaces the file behind a link, with its mode, and what SQLite left beside it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tipstream-force-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [target, link] = [join(folder, 'target.db'), join(folder, 'link.db')];
  writeFileSync(target, 'previous');
  chmodSync(target, 0o600);
  symlinkSync(target, link);
  for (const end of ['-wal', '-journal', '-shm']) writeFileSync(target + end, 'stale');
  const file = outputFile(link, true);
  writeFileSync(file.temporary, 'new');
  file.publish();
  expect(readFileSync(target, 'utf8')).toBe('new');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(target).mode & 0o777).toBe(0o600);
  for (const end of ['-wal', '-journal', '-shm']) expect(existsSync(target + end)).toBe(false);
});
