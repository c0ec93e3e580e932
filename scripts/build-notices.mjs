/** The licences of the packages whose code the files of dist contain: they ask for that wherever the code goes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NOTICES = 'THIRD-PARTY-NOTICES.txt';

/** The package that an import names; undefined for a file. */
export const packageOf = (id) => /^((?:@[^/]+\/)?[^./\\@:][^/\\:]*)(?:\/|$)/.exec(id)?.[1];

/**
 * Names of the packages in what a bundler made, and their folders.
 * @param {readonly { modules?: Record<string, unknown> }[]} output
 */
export function packagesIn(output) {
  const packages = new Map();
  for (const id of output.flatMap(({ modules = {} }) => Object.keys(modules))) {
    const [, folder, name] = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/]/.exec(id) ?? [];
    if (name !== undefined) packages.set(name.replace('\\', '/'), folder);
  }
  return packages;
}

/**
 * Answers the name of the file in dist. Throws for a package without a licence.
 * @param {ReadonlyMap<string, string>} packages their names and folders
 * @param {string} dist
 */
export function buildNotices(packages, dist) {
  const parts = [...packages].sort().map(([name, folder]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version}, ${license}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
  });
  const title = 'The files of this folder contain code of these packages, under these licences.\n';
  writeFileSync(join(dist, NOTICES), [title, ...parts].join(`\n${'-'.repeat(80)}\n\n`));
  return NOTICES;
}
