import type { Log, LogRecord } from '../../log/port.js';
import { openLog } from '../../log/open.js';
import { printFields, recordToJson, recordToRawJson } from '../../producer/json-form.js';
import { defineCommand } from '../command.js';
import { wholeNumber } from '../option-parsers.js';
import { checkSelection, isSelected, startPositions, type Position, type SelectionOptions } from '../record-selection.js';
import { timeOption } from '../time-argument.js';
import { fullNameOf } from '../topic-argument.js';

interface TailOptions extends SelectionOptions {
  readonly max?: number;
  readonly untilEnd?: boolean;
  readonly raw?: boolean;
}

export const tailCommand = defineCommand<TailOptions>({
  name: 'tail',
  arguments: '<topic>',
  summary: 'Print the records of a topic as NDJSON',
  details: [
    'Follows all partitions until --max records or Ctrl-C, starting with what comes next. TOPIC may be given with or ' +
      'without the prefix. Dead-letter topics (tip.served-dlt) are topics too. Keys and values that are not UTF-8 are ' +
      'printed as {"base64": "..."}. With --schema-registry, a value in its wire format is printed as the JSON that it stands for.',
    '--raw prints each record so that `tipstream produce --raw` writes the same bytes again: values as text, headers in order.',
  ].join('\n\n'),
  examples: [
    ['tipstream tail tip.scored', 'decisions as they are made'],
    ['tipstream tail tip.served --from-beginning --until-end | wc -l', 'what there is, then stop'],
    ['tipstream tail tip.feedback --since 2026-11-20T00:00:00Z --key ana --until-end', 'what ana has sent since then'],
    ['tipstream tail tip.served --partition 2 --offset 17 --max 1', 'one record'],
    ['tipstream tail tip.served-dlt --last 10 --until-end --raw > bad.ndjson', 'the newest 10 of each partition, for `produce --raw`'],
  ],
  groups: ['log', 'kafka', 'registry'],
  json: 'lines',
  jsonHelp: 'changes nothing: it always prints one line of JSON a record',
  endsWithReader: () => true,
  options: [
    { flags: '--from-beginning', help: 'start with the oldest record' },
    { flags: '--partition <number>', help: 'read this partition only', parse: wholeNumber('--partition') },
    { flags: '--offset <number>', help: 'start with this offset of --partition', parse: wholeNumber('--offset') },
    { flags: '--since <time>', help: 'print records with this timestamp or a later one; reads all before', parse: timeOption('--since') },
    { flags: '--last <number>', help: 'start so many offsets before the end of each partition', parse: wholeNumber('--last') },
    { flags: '--key <key>', help: 'print records with this key only' },
    { flags: '--raw', help: 'print records as `produce --raw` takes them, byte for byte' },
    { flags: '--max <number>', help: 'stop after so many records', parse: wholeNumber('--max') },
    { flags: '--until-end', help: 'stop at the ends seen at start; partitions are printed one after the other' },
  ],
  check({ options }) {
    checkSelection(options);
  },
  async run({ args: [topic], options, config, output, signal }) {
    const log = await openLog(options.raw ? { ...config, schemaRegistry: null } : config, { readOnly: true });
    const form = options.raw ? recordToRawJson : recordToJson;
    let left = options.max ?? Infinity;
    const done = new AbortController();
    const print = async (records: readonly LogRecord[]): Promise<void> => {
      const shown = records.filter((record) => isSelected(record, options)).slice(0, left);
      left -= shown.length;
      if (left <= 0) done.abort();
      if (shown.length > 0) await output.write(shown.map((record) => `${printFields(form(record))}\n`).join(''));
    };
    try {
      const stop = AbortSignal.any([signal, done.signal]);
      const name = fullNameOf(config.topicPrefix, topic!);
      const positions = startPositions(name, await log.offsets(name), options);
      if (left > 0) await (options.untilEnd ? readToEnds(log, positions, stop, print) : follow(log, positions, stop, print));
    } finally {
      await log.close();
    }
  },
});

type Sink = (records: readonly LogRecord[]) => Promise<void>;

async function readToEnds(log: Log, positions: readonly Position[], signal: AbortSignal, print: Sink): Promise<void> {
  for (const { topic, partition, from, end } of positions) {
    if (signal.aborted) return;
    if (from < end) await unlessAborted(signal, read(log, { topic, partition, from, to: end, signal }, print));
  }
}

/** All partitions at once; the first failure stops the others. */
async function follow(log: Log, positions: readonly Position[], signal: AbortSignal, print: Sink): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const reads = positions.map(({ topic, partition, from }) =>
    unlessAborted(stop, read(log, { topic, partition, from, signal: stop }, print)).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(reads);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function read(log: Log, range: Parameters<Log['read']>[0], print: Sink): Promise<void> {
  for await (const records of log.read(range)) {
    await print(records);
    if (range.signal?.aborted) return;
  }
}

/** A read that was told to stop may end in either way. */
async function unlessAborted(signal: AbortSignal, reading: Promise<void>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
