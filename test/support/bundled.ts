/**
 * A program of the tests in one file, made from the sources as they are. A process of it starts in a third of the CPU that it takes to
 * load every source by `typescript-register.mjs`, which pays where a test starts dozens.
 */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = join(ROOT, '.cache');

/** Answers the path of the file, `name` in .cache. Packages are loaded from node_modules, as ever. */
export async function bundled(program: string, name: string): Promise<string> {
  const made = `${name}.${process.pid}.mjs`;
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    build: {
      ssr: program,
      outDir: FOLDER,
      emptyOutDir: false,
      target: 'es2022',
      rolldownOptions: { output: { entryFileNames: made, codeSplitting: false } },
    },
  });
  // Whole or not at all, as files that run beside each other make the same.
  const path = join(FOLDER, `${name}.mjs`);
  renameSync(join(FOLDER, made), path);
  return path;
}
