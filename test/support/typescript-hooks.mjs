/**
 * Module hooks: `./x.js` in a TypeScript file is `./x.ts`, made into JavaScript on load by the transformer that vite brings. What was
 * made is kept in .cache by its content, because crash tests start dozens of processes, and the transformer takes longer to load than
 * all of the project.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { version } = createRequire(import.meta.url)('vite/package.json');
const CACHE = fileURLToPath(new URL('../../.cache/typescript/', import.meta.url));

export async function resolve(specifier, context, nextResolve) {
  const isRelative = specifier.startsWith('.') && specifier.endsWith('.js');
  if (isRelative && context.parentURL?.endsWith('.ts')) return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
  return nextResolve(specifier, context);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const fileName = fileURLToPath(url);
  return { format: 'module', source: await compiled(fileName, await readFile(fileName, 'utf8')), shortCircuit: true };
}

async function compiled(fileName, text) {
  const kept = `${CACHE}${createHash('sha256').update(`vite ${version}\n${text}`).digest('hex')}.js`;
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    // Not compiled yet.
  }
  const { transformWithOxc } = await import('vite');
  const { code } = await transformWithOxc(text, fileName, {
    target: 'es2022',
    typescript: { onlyRemoveTypeImports: true },
    sourcemap: false,
  });
  keep(kept, code);
  return code;
}

/** Whole or not at all, whoever else does the same; a checkout that cannot be written does without. */
function keep(path, text) {
  try {
    mkdirSync(CACHE, { recursive: true });
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch {
    // as above
  }
}
