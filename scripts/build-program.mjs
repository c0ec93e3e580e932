/**
 * Bundles src/ into dist/: the command, the library and the threads, and what they share in dist/chunks. A process then loads a few dozen
 * files and not several hundred. What is imported when it is needed, such as each command, stays a file of its own, under the name of its
 * source. Nothing is minified, so that stack traces can be read.
 */
import { chmodSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { packageOf, packagesIn } from './build-notices.mjs';

const ENTRIES = { 'cli/main': 'src/cli/main.ts', index: 'src/index.ts' };
/** Dependencies that become part of the files, because loading theirs takes too long. */
const INLINED = ['zod'];
/** As in tsconfig.json. */
const TARGET = 'es2023';

/**
 * Answers paths of the files in dist, and the packages of which they contain code. Throws when a source imports what will not be installed.
 * @param {string} root folder of the project
 */
export async function buildProgram(root) {
  const { rolldown } = await import('rolldown');
  const source = join(root, 'src');
  const dist = join(root, 'dist');
  const asBuilt = (path) => relative(source, path).replaceAll(sep, '/').replace(/\.ts$/, '.js');
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const bundle = await rolldown({
    cwd: root,
    input: ENTRIES,
    platform: 'node',
    external(id, importer) {
      const name = isBuiltin(id) ? undefined : packageOf(id);
      if (name === undefined) return isBuiltin(id);
      if (dependencies[name] === undefined) throw new Error(`${importer} imports ${name}, which is not among the dependencies`);
      return !INLINED.includes(name);
    },
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    transform: { target: TARGET },
    plugins: [filesByUrl(source, asBuilt)],
  });
  const { output } = await bundle.write({
    dir: dist,
    format: 'esm',
    minify: false,
    comments: { jsdoc: false },
    entryFileNames: '[name].js',
    chunkFileNames: ({ facadeModuleId }) => (facadeModuleId ? asBuilt(facadeModuleId) : 'chunks/[name].js'),
  });
  await bundle.close();
  chmodSync(join(dist, 'cli', 'main.js'), 0o755);
  return { files: output.map(({ fileName }) => fileName), packages: packagesIn(output) };
}

/**
 * A source that another one names by `new URL('./x.js', import.meta.url)`, such as a thread, is built under the name of its source, and
 * found from whatever file names it. Anything else that depends on where a source lies fails the build, as sources move into other files.
 */
function filesByUrl(source, asBuilt) {
  return {
    name: 'files-by-url',
    transform: {
      filter: { code: 'import.meta' },
      handler(code, id) {
        if (!id.startsWith(source)) return;
        const built = code.replace(/new URL\('(\.\/[^']+)\.js', import\.meta\.url\)/g, (_, path) => {
          const named = join(dirname(id), `${path}.ts`);
          const reference = this.emitFile({ type: 'chunk', id: named, fileName: asBuilt(named) });
          return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
        });
        // Packages are found from everywhere.
        const other = built.replaceAll('createRequire(import.meta.url)', '').replaceAll('import.meta.ROLLUP_FILE_URL_', '');
        if (other.includes('import.meta'))
          this.error(`${id} uses import.meta for more than a source beside it: begin at PACKAGE_ROOT of src/package.ts`);
        return built;
      },
    },
  };
}
