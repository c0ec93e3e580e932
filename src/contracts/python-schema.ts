/** The registry of features as a module of Python: `_generated.py` of the package tipstream-contract. */
import type { FeatureDefinition } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';

/** Where the module lies in the repository. */
export const PYTHON_SCHEMA = 'python/tipstream-contract/src/profile_schema/_generated.py';

/** Of a line of a description, so that the module's own lines stay short. */
const MAX_TEXT_WIDTH = 90;

/** The text of the module. */
export function pythonSchema({ features, featureSet }: Pick<Registry, 'features' | 'featureSet'>): string {
  return [
    '"""Written by `npm run contracts` from the registry of features. Change the registry and run it again."""',
    '',
    'from typing import Final',
    '',
    'from ._feature import ProfileFeature',
    '',
    `FEATURE_SET: Final = ${literal(featureSet)}`,
    '"""Names what the features mean, 16 hex digits. Profiles of two feature sets cannot be compared."""',
    '',
    'PROFILE_FEATURES: Final[tuple[ProfileFeature, ...]] = (',
    ...features.flatMap(entry),
    ')',
    '"""The features of a profile, sorted by name."""',
    '',
  ].join('\n');
}

function entry({ name, dtype, description, unit }: FeatureDefinition): string[] {
  return [
    '    ProfileFeature(',
    `        name=${literal(name)},`,
    `        dtype=${literal(dtype)},`,
    '        description=(',
    ...wrapped(description).map((text) => `            ${literal(text)}`),
    '        ),',
    `        unit=${literal(unit)},`,
    '    ),',
  ];
}

/** Python's literals take every escape of JSON. */
const literal = (text: string): string => JSON.stringify(text);

/** The pieces joined are the text: each but the last ends with its blank. */
function wrapped(text: string): string[] {
  const pieces: string[] = [''];
  for (const word of text.match(/\S*\s*/g) ?? []) {
    const open = pieces.at(-1)!;
    if (open !== '' && open.length + word.trimEnd().length > MAX_TEXT_WIDTH) pieces.push(word);
    else pieces[pieces.length - 1] = open + word;
  }
  return pieces;
}
