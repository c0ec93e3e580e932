import type { CommandFamily } from '../../command.js';

export const deadLettersFamily: CommandFamily = {
  name: 'dead-letters',
  summary: 'Look at records that were refused, and put them back',
  commands: [
    {
      name: 'list',
      summary: 'List dead letters, the newest last',
      load: async () => (await import('./list.js')).deadLettersListCommand,
    },
    {
      name: 'show',
      arguments: '<address>',
      summary: 'Print one dead letter whole, as JSON',
      load: async () => (await import('./show.js')).deadLettersShowCommand,
    },
    {
      name: 'redrive',
      arguments: '[address]',
      summary: 'Put refused records back on the topics that they came from',
      load: async () => (await import('./redrive.js')).deadLettersRedriveCommand,
    },
  ],
};
