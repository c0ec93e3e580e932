import { readDeadLetters, type DeadLetter } from '../../../log/dead-letters.js';
import { openLog } from '../../../log/open.js';
import { bytesToJson } from '../../../producer/json-form.js';
import { defineCommand } from '../../command.js';
import { wholeNumber } from '../../option-parsers.js';
import { inputTopic } from '../../topic-argument.js';

interface ListOptions {
  readonly topic?: string;
  readonly code?: string;
  readonly max: number;
}

export const deadLettersListCommand = defineCommand<ListOptions>({
  name: 'list',
  summary: 'List dead letters, the newest last',
  examples: [
    ['tipstream dead-letters list', 'a table'],
    ['tipstream dead-letters list --topic tip.served --code invalid_event --json', 'as JSON, with messages'],
  ],
  groups: ['log', 'kafka'],
  json: 'document',
  options: [
    { flags: '--topic <topic>', help: 'only of this input' },
    { flags: '--code <code>', help: 'only those refused with this code, such as invalid_event' },
    { flags: '--max <number>', help: 'at most so many, the newest', parse: wholeNumber('--max', 1), default: 1_000 },
  ],
  async run({ options, config, output, json, signal }) {
    const topic = options.topic === undefined ? undefined : inputTopic(config.topicPrefix, options.topic);
    const log = await openLog(config, { readOnly: true });
    try {
      let newest: DeadLetter[] = [];
      let matching = 0;
      for await (const letter of readDeadLetters(log, { prefix: config.topicPrefix, topic, code: options.code, signal })) {
        matching++;
        newest.push(letter);
        if (newest.length >= 2 * options.max + 1_000) newest = keepNewest(newest, options.max);
      }
      newest = keepNewest(newest, options.max);
      if (json) await output.document(newest.map(summaryOf));
      else if (matching === 0) output.note('no dead letters');
      else await output.table(HEADINGS, newest.map(summaryOf).map(row));
      if (matching > newest.length) output.note(`the newest ${newest.length} of ${matching}; --max shows more`);
    } finally {
      await log.close();
    }
  },
});

function keepNewest(letters: DeadLetter[], max: number): DeadLetter[] {
  return letters.sort((a, b) => failedAt(a) - failedAt(b)).slice(-max);
}

const failedAt = ({ record, reason }: DeadLetter): number => reason.failedAtMs ?? record.timestampMs;

/** Its own address, then that of the record it holds. */
export function summaryOf({ record, reason }: DeadLetter) {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    source_topic: reason.topic,
    source_partition: reason.partition,
    source_offset: reason.offset,
    stage: reason.stage,
    code: reason.code,
    message: reason.message,
    failed_at_ms: reason.failedAtMs,
    redrive_count: reason.redriveCount,
    key: record.key === null ? null : bytesToJson(record.key),
  };
}

const HEADINGS = ['DEAD LETTER', 'SOURCE', 'FAILED AT', 'KEY', 'CODE', 'MESSAGE'];

function row(letter: ReturnType<typeof summaryOf>): (string | null)[] {
  const { key, failed_at_ms: failedAtMs } = letter;
  return [
    `${letter.topic}/${letter.partition}/${letter.offset}`,
    `${letter.source_topic ?? '?'}/${letter.source_partition ?? '?'}/${letter.source_offset ?? '?'}`,
    failedAtMs === null || failedAtMs > 8.64e15 ? null : new Date(failedAtMs).toISOString(),
    key === null || typeof key === 'string' ? key : JSON.stringify(key),
    letter.code,
    letter.message,
  ];
}
