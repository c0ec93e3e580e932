/**
 * The pages as `npm run build` made them: one HTML shell for every address, and the files that it loads, whose names change with their
 * content. They are read once and kept, compressed too.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TipstreamError } from '../errors.js';
import { PACKAGE_ROOT } from '../package.js';

const BUILT = new URL('dist/web/', PACKAGE_ROOT);
const SHELL = 'index.html';
const ASSETS = 'page/';

export interface PageFile {
  /** As in the address: /page/index-Bq3.js */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
}

export interface Pages {
  readonly shell: PageFile;
  readonly assets: readonly PageFile[];
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

let kept: Pages | undefined;

/** Those of this installation. */
export function builtPages(): Pages {
  return (kept ??= readPages(BUILT));
}

/** Throws `internal` where there are none, or not all of them. */
export function readPages(directory: URL): Pages {
  try {
    const shell = pageFile(directory, SHELL);
    const assets = readdirSync(new URL(ASSETS, directory)).map((name) => pageFile(directory, `${ASSETS}${name}`));
    const paths = new Set(assets.map(({ path }) => path));
    const lost = [...shell.bytes.toString('utf8').matchAll(/(?:src|href)="(\/[^"]+)"/g)]
      .map(([, path]) => path!)
      .filter((path) => !paths.has(path));
    if (lost.length > 0) throw new Error(`${lost.join(', ')} is missing`);
    return { shell, assets };
  } catch (error) {
    throw new TipstreamError('internal', 'this installation has no pages', {
      hint: 'Run npm run build, or install the package again. Everything but the pages works without them.',
      details: { directory: directory.pathname },
      cause: error,
    });
  }
}

function pageFile(directory: URL, path: string): PageFile {
  const contentType = CONTENT_TYPES[extname(path)];
  if (contentType === undefined) throw new Error(`${path} is of a kind that no page has`);
  const bytes = readFileSync(new URL(path, directory));
  return { path: `/${path}`, contentType, bytes, gzipped: gzipSync(bytes) };
}
