/**
 * Keeps the fold as it is now in bench/baseline, for bench/fold-cost.ts to compare a later one with. To be run when folding has become
 * cheaper, or dearer for a reason: a loss is then counted from here.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { packageOf } from './build-notices.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'bench', 'baseline');
rmSync(folder, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { fold: 'bench/lone-fold.ts' },
  platform: 'node',
  external: (id) => packageOf(id) !== undefined,
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  transform: { target: 'es2023' },
});
await bundle.write({
  dir: folder,
  format: 'esm',
  // Nobody reads it, and the fewer lines of it a search finds, the better.
  minify: true,
  entryFileNames: '[name].min.js',
  chunkFileNames: '[name].min.js',
  codeSplitting: false,
});
await bundle.close();
