import { useOf } from '../../../policies/reading/feature-use.js';
import { durationText, windowText } from '../../../projections/definitions.js';
import { featuresDocument } from '../../../projections/feature-document.js';
import { defineCommand } from '../../command.js';
import { registryFor } from '../../state-source.js';

export const featuresListCommand = defineCommand({
  name: 'list',
  summary: 'The features that a profile is made of',
  details: 'They come from the definitions, so no data directory is needed. feature_set names the set of definitions.',
  examples: [
    ['tipstream features list', 'a table'],
    ["tipstream features list --json | jq -r '.features[].name'", 'for programs'],
  ],
  groups: ['log'],
  json: 'document',
  async run({ config, output, json }) {
    const registry = registryFor(config);
    if (json) return output.document(featuresDocument(registry, useOf));
    await output.table(
      ['FEATURE', 'DTYPE', 'UNIT', 'WINDOW', 'TTL', 'SOURCES'],
      registry.features.map(({ name, dtype, unit, windowMs, ttlMs, sources }) => [
        name,
        dtype,
        unit,
        windowText(windowMs),
        durationText(ttlMs),
        sources.join(', '),
      ]),
    );
  },
});
