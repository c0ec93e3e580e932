import { takeSnapshot } from '../../export/take-snapshot.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

interface SnapshotOptions {
  readonly asOf?: number;
  readonly force?: boolean;
}

export const snapshotCommand = defineCommand<SnapshotOptions>({
  name: 'snapshot',
  arguments: '<file>',
  summary: 'Write one SQLite file of everything: tips, profiles, decisions and the positions they hold for',
  details: [
    'FILE gets the tables tips, profiles, user_profile_features, decisions, offsets and meta, with the columns of the ' +
      'views of `tipstream sql`. It is consistent: it holds what the events before the positions in offsets give, no ' +
      'more and no less.',
    'It works while `tipstream start` runs. While it is being made, it takes about three times the space of the ' +
      'state. It appears whole or not at all.',
  ].join('\n\n'),
  examples: [
    ['tipstream snapshot tips.db', 'profiles as of now'],
    ['tipstream snapshot tips.db --force --as-of 2026-11-20', 'profiles as of a time, in place of the previous file'],
  ],
  groups: ['log'],
  options: [
    {
      flags: '--as-of <time>',
      help: 'of profiles and user_profile_features: Unix ms or ISO 8601; now unless given',
      parse: timeOption('--as-of'),
    },
    { flags: '--force', help: 'replace the file if there is one' },
  ],
  json: 'document',
  async run({ args, options, config, output, json, signal }) {
    const nowMs = Date.now();
    const asOfMs = options.asOf ?? nowMs;
    try {
      const { positions, partitionsMissing, ...counts } = await takeSnapshot({
        state: stateSource(config),
        registry: registryFor(config),
        path: args[0]!,
        replace: options.force === true,
        asOfMs,
        nowMs,
        signal,
        onProgress: (what) => output.progress(what),
      });
      output.progress('');
      if (json)
        await output.document({
          file: args[0],
          as_of_ms: asOfMs,
          taken_at_ms: nowMs,
          feature_set: registryFor(config).featureSet,
          ...counts,
          positions,
          partitions_missing: partitionsMissing,
        });
      else
        output.note(`${args[0]}: ${counts.profiles} profiles of ${counts.users} users, ${counts.tips} tips, ${counts.decisions} decisions`);
      noteMissing(output, partitionsMissing);
    } finally {
      output.progress('');
    }
    return EXIT.ok;
  },
});
