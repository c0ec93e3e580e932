import { writeBaseline } from '../../../monitoring/baseline.js';
import { surveyState } from '../../../monitoring/state-survey.js';
import { defaultRegistry } from '../../../projections/registry.js';
import { stateFiles } from '../../../store/directory/state-files.js';
import { defineCommand } from '../../command.js';
import { counted } from '../../output/words.js';
import { noteMissing, stateSource } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { surveyed } from './survey.js';

export const qualityBaselineCommand = defineCommand<{ asOf?: number }>({
  name: 'baseline',
  summary: 'Store how features are distributed, for everything later to be compared with',
  details:
    'Reads the profiles of all users as of one time and keeps how often each value occurs, in --data, in place of the baseline that ' +
    'was there. No user is named in it. A running service compares with it from its next look on.',
  examples: [
    ['tipstream quality baseline', 'as of now'],
    ['tipstream quality baseline --as-of 2026-11-09', 'as of the end of a week that was as it should be'],
  ],
  groups: ['log', 'kafka'],
  options: [{ flags: '--as-of <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--as-of') }],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    const nowMs = Date.now();
    const { files, partitions } = stateFiles(stateSource(config), defaultRegistry);
    const survey = await surveyed(surveyState(files, defaultRegistry, options.asOf ?? nowMs), output, signal);
    const facts = writeBaseline(config.data, survey, { featureSet: defaultRegistry.featureSet, madeAtMs: nowMs, partitions });
    if (json) await output.document(facts);
    else
      await output.write(
        `baseline: ${counted(facts.users, 'user')} as of ${new Date(facts.as_of_ms).toISOString()}, feature set ${facts.feature_set}\n`,
      );
    noteMissing(output, facts.partitions_missing);
  },
});
