import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Packages {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly engines?: { readonly node?: string } }>>;
}
interface Semver {
  minVersion(range: string): { readonly version: string };
  satisfies(version: string, range: string): boolean;
}

const ROOT = join(import.meta.dirname, '../..');
/** fastify's own, and without types. */
const semver = createRequire(join(ROOT, 'node_modules/fastify/package.json'))('semver') as Semver;

const read = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T;

/** Of a lock file of npm: the packages that do not take the oldest Node.js that package.json takes. */
export function packagesThatNeedANewerNode(lockFile: string): string[] {
  const oldest = semver.minVersion(read<{ engines: { node: string } }>(join(ROOT, 'package.json')).engines.node).version;
  const known = Object.entries(read<Packages>(lockFile).packages).filter(([, { engines }]) => engines?.node !== undefined);
  if (known.length < 20) throw new Error(`${lockFile} says of ${known.length} packages what they need`);
  return known
    .filter(([, { engines }]) => !semver.satisfies(oldest, engines!.node!))
    .map(([path, { version, engines }]) => `${path} ${version} needs Node.js ${engines!.node}`);
}
