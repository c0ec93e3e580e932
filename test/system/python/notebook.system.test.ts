/** The notebooks run from the first cell to the last, and come to what their text says. They are kept without outputs, which would age. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FreshEnvironment, pythonOrSkip, runPython } from '../../support/python.js';
import { ROOT } from '../docs/markdown.js';

interface Cell {
  readonly cell_type: 'code' | 'markdown';
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly { readonly output_type: string; readonly text?: string | readonly string[] }[];
}

const NOTEBOOK = 'python/notebooks/training-set.ipynb';
const cellsOf = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { readonly cells: readonly Cell[] }).cells;
const joined = (text: string | readonly string[] | undefined) => (typeof text === 'string' ? text : (text ?? []).join(''));

describe('the notebook', () => {
  it('is kept without outputs', () => {
    const code = cellsOf(join(ROOT, NOTEBOOK)).filter((cell) => cell.cell_type === 'code');
    expect(code.length).toBeGreaterThan(5);
    expect(code.filter((cell) => cell.outputs?.length !== 0 || cell.execution_count !== null)).toEqual([]);
  });
});

describe.runIf(pythonOrSkip('python/notebooks'))('the notebook, run', () => {
  let fresh: FreshEnvironment;
  let cells: readonly Cell[];
  beforeAll(async () => {
    fresh = await FreshEnvironment.create();
    await fresh.install('python/tipstream-contract');
    await fresh.install('python/tipstream-client');
    await fresh.seeTestPackages();
    const out = join(fresh.directory, 'run.ipynb');
    await runPython([join(ROOT, 'python/notebooks/run.py'), join(ROOT, NOTEBOOK), out], {
      python: fresh.python,
      env: {
        TIPSTREAM_COMMAND: `'${process.execPath}' '${join(ROOT, 'dist/cli/main.js')}'`,
        TMPDIR: fresh.directory,
        IPYTHONDIR: join(fresh.directory, 'ipython'),
        JUPYTER_RUNTIME_DIR: join(fresh.directory, 'runtime'),
      },
    });
    cells = cellsOf(out);
  });
  afterAll(() => fresh.dispose());

  it('says nothing on stderr, and every cell has run', () => {
    const code = cells.filter((cell) => cell.cell_type === 'code');
    expect(code.map((cell) => cell.execution_count)).toEqual(code.map((_, index) => index + 1));
    expect(code.flatMap((cell) => cell.outputs ?? []).filter(({ output_type }) => output_type === 'error')).toEqual([]);
    expect(JSON.stringify(cells)).not.toContain('Warning');
  });

  it('finds leakage, and fits a model that is better than the mean on later decisions', () => {
    const last = cells.flatMap((cell) => cell.outputs ?? []).at(-1);
    const result = JSON.parse(joined(last?.text)) as Record<string, number>;
    expect(result['decisions']).toBeGreaterThan(500);
    expect(result['tested']).toBeGreaterThan(150);
    expect(result['rows_with_leakage']).toBeGreaterThan(0);
    expect(result['rows_with_leakage']).toBeLessThan(result['decisions']!);
    expect(result['log_loss']).toBeLessThan(result['log_loss_of_the_mean']!);
    expect(result['auc']).toBeGreaterThan(0.52);
  });
});
