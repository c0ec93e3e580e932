/**
 * What a command of the CLI is. Each is one file in commands/ that exports one value made by `defineCommand`; commands.ts lists them, and
 * program.ts turns them into commander's commands. The file of a command, and all that it imports, is loaded only when the command line
 * names the command. Options that several commands share are not declared here: a command names their groups, and config.ts holds them.
 */
import type { Config, OptionGroup, OptionName } from '../config.js';
import type { EndingSignal } from './interruption.js';
import type { CommandChange } from './output/audit-entry.js';
import type { Output } from './output/output.js';

export interface CommandOption {
  /** As commander and help write it: `--max <number>`. */
  readonly flags: string;
  readonly help: string;
  /** Turns the text into the value; throws UsageError. */
  readonly parse?: (text: string) => unknown;
  readonly default?: unknown;
  /** May be given several times; the value is the list of texts, and `parse` is not asked. */
  readonly repeatable?: true;
}

export interface CommandContext<Options> {
  /** The positional arguments; undefined where an optional one was left out. */
  readonly args: readonly (string | undefined)[];
  /** The command's own options, by their camel-case names. */
  readonly options: Options;
  /** The shared options of the command's groups; those of other groups have their defaults. */
  readonly config: Config;
  readonly output: Output;
  /** --json was given. */
  readonly json: boolean;
  /** Aborts at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Says more of what it changes than its `changes` knew, for the audit trail. */
  readonly changed: (more: Partial<CommandChange>) => void;
}

/** What the command line says, before any value is looked at: values are texts. */
export interface GivenOptions<Options> {
  readonly args: readonly (string | undefined)[];
  readonly options: { readonly [Name in keyof Options]?: unknown };
  readonly json: boolean;
}

export interface CliCommand<Options = object> {
  readonly name: string;
  /** `<topic> [file]` */
  readonly arguments?: string;
  /** One line for the list of commands; a sentence without its full stop. */
  readonly summary: string;
  /** What --help says besides. */
  readonly details?: string;
  /** Command lines without `npx`, each with what it does. At least one. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly groups: readonly OptionGroup[];
  readonly options?: readonly CommandOption[];
  /**
   * Shared options, by their names in the option table, whose flags the command reads itself in this way of calling it. It declares options
   * of the same names; a variable of the environment counts all the same.
   */
  reads?(options: GivenOptions<Options>['options']): readonly OptionName[];
  /** How --json prints: one document, or lines. An error is a line on stdout too, {error: {code, message, ...}}. Absent: no --json. */
  readonly json?: 'document' | 'lines';
  /** What --help says of --json, where it is not one document. */
  readonly jsonHelp?: string;
  /**
   * Whether it has no verdict but what it prints: it then ends, with 141, when nobody reads stdout any more. Any other command goes on to
   * its own exit code, which is what the caller wants to know.
   */
  endsWithReader?(options: Options): boolean;
  /**
   * Throws UsageError where options exclude each other or one is missing. Asked before values are read: what is wrong with the whole line
   * is said before what is wrong with a word of it.
   */
  check?(given: GivenOptions<Options>): void;
  /** What it changes; undefined: nothing this time, as in a dry run. Absent: it never does. It leaves an entry in the audit trail. */
  changes?(given: Pick<CommandContext<Options>, 'args' | 'options'>): CommandChange | undefined;
  /** Its exit code when the signal ends it, where that is not 130 or 143: that of a command which runs until it is told to stop. */
  stopCode?(signal: EndingSignal, config: Config): number;
  /** The exit code; 0 when it answers nothing and no signal came. Errors are thrown. */
  run(context: CommandContext<Options>): Promise<number | undefined | void>;
}

/** What the list of commands in help says of one, and how its file is loaded. The command itself says the same: a test compares them. */
export interface ListedCommand extends Pick<CliCommand, 'name' | 'arguments' | 'summary'> {
  load(): Promise<CliCommand>;
}

export type CommandEntry = CliCommand | ListedCommand;

/** `topics create`, `topics check`: commands behind a first word. */
export interface CommandFamily {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandEntry[];
  /** The name of the one that runs where no second word is given: `schema` is `schema show`. */
  readonly default?: string;
}

export function defineCommand<Options = object>(command: CliCommand<Options>): CliCommand {
  return command as unknown as CliCommand;
}
