/** `export --out data/log.db --force` and `snapshot data/log.db --force` replaced the log, the one thing that nothing can rebuild. */
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outputFile } from '../../src/export/output-file.js';

let directory: string;
const path = (name: string) => join(directory, name);
/** As SQLite begins a file of ours. */
const OURS = Buffer.concat([Buffer.alloc(68), Buffer.from('tips'), Buffer.alloc(28)]);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tipstream-output-'));
  mkdirSync(path('data/state/gen-000001'), { recursive: true });
  writeFileSync(path('data/state/CURRENT'), 'gen-000001\n');
  for (const name of ['data/log.db', 'data/state/gen-000001/partition-0000.db', 'backup.db']) writeFileSync(path(name), OURS);
  writeFileSync(path('data/log.db-wal'), 'pages');
  symlinkSync(path('data/log.db'), path('link.db'));
  linkSync(path('data/log.db'), path('other-name.db'));
  mkdirSync(path('produced'));
  writeFileSync(path('produced/log.db'), OURS);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it.each([
  'data/log.db',
  'data/log.db-wal',
  'data/owner.lock',
  'data/state/CURRENT',
  'data/state/gen-000001/partition-0000.db',
  'data/state/gen-000001/partition-0001.db',
  'data/dead-letters',
  'link.db',
  'other-name.db',
  'backup.db',
  'produced/log.db',
])('%s is not replaced', (name) => {
  const before = existsSync(path(name)) ? readFileSync(path(name)) : undefined;
  expect(() => outputFile(path(name), true)).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      message: `cannot write ${path(name)}: it is a file that tipstream keeps its data in`,
      hint: 'Choose another name: nothing may take the place of the log or of state.',
    }) as Error,
  );
  expect(existsSync(path(name)) ? readFileSync(path(name)) : undefined).toEqual(before);
});

it.each(['data/all.csv', 'data/scratch.csv', 'log.db', 'state', 'data/log.db.csv'])('%s may be written and replaced', (name) => {
  for (const text of ['first', 'second']) {
    const file = outputFile(path(name), true);
    file.write(text);
    file.publish();
    expect(readFileSync(path(name), 'utf8')).toBe(text);
  }
});

it('an empty name is said to be one', () => {
  expect(() => outputFile('', false)).toThrow('cannot write "": the name is empty');
});
