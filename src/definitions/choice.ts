/** The files that --features names, read. */
import { readFileSync } from 'node:fs';
import { TipstreamError } from '../errors.js';
import type { FeatureChoice } from '../events/feature-choice.js';
import { registryOf } from '../projections/registry.js';
import { FEATURE_SETS } from '../topics.js';
import { readDefinitions } from './file.js';

/** Throws invalid_argument for a file that cannot be read, or that says what no file of features may. */
export function withDefinitions(choice: FeatureChoice): FeatureChoice {
  if (choice.files.length === 0) return choice;
  const taken = new Map<string, string>();
  for (const set of FEATURE_SETS) for (const name of registryOf({ sets: [set] }).names) taken.set(name, `of the set ${set}`);
  const definitions = choice.files.flatMap((file) => {
    const read = readDefinitions(textOf(file), file, taken);
    for (const { name } of read) taken.set(name, `of ${file}`);
    return read;
  });
  return { ...choice, definitions };
}

function textOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = error instanceof TypeError ? 'it is not UTF-8' : code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new TipstreamError('invalid_argument', `--features: ${file} cannot be read: ${why}`, {
      hint: 'Name a file of features that ends in .json, .yaml or .yml, from the folder in which the command runs.',
      details: { file },
      cause: error,
    });
  }
}
