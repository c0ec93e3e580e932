/** The suffix of a test says what it needs; the rule is shown to fail on made-up trees. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outsideTheMirror, wrongTiers } from './tiers.js';

const ROOT = join(import.meta.dirname, '../..');
const paths = execFileSync('git', ['ls-files', '-z', 'src', 'test'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path.endsWith('.ts') && existsSync(join(ROOT, path)));
const files = paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

describe('the tests', () => {
  it('reach only what the suffix of their tier allows', () => expect(wrongTiers(files)).toEqual([]));

  it('of one function stand where it stands', () => expect(outsideTheMirror(paths)).toEqual([]));
});

describe('the rule', () => {
  const log = { path: 'src/log/sqlite/log.ts', text: '' };
  const opens = { path: 'test/support/embedded/service.ts', text: "import { SqliteLog } from '../../../src/log/sqlite/log.js';\n" };

  it('follows imports of support files', () => {
    const test = { path: 'test/service/a.unit.test.ts', text: "import { start } from '../support/embedded/service.js';\n" };
    expect(wrongTiers([log, opens, test])).toEqual(['test/service/a.unit.test.ts needs a real log or a service (src/log/sqlite/log.ts)']);
    expect(wrongTiers([log, opens, { ...test, path: 'test/service/a.service.test.ts' }])).toEqual([]);
  });

  it('lets a type through', () => {
    const test = { path: 'test/service/a.unit.test.ts', text: "import type { Started } from '../support/embedded/service.js';\n" };
    expect(wrongTiers([log, opens, test])).toEqual([]);
  });

  it('wants of a kafka test that it needs a broker', () => {
    expect(wrongTiers([{ path: 'test/system/a.kafka.test.ts', text: '' }])).toEqual(['test/system/a.kafka.test.ts needs no broker']);
  });

  it('finds a test in a folder that src does not have', () => {
    expect(outsideTheMirror(['src/log/port.ts', 'test/log/a.unit.test.ts', 'test/logs/b.unit.test.ts'])).toEqual([
      'test/logs/b.unit.test.ts',
    ]);
  });
});
