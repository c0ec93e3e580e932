/** Commands, and the options that they share, as commander knows them. */
import { Command, CommanderError, Option } from 'commander';
import {
  OPTIONS,
  OPTION_GROUPS,
  OPTION_NAMES,
  flagName,
  loadConfig,
  type Environment,
  type OptionGroup,
  type OptionName,
} from '../config.js';
import type { AuditedChange } from '../audit-trail/record.js';
import { TipstreamError, UsageError } from '../errors.js';
import { pause } from '../back-off.js';
import type { CliCommand, CommandContext, CommandEntry, CommandFamily, CommandOption } from './command.js';
import { EXIT, exitCodeOf, reportFailure } from './failure.js';
import type { EndingSignal, StopCode } from './interruption.js';
import type { Output } from './output/output.js';

export interface ProgramContext {
  readonly version: string;
  readonly env: Environment;
  readonly output: Output;
  /** Aborts with the name of a signal. */
  readonly signal: AbortSignal;
  /** Called when the command is known, with its exit code when a signal ends it. */
  readonly onRun?: (stopCode: StopCode) => void;
  /** After a signal: how long the process may still take, ms. */
  readonly leftMs?: () => number;
}

/** Also taken before the command: `tipstream --data DIR produce`. */
const EARLY_GROUPS: readonly OptionGroup[] = ['log', 'kafka'];

/** After a signal, for what is still to be written: whoever sent it may be reading no more. */
const WRITES_WITHIN_MS = 1_000;

type Entries = readonly (CommandEntry | CommandFamily)[];

/** Runs the command that `argv` (without node and script) names, until what it prints has left the process, and answers the exit code. */
export async function runToEnd(entries: Entries, argv: readonly string[], context: ProgramContext): Promise<number> {
  const { output, signal, leftMs = () => WRITES_WITHIN_MS } = context;
  let exitCode: number;
  try {
    exitCode = await runProgram(entries, argv, context);
  } catch (error) {
    exitCode = error === output.failure ? EXIT.outputFailed : await reportFailure(error, output, false);
  }
  const written = output.flush();
  await (signal.aborted ? Promise.race([written, pause(Math.min(WRITES_WITHIN_MS, leftMs()))]) : written);
  if (output.failure !== undefined) return reportFailure(output.failure, output, false);
  return exitCode === EXIT.ok && output.unread ? EXIT.readerLeft : exitCode;
}

async function runProgram(entries: Entries, argv: readonly string[], context: ProgramContext): Promise<number> {
  let exitCode: number = EXIT.ok;
  const { output } = context;
  const program = new Command('tipstream')
    .description('Event-sourced stream processor: tip events in, exact 30-day user profiles and bandit scores out.')
    .version(context.version, '-V, --version', 'print the version')
    .enablePositionalOptions();
  program.configureOutput({ writeOut: (text) => output.post(text), writeErr: (text) => output.note(text.replace(/\n$/, '')) });
  addSharedOptions(program, EARLY_GROUPS, true);

  const add = async (parent: Command, entry: CommandEntry, isNamed: boolean, isDefault = false): Promise<void> => {
    const leaf = parent.command(entry.name, { isDefault }).summary(entry.summary);
    if (entry.arguments !== undefined) leaf.arguments(entry.arguments);
    if ('load' in entry && !isNamed) {
      // Help lists it as one that has options, which every command has.
      leaf.addOption(new Option('--json').hideHelp());
      return;
    }
    const command = 'load' in entry ? await entry.load() : entry;
    describe(leaf, command);
    leaf.action(async () => {
      exitCode = await runCommand(command, leaf, program, context);
    });
  };
  // A command runs, or prints its help, only where the line has its name: only such commands are loaded.
  for (const entry of entries) {
    const isNamed = argv.includes(entry.name);
    if (!('commands' in entry)) {
      await add(program, entry, isNamed);
      continue;
    }
    const family = program.command(entry.name).summary(entry.summary).description(`${entry.summary}.`);
    for (const inner of entry.commands) {
      const isDefault = inner.name === entry.default;
      await add(family, inner, isNamed && (isDefault || argv.includes(inner.name)), isDefault);
    }
  }
  settle(program);

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has printed what it is; 0 means that help or the version was asked for
    if (error.exitCode === 0) return EXIT.ok;
    if (wantsJson(argv)) await output.line({ error: { code: 'invalid_argument', ...misuseOf(error) } });
    return EXIT.usage;
  }
}

