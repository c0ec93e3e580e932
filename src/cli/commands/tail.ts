import type { Log, LogRecord } from '../../log/port.js';
import { openLog } from '../../log/open.js';
import { printFields, recordToJson } from '../../producer/json-form.js';
import { defineCommand } from '../command.js';
import { wholeNumber } from '../option-parsers.js';
import { fullNameOf } from '../topic-argument.js';

interface TailOptions {
  readonly fromBeginning?: boolean;
  readonly max?: number;
  readonly untilEnd?: boolean;
}

export const tailCommand = defineCommand<TailOptions>({
  name: 'tail',
  arguments: '<topic>',
  summary: 'Print the records of a topic as NDJSON',
  details: [
    'Follows all partitions until --max records or Ctrl-C, starting with what comes next. TOPIC may ' +
      'be given with or without the prefix; dead-letter topics',
    '(tip.served-dlt) are topics too. Keys and values that are not UTF-8 are printed as {"base64": "..."}.',
  ].join(' '),
  examples: [
    ['tipstream tail tip.scored', 'decisions as they are made'],
    ['tipstream tail tip.served --from-beginning --until-end | wc -l', 'what there is, then stop'],
  ],
  groups: ['log', 'kafka'],
  json: 'lines',
  jsonHelp: 'changes nothing: it always prints one line of JSON a record',
  endsWithReader: () => true,
  options: [
    { flags: '--from-beginning', help: 'start with the oldest record' },
    { flags: '--max <number>', help: 'stop after so many records', parse: wholeNumber('--max') },
    { flags: '--until-end', help: 'stop at the ends seen at start; partitions are printed one after the other' },
  ],
  async run({ args: [topic], options, config, output, signal }) {
    const log = await openLog(config, { readOnly: true });
    let left = options.max ?? Infinity;
    const done = new AbortController();
    const print = async (records: readonly LogRecord[]): Promise<void> => {
      const shown = records.slice(0, left);
      left -= shown.length;
      if (left <= 0) done.abort();
      if (shown.length > 0) await output.write(shown.map((record) => `${printFields(recordToJson(record))}\n`).join(''));
    };
    try {
      const stop = AbortSignal.any([signal, done.signal]);
      const positions = await startPositions(log, fullNameOf(config.topicPrefix, topic!), options.fromBeginning === true);
      if (left > 0) await (options.untilEnd ? readToEnds(log, positions, stop, print) : follow(log, positions, stop, print));
    } finally {
      await log.close();
    }
  },
});

interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly end: number;
}

type Sink = (records: readonly LogRecord[]) => Promise<void>;

async function startPositions(log: Log, topic: string, fromBeginning: boolean): Promise<Position[]> {
  const ranges = [...(await log.offsets(topic))].sort(([a], [b]) => a - b);
  return ranges.map(([partition, { low, end }]) => ({ topic, partition, from: fromBeginning ? low : end, end }));
}

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
