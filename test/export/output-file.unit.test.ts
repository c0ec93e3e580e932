/** A file that appears whole or not at all, and what is left of those that were being written when their process was killed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outputFile } from '../../src/export/output-file.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'tipstream-output-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function left(name: string, ageMs: number): string {
  writeFileSync(join(directory, name), 'half');
  const at = (Date.now() - ageMs) / 1_000;
  utimesSync(join(directory, name), at, at);
  return name;
}

it('removes what a process that is gone has left of the same file, and nothing else', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const [minutes, hours] = [600_000, 2 * 3_600_000];
  const removed = left(`.a.db.${gone}.tmp`, hours);
  const kept = [
    left(`.a.db.${gone + 1_000_000_000}.tmp`, minutes),
    left(`.a.db.${process.ppid}.tmp`, hours),
    left(`.b.db.${gone}.tmp`, hours),
    left(`.a.db.old.${gone}.tmp`, hours),
    left(`a.db.${gone}.tmp`, hours),
    left('.a.db.tmp', hours),
  ];
  const file = outputFile(join(directory, 'a.db'), false);
  expect(readdirSync(directory).sort()).toEqual([...kept].sort());
  expect(existsSync(join(directory, removed))).toBe(false);
  writeFileSync(file.temporary, 'whole');
  file.publish();
  expect(readFileSync(join(directory, 'a.db'), 'utf8')).toBe('whole');
  expect(readdirSync(directory).sort()).toEqual([...kept, 'a.db'].sort());
});
