import { openReaders, digestDocument } from '../../store/queries/profiles.js';
import { defineCommand } from '../command.js';
import { knownAtOption } from '../known-at/option.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

export const digestCommand = defineCommand<{ asOf?: number; knownAt?: string }>({
  name: 'digest',
  summary: 'Print one hash over all profiles, and the positions it holds for',
  details:
    'SHA-256 over the lines `user TAB feature TAB value` of every known user. Two installations that have ' +
    'applied the same events print the same digest for the same --as-of.',
  examples: [
    ['tipstream digest --as-of 2026-11-20T00:00:00Z', 'as of a time'],
    ['tipstream digest --as-of 2026-11-20 --known-at monday.json', 'by what was known when `digest --json > monday.json` ran'],
    ['tipstream digest --json | jq -r .digest', 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [{ flags: '--as-of <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--as-of') }, knownAtOption],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    const { knownAt } = options;
    const known =
      knownAt === undefined ? undefined : await (await import('../known-at/open.js')).openKnownAt(config, knownAt, output, signal);
    const readers = known?.readers ?? openReaders(stateSource(config), registryFor(config));
    try {
      const document = digestDocument(readers, options.asOf ?? Date.now(), registryFor(config).featureSet);
      if (json) return await output.document(document);
      await output.table(
        ['DIGEST', 'USERS', 'AS OF', 'FEATURE SET'],
        [[document.digest, document.users, new Date(document.as_of_ms).toISOString(), document.feature_set]],
      );
      const rows = Object.entries(document.positions).flatMap(([topic, offsets]) =>
        Object.entries(offsets).map(([partition, next]) => [topic, partition, next]),
      );
      await output.table(['TOPIC', 'PARTITION', 'NEXT OFFSET'], rows);
      noteMissing(output, document.partitions_missing);
    } finally {
      for (const reader of readers.values()) reader.close();
      known?.close();
    }
  },
});
