import { inputWarnings, unreadableInputs } from '../../../log/checks/retention.js';
import { openLog } from '../../../log/open.js';
import { checkTopics } from '../../../log/checks/topic-settings-check.js';
import { topicSettings } from '../../../log/topic-settings.js';
import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import { registryFor } from '../../state-source.js';

export const topicsCheckCommand = defineCommand({
  name: 'check',
  summary: 'Check that topics exist and are kept as tipstream needs them',
  details:
    'Looks at partition counts, retention (31 days or more on inputs, no limit of size), cleanup policies and the ' +
    'message size of dead-letter topics. Exit code 1 when something is wrong.',
  examples: [
    ['tipstream topics check --brokers localhost:9092', 'a table of what is wrong'],
    ['tipstream topics check --json | jq .problems', 'for programs'],
  ],
  groups: ['log', 'kafka'],
  json: 'document',
  async run({ config, output, json }) {
    const log = await openLog(config, { readOnly: true });
    try {
      const wanted = topicSettings(config.topicPrefix, config.partitions, undefined, registryFor(config).topics);
      const found = await log.describeTopics(wanted.map((topic) => topic.name));
      const problems = checkTopics(wanted, found, config.given.has('partitions') ? config.partitions : undefined);
      const ok = problems.length === 0;
      const warnings = inputWarnings(config.topicPrefix, found);
      const unreadable = unreadableInputs(config.topicPrefix, found);
      if (json) {
        const topics = found.map(({ name, partitions, retentionMs, retentionBytes = null, cleanupPolicy, maxMessageBytes }) => ({
          topic: name,
          partitions,
          retention_ms: retentionMs,
          retention_bytes: retentionBytes,
          cleanup_policy: cleanupPolicy,
          max_message_bytes: maxMessageBytes,
        }));
        await output.document({ ok, problems, warnings, unreadable, topics });
      } else if (ok) {
        output.note(`${found.length} topics are as they should be`);
      } else {
        await output.table(
          ['TOPIC', 'PROBLEM', 'FOUND', 'EXPECTED'],
          problems.map(({ topic, problem, found: is, expected }) => [topic, problem, is, expected]),
        );
        if (problems.some(({ problem }) => problem === 'missing'))
          output.note('hint: Create missing topics with `tipstream topics create`.');
        for (const { message, hint } of warnings) output.note(`${message}\nhint: ${hint}`);
      }
      if (unreadable.length > 0 && !json)
        output.note(`how long records are kept could not be read (permission DescribeConfigs): ${unreadable.join(', ')}`);
      return ok ? EXIT.ok : EXIT.error;
    } finally {
      await log.close();
    }
  },
});
