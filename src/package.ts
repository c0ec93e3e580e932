import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The folder of package.json. It is found by the package's own name, as the build decides into which file this module goes. */
export const PACKAGE_ROOT = new URL('./', pathToFileURL(createRequire(import.meta.url).resolve('tipstream/package.json')));
export const PACKAGE_VERSION = (JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as { version: string }).version;
