import type { CommandFamily } from '../../command.js';
import { schemaCheckCommand } from './check.js';
import { schemaShowCommand } from './show.js';

export const schemaFamily: CommandFamily = {
  name: 'schema',
  summary: 'The contracts of the topics: printed, written, and compared with older ones',
  commands: [schemaShowCommand, schemaCheckCommand],
  default: 'show',
};