/** Before commander has understood the options. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

function misuseOf(error: CommanderError): { message: string; hint: string } {
  const [message, suggestion] = error.message.replace(/^error: /, '').split('\n', 2);
  const isHelp = error.code === 'commander.help';
  return {
    message: isHelp ? 'the command is incomplete' : message!,
    hint: suggestion?.replace(/^\((.*)\)$/, '$1') ?? 'Add --help for usage.',
  };
}

function settle(command: Command): void {
  command.exitOverride().showHelpAfterError('hint: Add --help for usage.').helpOption('-h, --help', 'print this help');
  for (const inner of command.commands) settle(inner);
}

function describe(leaf: Command, command: CliCommand): void {
  leaf.description(`${command.summary}.${command.details === undefined ? '' : `\n\n${command.details}`}`);
  for (const { flags, help, default: fallback, repeatable } of command.options ?? []) {
    const option = new Option(flags, help).default(fallback);
    leaf.addOption(repeatable ? option.argParser((text, before: readonly string[] | undefined) => [...(before ?? []), text]) : option);
  }
  if (command.json !== undefined)
    leaf.addOption(
      new Option('--json', command.jsonHelp ?? (command.json === 'document' ? 'print one JSON document' : 'print lines of JSON')),
    );
  addSharedOptions(leaf, command.groups, false);
  const width = Math.max(...command.examples.map(([line]) => line.length));
  const examples = command.examples.map(([line, does]) => `  ${line.padEnd(width)}  # ${does}`).join('\n');
  leaf.addHelpText('after', `\nExample${command.examples.length > 1 ? 's' : ''}:\n${examples}`);
}

function addSharedOptions(command: Command, groups: readonly OptionGroup[], hidden: boolean): void {
  const own = new Set(command.options.map(({ long }) => long));
  for (const group of groups) {
    for (const name of OPTION_NAMES) {
      const option: (typeof OPTIONS)[OptionName] & { negatedFlag?: string; default?: string } = OPTIONS[name];
      if (option.group !== group || own.has(flagName(option))) continue;
      const isSwitch = !option.flag.includes(' ') && option.default === 'false';
      const fallback = option.default === undefined || option.default === '' || isSwitch ? '' : ` (default: ${option.default})`;
      const heading = `${OPTION_GROUPS[group]}:`;
      command.addOption(new Option(option.flag, `${option.help}${fallback} [${option.env}]`).hideHelp(hidden).helpGroup(heading));
      if (option.negatedFlag !== undefined) {
        command.addOption(
          new Option(option.negatedFlag, `switch ${flagName(option).slice(2)} off`).default(undefined).hideHelp(hidden).helpGroup(heading),
        );
      }
    }
  }
}

const SIGNAL_CODES: Readonly<Record<EndingSignal, number>> = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated };

async function runCommand(command: CliCommand, leaf: Command, program: Command, context: ProgramContext): Promise<number> {
  const { env, output, signal } = context;
  const given: Record<string, unknown> = { ...givenOptions(program), ...givenOptions(leaf) };
  const json = given.json === true;
  let readerLeft: AbortSignal | undefined;
  let stopCode: StopCode = (name) => SIGNAL_CODES[name];
  const endedEarly = (): number | undefined => {
    if (signal.aborted) return stopCode(signal.reason as EndingSignal);
    return readerLeft?.aborted === true ? EXIT.readerLeft : undefined;
  };
  try {
    const args = leaf.processedArgs as (string | undefined)[];
    command.check?.({ args, options: leaf.opts(), json });
    for (const name of command.reads?.(leaf.opts()) ?? []) delete given[name];
    const config = loadConfig(given, env, command.groups);
    const options = parseOwn(command, leaf);
    if (command.stopCode !== undefined) stopCode = (name) => command.stopCode!(name, config);
    context.onRun?.(stopCode);
    if (signal.aborted) return stopCode(signal.reason as EndingSignal);
    if (command.endsWithReader?.(options) === true) readerLeft = output.endWithReader();
    const stop = readerLeft === undefined ? signal : AbortSignal.any([signal, readerLeft]);
    const code = await runAudited(command, { args, options, config, output, json, signal: stop });
    // The command's own signal may have been why it answered with the code of an interruption.
    if (readerLeft?.aborted === true && !signal.aborted) return EXIT.readerLeft;
    return code ?? endedEarly() ?? EXIT.ok;
  } catch (error) {
    if (error === output.failure) return EXIT.outputFailed; // said by runToEnd, which sees it wherever it comes from
    const early = error instanceof UsageError ? undefined : endedEarly();
    return early ?? reportFailure(error, output, json);
  }
}

/** The command, and the entry of the audit trail that it leaves. */
async function runAudited(command: CliCommand, given: Omit<CommandContext<object>, 'changed'>): Promise<number | undefined | void> {
  let change = command.changes?.(given);
  const changed: CommandContext<object>['changed'] = (more) => {
    if (change !== undefined) change = { ...change, ...more, details: { ...change.details, ...more.details } };
  };
  let ended: Pick<AuditedChange, 'outcome' | 'error'> | undefined;
  try {
    const code = await command.run({ ...given, changed });
    ended = { outcome: code === undefined || code === EXIT.ok ? 'done' : 'refused' };
    return code;
  } catch (error) {
    ended = change !== undefined && wasTried(error) ? (await import('../audit-trail/record.js')).outcomeOf(error) : undefined;
    throw error;
  } finally {
    const stopped = given.signal.aborted ? { outcome: 'stopped' as const } : {};
    if (change !== undefined && ended !== undefined) {
      const { leaveEntry } = await import('./output/audit-entry.js');
      await leaveEntry(given.config, { ...ended, ...stopped, ...change }, given.output);
    }
  }
}

/** Some errors come before anything was tried; and without a log there is nothing to write an entry to. */
function wasTried(error: unknown): boolean {
  if (!(error instanceof TipstreamError)) return true;
  return error.code !== 'no_data' && error.code !== 'log_unavailable' && exitCodeOf(error.code) !== EXIT.usage;
}

/** Only what the command line said: commander gives a negatable option a default of its own. */
function givenOptions(command: Command): Record<string, unknown> {
  return Object.fromEntries(Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli'));
}

function isTime({ flags }: CommandOption): boolean {
  return flags.endsWith('<time>');
}

function parseOwn(command: CliCommand, leaf: Command): Record<string, unknown> {
  const values = leaf.opts();
  // Of a number that may be no time one asks back: what is certainly wrong is said before.
  const options = (command.options ?? []).toSorted((a, b) => Number(isTime(a)) - Number(isTime(b)));
  for (const { flags, parse } of options) {
    const name = new Option(flags).attributeName();
    if (parse !== undefined && typeof values[name] === 'string') values[name] = parse(values[name]);
  }
  return values;
}
