import { TipstreamError, UsageError } from '../../../errors.js';
import { factsOf, readBaseline, writeBaseline, type BaselineFacts } from '../../../monitoring/baseline.js';
import { firstFullWindowMs } from '../../../monitoring/periods.js';
import { surveyCandidates, surveyState, type StateSurvey } from '../../../monitoring/state-survey.js';
import { stateFiles } from '../../../store/directory/state-files.js';
import { defineCommand } from '../../command.js';
import { counted } from '../../output/words.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { surveyed } from './survey.js';

export const qualityBaselineCommand = defineCommand<{ asOf?: number; automatic?: boolean }>({
  name: 'baseline',
  summary: 'Store how features are distributed, for everything later to be compared with',
  details:
    'Reads the profiles of all users as of one time and keeps how often each value occurs, in --data, in place of the baseline that ' +
    'was there. No user is named in it. A running service compares with it from its next look on.',
  examples: [
    ['tipstream quality baseline', 'as of now'],
    ['tipstream quality baseline --automatic', 'once, from a job that runs every day'],
    ['tipstream quality baseline --as-of 2026-11-09', 'as of the end of a week that was as it should be'],
  ],
  groups: ['log', 'kafka'],
  options: [
    { flags: '--as-of <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--as-of') },
    {
      flags: '--automatic',
      help: 'only where there is none: as of the first Monday (UTC) on which the 30 days before are full of events',
    },
  ],
  json: 'document',
  check({ options: { asOf, automatic } }) {
    if (asOf !== undefined && automatic === true) throw new UsageError('--automatic chooses the time itself: leave --as-of out');
  },
  async run({ options: { asOf, automatic = false }, config, output, json, signal }) {
    const nowMs = Date.now();
    const { files, missing } = stateFiles(stateSource(config), registryFor(config));
    const look = (atMs: number): Promise<StateSurvey> => surveyed(surveyState(files, registryFor(config), atMs), output, signal);
    const kept = automatic ? readBaseline(config.data, registryFor(config)) : undefined;
    const write = async (survey: StateSurvey): Promise<BaselineFacts> => {
      const candidates = await surveyed(surveyCandidates(files, registryFor(config), survey.asOfMs), output, signal);
      return writeBaseline(config.data, survey, { featureSet: registryFor(config).featureSet, madeAtMs: nowMs, missing, candidates });
    };
    const facts =
      kept === undefined ? await write(await look(automatic ? firstFullMs(await look(nowMs), nowMs) : (asOf ?? nowMs))) : factsOf(kept);
    if (json) await output.document(facts);
    else
      await output.write(
        `baseline: ${counted(facts.users, 'user')} as of ${new Date(facts.as_of_ms).toISOString()}, feature set ${facts.feature_set}\n`,
      );
    noteMissing(output, facts.partitions_missing);
  },
});

/** Throws not_enough_data where that is still to come. */
function firstFullMs({ tips: { firstMs } }: StateSurvey, nowMs: number): number {
  const fullMs = firstFullWindowMs(firstMs);
  if (fullMs <= nowMs) return fullMs;
  throw new TipstreamError(
    'not_enough_data',
    Number.isFinite(fullMs) ? `windows are full from ${new Date(fullMs).toISOString()} on` : 'there is no event yet',
    { hint: 'Ask again then, or give --as-of.' },
  );
}
