/** Module hooks: `./x.js` in a TypeScript file is `./x.ts`, compiled on load by the compiler the project builds with. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

const { ModuleKind, ScriptTarget } = typescript;

export async function resolve(specifier, context, nextResolve) {
  const isRelative = specifier.startsWith('.') && specifier.endsWith('.js');
  if (isRelative && context.parentURL?.endsWith('.ts')) return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
  return nextResolve(specifier, context);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const fileName = fileURLToPath(url);
  const { outputText } = typescript.transpileModule(await readFile(fileName, 'utf8'), {
    fileName,
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
