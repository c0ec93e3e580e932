import { asyncApiDocument } from '../../contracts/asyncapi/document.js';
import { eventSchema } from '../../contracts/json-schema.js';
import { PACKAGE_VERSION } from '../../package-version.js';
import { defineCommand } from '../command.js';
import { knownTopic } from '../topic-argument.js';

export const schemaCommand = defineCommand({
  name: 'schema',
  arguments: '[topic]',
  summary: "Print a topic's JSON Schema, or all topics as AsyncAPI",
  examples: [
    ['tipstream schema tip.served', 'JSON Schema, draft 2020-12'],
    ['tipstream schema > asyncapi.json', 'an AsyncAPI 3.1 document'],
  ],
  groups: ['log'],
  json: 'document',
  async run({ args: [topic], config, output }) {
    if (topic !== undefined) return output.document(eventSchema(knownTopic(config.topicPrefix, topic)));
    return output.document(
      asyncApiDocument({ prefix: config.topicPrefix, partitions: config.partitions, group: config.group, version: PACKAGE_VERSION }),
    );
  },
});
