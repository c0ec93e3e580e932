/** `npm install` of the package said EBADENGINE on Node.js 20, because `overrides` hold in the clone and not where it is installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packagesThatNeedANewerNode } from '../support/engines.js';

const ROOT = join(import.meta.dirname, '../..');

it('every package of the lock file runs on the oldest Node.js that tipstream runs on', () => {
  expect(packagesThatNeedANewerNode(join(ROOT, 'package-lock.json'))).toEqual([]);
});

it('no setting of package.json changes what is installed here and not elsewhere', () => {
  const settings = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object);
  expect(settings).toContain('dependencies');
  for (const ours of ['overrides', 'resolutions', 'pnpm']) expect(settings).not.toContain(ours);
});
