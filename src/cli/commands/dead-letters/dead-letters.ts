import type { CommandFamily } from '../../command.js';
import { deadLettersListCommand } from './list.js';
import { deadLettersRedriveCommand } from './redrive.js';
import { deadLettersShowCommand } from './show.js';

export const deadLettersFamily: CommandFamily = {
  name: 'dead-letters',
  summary: 'Look at records that were refused, and put them back',
  commands: [deadLettersListCommand, deadLettersShowCommand, deadLettersRedriveCommand],
};
