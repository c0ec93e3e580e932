/** The registry of features as a module of Python: `_generated.py` of the package tipstream-contract. */
import type { FeatureDefinition } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';

/** Where the module lies in the repository. */
export const PYTHON_SCHEMA = 'python/tipstream-contract/src/profile_schema/_generated.py';

/** Of a line of a description, so that the module's own lines stay short. */
const MAX_TEXT_WIDTH = 90;

type Features = Pick<Registry, 'features' | 'featureSet'>;

/** The text of the module. `wider`: the same features and those of activity. */
export function pythonSchema({ features, featureSet }: Features, wider: Features): string {
  const activity = wider.features.filter(({ name }) => features.every((core) => core.name !== name));
  return [
    '"""Written by `npm run contracts` from the registry of features. Change the registry and run it again."""',
    '',
    'from typing import Final',
    '',
    'from ._feature import ActivityFeature, ProfileFeature',
    '',
    `FEATURE_SET: Final = ${literal(featureSet)}`,
    '"""Names what the features mean, 16 hex digits. Profiles of two feature sets cannot be compared."""',
    '',
    'PROFILE_FEATURES: Final[tuple[ProfileFeature, ...]] = (',
    ...features.flatMap((feature) => entry('ProfileFeature', feature)),
    ')',
    '"""The features of a profile, sorted by name."""',
    '',
    `ACTIVITY_FEATURE_SET: Final = ${literal(wider.featureSet)}`,
    '"""Names what the features mean where `--features core,activity` adds ACTIVITY_FEATURES."""',
    '',
    'ACTIVITY_FEATURES: Final[tuple[ActivityFeature, ...]] = (',
    ...activity.flatMap((feature) => entry('ActivityFeature', feature)),
    ')',
    '"""The features that `--features core,activity` adds to PROFILE_FEATURES, sorted by name."""',
    '',
  ].join('\n');
}

function entry(type: string, { name, dtype, description, unit, whenEmpty }: FeatureDefinition): string[] {
  return [
    `    ${type}(`,
    `        name=${literal(name)},`,
    `        dtype=${literal(dtype)},`,
    '        description=(',
    ...wrapped(description).map((text) => `            ${literal(text)}`),
    '        ),',
    `        unit=${literal(unit)},`,
    ...(type === 'ActivityFeature' ? [`        when_empty=${whenEmpty === null ? 'None' : literal(whenEmpty)},`] : []),
    '    ),',
  ];
}

/** Python's literals take every escape of JSON. */
const literal = (value: unknown): string => JSON.stringify(value);

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
