/**
 * Module hooks: `./x.js` in a TypeScript file is `./x.ts`, compiled on load by the compiler the project builds with. What was compiled
 * is kept in .cache by its content, because crash tests start dozens of processes, and the compiler takes longer to load than all of
 * the project.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { version } = createRequire(import.meta.url)('typescript/package.json');
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
  const kept = `${CACHE}${createHash('sha256').update(`${version}\n${text}`).digest('hex')}.js`;
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    // Not compiled yet.
  }
  const { ModuleKind, ScriptTarget, transpileModule } = (await import('typescript')).default;
  const { outputText } = transpileModule(text, {
    fileName,
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  keep(kept, outputText);
  return outputText;
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
