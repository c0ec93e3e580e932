/** The declarations that dist/index.d.ts needs, of those that tsc has made of all sources. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const LIBRARY = 'index.d.ts';
const RELATIVE = /(?:\bfrom |\bimport |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.js\1/g;

/**
 * Answers their paths in dist.
 * @param {string} made folder into which tsc writes
 * @param {string} dist
 */
export function buildDeclarations(made, dist) {
  const needed = new Set([LIBRARY]);
  // A set can grow while it is gone through.
  for (const path of needed) {
    const text = readFileSync(join(made, path), 'utf8');
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    writeFileSync(join(dist, path), text);
    for (const [, , stem] of text.matchAll(RELATIVE)) needed.add(posix.join(posix.dirname(path), `${stem}.d.ts`));
  }
  return needed;
}
