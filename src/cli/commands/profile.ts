import type { KnownState } from '../../analysts/known-at.js';
import { TipstreamError } from '../../errors.js';
import type { Config } from '../../config.js';
import { secondsText } from '../../log/seconds-text.js';
import { isObjectValue, scalarOf } from '../../projections/object-value.js';
import { partitionOfUser, withReaderOf } from '../../store/queries/locate-user.js';
import { profileDocument } from '../../store/queries/profiles.js';
import { defineCommand } from '../command.js';
import { knownAtOption } from '../known-at/option.js';
import { parseUserId } from '../option-parsers.js';
import { printable } from '../output/output.js';
import { registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

const checkUser = parseUserId('USER');

export const profileCommand = defineCommand<{ asOf?: number; knownAt?: string }>({
  name: 'profile',
  arguments: '<user>',
  summary: "Print a user's 30-day profile",
  details: [
    'Reads the state files, whether or not `tipstream start` is running. A user without events in the 30 days is ' +
      'user_not_found, exit code 1.',
    'For a user whose id begins with a dash: tipstream profile -- -id',
  ].join('\n\n'),
  examples: [
    ['tipstream profile u1', 'as of now'],
    ['tipstream profile u1 --as-of 2026-11-20T00:00:00Z', 'as it was then'],
    ['tipstream profile u1 --as-of 2026-11-20 --known-at monday.json', 'as it was then, by what was known on Monday'],
    ['tipstream profile u1 --json | jq .features.tip_volume_30d', 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [{ flags: '--as-of <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--as-of') }, knownAtOption],
  json: 'document',
  check({ args: [user] }) {
    checkUser(user!);
  },
  async run({ args, options, config, output, json, signal }) {
    const userId = args[0]!;
    const asOfMs = options.asOf ?? Date.now();
    const document =
      options.knownAt === undefined
        ? withReaderOf(
            { ...stateSource(config), registry: registryFor(config), partitioner: config.partitioner },
            userId,
            (reader, partition) => profileDocument(reader, partition, userId, asOfMs, registryFor(config).featureSet),
          )
        : knownProfile(
            await (await import('../known-at/open.js')).openKnownAt(config, options.knownAt, output, signal, userId),
            config,
            userId,
            asOfMs,
          );
    if (json) return await output.document(document);
    await output.write(`${printable(userId)} as of ${new Date(asOfMs).toISOString()}\n`);
    await output.table(
      ['FEATURE', 'VALUE'],
      Object.entries(document.features).map(([name, value]) => [name, scalarOf(value)]),
    );
    const ages = document.features['signal_age_ms_by_source'];
    const [stalest] = isObjectValue(ages) ? Object.entries(ages).sort(([, a], [, b]) => b - a) : [];
    if (stalest !== undefined) await output.write(`Stalest source: ${printable(stalest[0])}, ${secondsText(stalest[1] / 1_000)}.\n`);
  },
});

/** Closes `known`. */
function knownProfile(known: KnownState, config: Config, userId: string, asOfMs: number): ReturnType<typeof profileDocument> {
  try {
    const [first] = known.readers.values();
    const partition = partitionOfUser(userId, config.partitioner, first?.identity.partitions ?? 1, known.readers);
    const reader = known.readers.get(partition);
    if (reader === undefined)
      throw new TipstreamError('no_data', `the positions do not name partition ${partition}, which has this user`, {
        hint: 'Take them from the member of the group that holds it.',
      });
    return profileDocument(reader, partition, userId, asOfMs, registryFor(config).featureSet);
  } finally {
    known.close();
  }
}
