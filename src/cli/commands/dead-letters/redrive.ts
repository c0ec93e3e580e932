import { UsageError } from '../../../errors.js';
import { openLog } from '../../../log/open.js';
import { withoutForgotten } from '../../../log/without-forgotten.js';
import type { Log } from '../../../log/port.js';
import { readNamed } from '../../../named-file.js';
import { redrive } from '../../../redrive/redrive.js';
import { lockRedrive } from '../../../store/directory/redrive-lock.js';
import type { Config } from '../../../config.js';
import { defineCommand } from '../../command.js';
import { wholeNumber } from '../../option-parsers.js';
import { acceptanceOf, registryFor, stateSourceOf } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { inputTopic } from '../../topic-argument.js';
import { parseAddress } from './address.js';
import { printRedrive } from './redrive-report.js';

interface RedriveCommandOptions {
  readonly topic?: string;
  readonly code?: string;
  readonly since?: number;
  readonly max?: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly again?: boolean;
  readonly repartition?: boolean;
  readonly edit?: string;
}

export const deadLettersRedriveCommand = defineCommand<RedriveCommandOptions>({
  name: 'redrive',
  arguments: '[address]',
  summary: 'Put refused records back on the topics that they came from',
  details: [
    'Appends the record of each dead letter to its topic and partition again: key, value, headers and time as they were, and ' +
      'headers that say that it is a redrive. It can run beside the service. The dead letters stay. ' +
      'With ADDRESS (TOPIC/PARTITION/OFFSET, as `list` prints it) only that one is redriven.',
    'A record that has been redriven is not redriven again, also when a run was stopped: the topics themselves say what was ' +
      'sent. For that they are read once. A record that was redriven and refused again is left out unless you give --again or its address.',
    '--dry-run sends nothing. It says which records would be accepted, and how the profiles of their users would change as of ' +
      'now. What they would do to decisions, rewards and policies it does not say.',
  ].join('\n\n'),
  examples: [
    ['tipstream dead-letters redrive --dry-run', 'what would be sent, and what it would change'],
    ['tipstream dead-letters redrive --topic tip.served --code unknown_policy --rate 100', 'some of them, 100 a second'],
    ['tipstream dead-letters redrive tip.served-dlt/0/12 --edit fixed.json', 'one, with a corrected value'],
    ['tipstream dead-letters redrive --code wrong_partition --repartition', 'to the partitions of their keys'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  json: 'document',
  options: [
    { flags: '--topic <topic>', help: 'only of this input' },
    { flags: '--code <code>', help: 'only those refused with this code, such as invalid_event' },
    { flags: '--since <time>', help: 'only those refused at this time or later', parse: timeOption('--since') },
    { flags: '--max <number>', help: 'at most so many; the next run goes on', parse: wholeNumber('--max', 1) },
    { flags: '--rate <number>', help: 'at most so many records a second', parse: wholeNumber('--rate', 1) },
    { flags: '--dry-run', help: 'send nothing, and say what would be sent and what it would change' },
    { flags: '--again', help: 'also records that were redriven and refused again' },
    { flags: '--repartition', help: 'to the partition that the key belongs to, instead of the one where the record lay' },
    { flags: '--edit <file>', help: 'of one dead letter: send the bytes of this file as the value, with its user_id as the key' },
  ],
  check({ args: [address], options: { topic, code, since } }) {
    if (address !== undefined && [topic, code, since].some((filter) => filter !== undefined)) {
      throw new UsageError('an address is one dead letter already', { hint: 'Leave --topic, --code and --since out.' });
    }
  },
  changes: ({ args: [address], options: { dryRun = false, edit, topic, code, max } }) =>
    dryRun
      ? undefined
      : {
          action: 'dead_letters.redrive',
          ...(address === undefined ? {} : { target: { kind: 'dead_letter', id: address } }),
          details: { topic, code, max, edited: edit !== undefined },
        },
  async run({ args: [given], options, config, output, json, signal, changed }) {
    const { topicPrefix: prefix, partitioner, maxValueBytes } = config;
    const { code, since: sinceMs, max = Infinity, rate, dryRun = false, repartition = false } = options;
    const address = given === undefined ? undefined : parseAddress(prefix, given);
    const named = address?.topic ?? options.topic;
    const topic = named === undefined ? undefined : inputTopic(prefix, named);
    const edit = options.edit === undefined ? undefined : await readNamed(options.edit, { signal });
    const log = await openExisting(config, dryRun);
    const lock = dryRun ? undefined : lockRedrive(config.data);
    try {
      const state = { ...(await stateSourceOf(config, log)), accepts: acceptanceOf(config) };
      const document = await redrive(
        { log, registry: registryFor(config), state, rules: { partitioner, maxValueBytes } },
        {
          prefix,
          topic,
          code,
          sinceMs,
          address,
          max,
          rate,
          dryRun,
          repartition,
          edit,
          again: options.again === true || address !== undefined,
          nowMs: Date.now(),
          signal,
          onProgress: (what, done, total) => output.progress(`${PROGRESS[what]} ${done} of ${total} records`),
        },
      );
      output.progress('');
      changed({ details: { redriven: document.redriven, left: document.left } });
      if (json) await output.document(document);
      else await printRedrive(output, document);
    } finally {
      lock?.release();
      await log.close();
    }
  },
});

const PROGRESS = { looking: 'looking at', sending: 'redriven' } as const;

/** Nobody means to write to a log that there is not: a directory that was mistyped is said, and not made. */
async function openExisting(config: Config, dryRun: boolean): Promise<Log> {
  const readOnly = await openLog(config, { readOnly: true });
  if (dryRun || config.log === 'kafka') return withoutForgotten(readOnly, config.topicPrefix);
  await readOnly.close();
  return withoutForgotten(await openLog(config), config.topicPrefix);
}
