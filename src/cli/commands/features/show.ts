import { UsageError } from '../../../errors.js';
import { suggestion } from '../../../given.js';
import { useOf } from '../../../policies/reading/feature-use.js';
import { durationText, windowText } from '../../../projections/definitions.js';
import { featureDocument, type FeatureUse } from '../../../projections/feature-document.js';
import { defineCommand } from '../../command.js';
import { registryFor } from '../../state-source.js';

export const featuresShowCommand = defineCommand({
  name: 'show',
  arguments: '<name>',
  summary: 'What one feature means, who uses it, and its definition in SQL',
  details: 'Which entries of which policies are made of it is found by trying: they change when the feature alone does.',
  examples: [
    ['tipstream features show completion_rate_30d', 'for people'],
    ["tipstream features show completion_rate_30d --json | jq -r '.sql'", 'the SQL alone'],
  ],
  groups: ['log'],
  json: 'document',
  async run({ args, config, output, json }) {
    const { features } = registryFor(config);
    const name = args[0]!;
    const feature = features.find((one) => one.name === name);
    if (feature === undefined) {
      throw new UsageError(`there is no feature ${JSON.stringify(name)}`, {
        hint: suggestion(
          name,
          features.map((one) => one.name),
        ),
        details: { feature: name },
      });
    }
    const document = featureDocument(feature, useOf);
    if (json) return output.document(document);
    await output.table(
      ['FIELD', 'VALUE'],
      [
        ['name', document.name],
        ['dtype', document.dtype],
        ['unit', document.unit],
        ['window', windowText(document.window_ms)],
        ['ttl', durationText(document.ttl_ms)],
        ['sources', document.sources.join(', ')],
        ['invalidated by', document.invalidated_by.join(', ')],
        ['when empty', JSON.stringify(document.when_empty)],
        ['description', document.description],
        ['read by', readersText(document.used_by)],
        ['carried by', document.used_by.outputs.join(', ')],
      ],
    );
    await output.write(`\n${document.sql}\n`);
  },
});

function readersText({ policies }: FeatureUse): string {
  if (policies.length === 0) return 'no policy';
  return policies.map(({ policy, entries }) => `${policy} (${entries.join(', ')})`).join('; ');
}
