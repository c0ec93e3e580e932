/** Every command in full, as it is when the command line names it. */
import type { CliCommand, CommandEntry } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';

export interface Leaf {
  /** `produce`, `topics create` */
  readonly words: string;
  /** What the list of commands says of it. */
  readonly listed: CommandEntry;
  readonly command: CliCommand;
}

export async function everyCommand(): Promise<Leaf[]> {
  const listed = COMMANDS.flatMap((entry) =>
    'commands' in entry
      ? entry.commands.map((inner) => ({ words: `${entry.name} ${inner.name}`, listed: inner }))
      : [{ words: entry.name, listed: entry }],
  );
  return Promise.all(listed.map(async (one) => ({ ...one, command: 'load' in one.listed ? await one.listed.load() : one.listed })));
}
