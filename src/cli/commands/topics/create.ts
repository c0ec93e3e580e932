import { ensureTopics } from '../../../log/ensure-topics.js';
import { openLog } from '../../../log/open.js';
import { defineCommand } from '../../command.js';
import { registryFor } from '../../state-source.js';

export const topicsCreateCommand = defineCommand({
  name: 'create',
  summary: 'Create the topics that are missing',
  details:
    'Changes nothing that exists. New topics get as many partitions as the existing ones have, or --partitions where there are none.',
  examples: [
    ['tipstream topics create --brokers localhost:9092 --partitions 12', 'on Kafka'],
    ['tipstream topics create --json', '{"created": [...]}'],
  ],
  groups: ['log', 'kafka'],
  json: 'document',
  changes: () => ({ action: 'topics.create' }),
  async run({ config, output, json, changed }) {
    const { topicPrefix: prefix, partitions, given } = config;
    const log = await openLog(config);
    try {
      const created = await ensureTopics(log, {
        prefix,
        partitions,
        partitionsGiven: given.has('partitions'),
        consumed: registryFor(config).topics,
      });
      changed({ details: { created } });
      if (json) return await output.document({ created });
      for (const name of created) await output.write(`${name}\n`);
      output.note(created.length === 0 ? 'nothing to create: all topics exist' : `${created.length} topics created`);
    } finally {
      await log.close();
    }
  },
});
