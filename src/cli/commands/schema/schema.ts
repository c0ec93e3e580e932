import type { CommandFamily } from '../../command.js';

export const schemaFamily: CommandFamily = {
  name: 'schema',
  summary: 'The contracts of the topics: printed, written, and compared with older ones',
  default: 'show',
  commands: [
    {
      name: 'show',
      arguments: '[topic]',
      summary: "Print a topic's JSON Schema, or all topics as AsyncAPI",
      load: async () => (await import('./show.js')).schemaShowCommand,
    },
    {
      name: 'check',
      arguments: '<old>',
      summary: 'Whether the schemas of today break events or consumers of older ones',
      load: async () => (await import('./check.js')).schemaCheckCommand,
    },
  ],
};
