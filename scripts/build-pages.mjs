/**
 * Builds the pages: src/web to dist/web, as one HTML shell and files whose names change with their content. Throws when something is
 * missing, so that nobody starts a service with a blank page.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagesIn } from './build-notices.mjs';

const BROWSERS = 'es2022';

/**
 * Answers paths of the files in dist, and the packages of which they contain code.
 * @param {string} root folder of the project
 */
export async function buildPages(root) {
  const { build } = await import('vite');
  const web = join(root, 'dist', 'web');
  const { output } = await build({
    configFile: false,
    root: join(root, 'src', 'web'),
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: web,
      emptyOutDir: true,
      target: BROWSERS,
      assetsDir: 'page',
      // The policy of the pages lets them load files of their own only.
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  const shell = readFileSync(join(web, 'index.html'), 'utf8');
  const loaded = [...shell.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => path);
  const missing = loaded.filter((path) => !existsSync(join(web, path)));
  if (missing.length > 0 || !loaded.some((path) => path.endsWith('.js'))) {
    throw new Error(`the pages are incomplete: ${missing.join(', ') || 'no script'} is missing in dist/web`);
  }
  return { files: output.map(({ fileName }) => `web/${fileName}`), packages: packagesIn(output) };
}
