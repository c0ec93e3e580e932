import { lettersInFiles, summaryInFile } from '../../../dead-letters/letters-in-files.js';
import { bounded, sourceOf, summaryOf, type DeadLetterSummary } from '../../../dead-letters/summary.js';
import { failedAtMs, readDeadLetters, type DeadLetterFilter } from '../../../log/dead-letters.js';
import { openLog } from '../../../log/open.js';
import { withoutForgotten } from '../../../log/without-forgotten.js';
import type { Log } from '../../../log/port.js';
import { deadLetterDirectory } from '../../../store/directory/layout.js';
import { deadLetterTopic, fullTopicName } from '../../../topics.js';
import { defineCommand } from '../../command.js';
import { wholeNumber } from '../../option-parsers.js';
import { cut } from '../../output/words.js';
import { timeOption } from '../../time-argument.js';
import { inputTopic } from '../../topic-argument.js';

interface ListOptions {
  readonly topic?: string;
  readonly code?: string;
  readonly since?: number;
  readonly max: number;
}

export const deadLettersListCommand = defineCommand<ListOptions>({
  name: 'list',
  summary: 'List dead letters, the newest last',
  details:
    'A record that was refused is listed once, however many owners of its partition sent it. The table cuts long keys and messages, ' +
    'and --json cuts fields beyond 4,096 characters; `show` prints a letter whole. What a topic did not take is in files of the folder ' +
    'dead-letters in the data directory.',
  examples: [
    ['tipstream dead-letters list', 'a table'],
    ['tipstream dead-letters list --topic tip.served --code invalid_event --json', 'as JSON, with messages'],
    ['tipstream dead-letters list --since 2026-11-20T08:00', 'what was refused since then'],
  ],
  groups: ['log', 'kafka'],
  json: 'document',
  options: [
    { flags: '--topic <topic>', help: 'only of this input' },
    { flags: '--code <code>', help: 'only those refused with this code, such as invalid_event' },
    { flags: '--since <time>', help: 'only those refused at this time or later', parse: timeOption('--since') },
    { flags: '--max <number>', help: 'at most so many, the newest', parse: wholeNumber('--max', 1), default: 1_000 },
  ],
  async run({ options, config, output, json, signal }) {
    const topic = options.topic === undefined ? undefined : inputTopic(config.topicPrefix, options.topic);
    const log = withoutForgotten(await openLog(config, { readOnly: true }), config.topicPrefix);
    try {
      const filter = { prefix: config.topicPrefix, topic, code: options.code, sinceMs: options.since, signal };
      let newest: Listed[] = [];
      let matching = 0;
      for await (const letter of listed(log, filter, deadLetterDirectory(config.data))) {
        matching++;
        newest.push(letter);
        if (newest.length >= 2 * options.max + 1_000) newest = keepNewest(newest, options.max);
      }
      newest = keepNewest(newest, options.max);
      const summaries = newest.map(({ repeats, summary }) => (repeats.count === 0 ? summary : { ...summary, repeated: repeats.count }));
      if (json) await output.document(summaries);
      else if (matching === 0) output.note('no dead letters');
      else await output.table(HEADINGS, summaries.map(row));
      if (matching > newest.length) output.note(`the newest ${newest.length} of ${matching}; --max shows more`);
      const kept = summaries.filter((summary) => summary.kept !== undefined).length;
      if (kept > 0 && !json) output.note(`${kept} did not fit their topic: see the files in ${deadLetterDirectory(config.data)}`);
    } finally {
      await log.close();
    }
  },
});

interface Listed {
  readonly summary: DeadLetterSummary;
  readonly failedAtMs: number;
  readonly repeats: { count: number };
}

/**
 * A record's letters lie in one partition of its dead-letter topic, so that identities are remembered for one partition at a time. Of
 * several the first is listed. Summaries alone are held: a value can be a megabyte.
 */
async function* listed(log: Log, filter: DeadLetterFilter, directory: string): AsyncGenerator<Listed> {
  const inFiles = new Map(
    [...lettersInFiles(directory)]
      .filter((letter) => isWanted(filter, letter.record.topic, letter.reason.code, failedAtMs(letter)))
      .map((letter) => [sourceOf(summaryOf(letter)) ?? letter.kept.record, letter]),
  );
  let place = '';
  let seen = new Map<string, Listed['repeats']>();
  for await (const letter of readDeadLetters(log, filter)) {
    const summary = bounded(summaryOf(letter));
    const source = sourceOf(summary);
    const at = `${summary.topic}/${summary.partition}`;
    if (at !== place) seen = new Map();
    place = at;
    const before = source === undefined ? undefined : seen.get(source);
    if (before !== undefined) {
      before.count++;
      continue;
    }
    const repeats = { count: 0 };
    if (source !== undefined) {
      seen.set(source, repeats);
      inFiles.delete(source);
    }
    yield { summary, failedAtMs: failedAtMs(letter), repeats };
  }
  for (const letter of inFiles.values()) yield { summary: summaryInFile(letter), failedAtMs: failedAtMs(letter), repeats: { count: 0 } };
}

function isWanted(
  { prefix, topic, code, sinceMs = 0 }: DeadLetterFilter,
  found: string,
  foundCode: string | null,
  failedAtMs: number,
): boolean {
  if (failedAtMs < sinceMs || (code !== undefined && foundCode !== code)) return false;
  return topic === undefined ? found.startsWith(prefix) : found === deadLetterTopic(fullTopicName(prefix, topic));
}

function keepNewest(letters: Listed[], max: number): Listed[] {
  return letters.sort((a, b) => a.failedAtMs - b.failedAtMs).slice(-max);
}

const HEADINGS = ['DEAD LETTER', 'SOURCE', 'FAILED AT', 'KEY', 'CODE', 'MESSAGE'];
const KEY_WIDTH = 16;
const ADDRESS_WIDTH = 60;
const CODE_WIDTH = 20;
const MESSAGE_WIDTH = 60;

function row(letter: DeadLetterSummary): (string | null)[] {
  const { key, failed_at_ms: failedAtMs, kept } = letter;
  const whole = kept === undefined ? '' : '(in a file) ';
  return [
    cut(letter.offset === null ? `${kept?.record}` : `${letter.topic}/${letter.partition}/${letter.offset}`, ADDRESS_WIDTH),
    cut(`${letter.source_topic ?? '?'}/${letter.source_partition ?? '?'}/${letter.source_offset ?? '?'}`, ADDRESS_WIDTH),
    failedAtMs === null || failedAtMs > 8.64e15 ? null : new Date(failedAtMs).toISOString(),
    key === null ? null : cut(typeof key === 'string' ? key : JSON.stringify(key), KEY_WIDTH),
    letter.code === null ? null : cut(letter.code, CODE_WIDTH),
    letter.message === null ? null : cut(whole + letter.message, MESSAGE_WIDTH),
  ];
}
