/** Python is laid out and linted as ruff has it: python/ruff.toml. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pythonOrSkip, runPython } from '../../support/python.js';
import { ROOT } from '../docs/markdown.js';

describe.runIf(pythonOrSkip('the layout of python/'))('python/', () => {
  const ruff = (...args: string[]) => runPython(['-m', 'ruff', ...args, '--no-cache', '.'], { cwd: join(ROOT, 'python') });

  it('has the layout of ruff', async () => {
    expect(await ruff('format', '--check')).toMatch(/\d+ files already formatted/);
  });

  it('has nothing that ruff would mend', async () => {
    expect(await ruff('check')).toContain('All checks passed');
  });
});
