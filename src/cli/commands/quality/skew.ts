import { openLog } from '../../../log/open.js';
import type { SkewFacts } from '../../../monitoring/documents.js';
import { noteSkew } from '../../../monitoring/skew-note.js';
import { stateFiles } from '../../../store/directory/state-files.js';
import { positionsOf } from '../../../store/queries/profiles.js';
import { servedSkew, type SkewDifference } from '../../../verify/served-skew.js';
import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import type { Output } from '../../output/output.js';
import { counted } from '../../output/words.js';
import { acceptanceOf, noteMissing, registryFor, stateSourceOf } from '../../state-source.js';

export const qualitySkewCommand = defineCommand({
  name: 'skew',
  summary: 'Prove that decisions were made with the profiles that the log gives: no training-serving skew',
  details: [
    'Replays the log, computes the profile of each decision again from the events below the positions that the decision names, by ' +
      "verify's independent code, and compares every feature of the set, those of a file too, with the profile stored with the decision.",
    'What it found is noted in --data, for `tipstream quality` and the page "Data quality". It takes about as long as `tipstream verify`.',
    'Exit code 0: none differs; the output says how many could not be compared, and why. 2: some differ. 1: an error.',
  ].join('\n\n'),
  examples: [
    ['tipstream quality skew', 'every decision that has been read back from the log'],
    ["tipstream quality skew --json | jq '{compared, differing}'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  json: 'document',
  async run({ config, output, json, signal }) {
    const log = await openLog(config, { readOnly: true });
    try {
      const { files, missing } = stateFiles({ ...(await stateSourceOf(config, log)), accepts: acceptanceOf(config) }, registryFor(config));
      const found = await servedSkew({
        log,
        registry: registryFor(config),
        dataDirectory: config.data,
        topicPrefix: config.topicPrefix,
        partitioner: config.partitioner,
        maxValueBytes: config.maxValueBytes,
        files,
        signal,
        onProgress: (done, total) => output.progress(`${Math.floor((100 * done) / Math.max(1, total))} % of a partition`),
      });
      const skew: SkewFacts = {
        proven_at_ms: Date.now(),
        feature_set: registryFor(config).featureSet,
        positions: positionsOf(found.positions),
        partitions_missing: missing,
        compared: found.compared,
        differing: found.differing,
        not_compared: [...found.notCompared].map(([reason, decisions]) => ({ reason, decisions })),
        unproven_features: found.unproven,
      };
      noteSkew(config.data, skew);
      output.progress('');
      if (json) await output.document({ ...skew, differences: found.differences });
      else await print(skew, found.differences, output);
      noteMissing(output, missing);
      return skew.differing > 0 ? EXIT.differs : EXIT.ok;
    } finally {
      output.progress('');
      await log.close();
    }
  },
});

async function print(skew: SkewFacts, differences: readonly SkewDifference[], output: Output): Promise<void> {
  const { compared, differing, not_compared: left, unproven_features: unproven } = skew;
  if (differences.length > 0)
    await output.table(
      ['USER', 'DECISION', 'FEATURE', 'SERVED', 'REPLAYED'],
      differences.map((one) => [one.user_id, one.decision_id, one.feature, JSON.stringify(one.served), JSON.stringify(one.replayed)]),
    );
  await output.write(`${counted(compared, 'decision')} compared, ${differing} with another profile than the log gives\n`);
  for (const { reason, decisions } of left) await output.write(`could not compare ${counted(decisions, 'decision')}: ${reason}\n`);
  if (unproven.length > 0)
    output.note(
      `not compared, as the log has lost events of their topics or the replay has no code of its own for them: ${unproven.join(', ')}`,
    );
}
