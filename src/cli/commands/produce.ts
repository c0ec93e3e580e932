import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { cannotRead, UsageError } from '../../errors.js';
import { openLog } from '../../log/open.js';
import { ensureTopics } from '../../log/ensure-topics.js';
import { linesOf, MAX_LINE_BYTES, MAX_RAW_LINE_BYTES } from '../../producer/line-reader.js';
import { produceLines, type LineRejection, type ProduceLinesOptions, type ProduceResult } from '../../producer/produce-lines.js';
import type { Log } from '../../log/port.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { knownTopic } from '../topic-argument.js';

interface ProduceOptions {
  readonly atomic?: boolean;
  readonly raw?: boolean;
  readonly topic?: string;
}

export const produceCommand = defineCommand<ProduceOptions>({
  name: 'produce',
  arguments: '[file]',
  summary: 'Check events and append them to their topics',
  details: [
    'Reads NDJSON, one {"topic", "value", "key"?, "headers"?, "timestamp_ms"?} per line, from FILE ' +
      'or, without one or for -, from stdin. Each line is checked',
    'as the consumer checks it: valid ones are written, the others are reported with their line ' +
      'number, and the exit code is 1. The key is the user_id',
    'unless the line gives it. On the embedded log, missing topics are created.',
    '\n\nWith --raw a line is written as it is: "value" (text, null, or JSON) or "value_base64", "key" or "key_base64", "partition".',
  ].join(' '),
  examples: [
    ['tipstream produce examples/tour.ndjson', 'write what is valid'],
    ['tail -f app.ndjson | tipstream produce', 'from a pipe, in batches'],
    ['tipstream produce --atomic --json day.ndjson', 'all or nothing, result as JSON'],
    ['tipstream produce --topic tip.served served.ndjson', 'lines that are the events themselves'],
  ],
  groups: ['log', 'kafka', 'events'],
  json: 'document',
  options: [
    { flags: '--atomic', help: 'write nothing when a line is refused (a FILE is read twice; a pipe is held in memory, up to 256 MiB)' },
    { flags: '--raw', help: 'write records as they are given, unchecked: for tests and repairs' },
    { flags: '--topic <topic>', help: 'take each line as an event of this topic; its user_id is the key' },
  ],
  async run({ args: [file = '-'], options, config, output, json, signal }) {
    if (options.raw && options.topic !== undefined) {
      throw new UsageError('--topic and --raw exclude each other', { hint: 'A raw line names its topic itself: leave --topic out.' });
    }
    const topic = options.topic === undefined ? undefined : knownTopic(config.topicPrefix, options.topic);
    if (file !== '-') await mustBeReadable(file);
    else if (process.stdin.isTTY) output.note('reading events from the terminal; Ctrl-D ends them');
    const log = await openLog(config);
    try {
      if (log.kind === 'sqlite') {
        const { topicPrefix: prefix, partitions, given } = config;
        await ensureTopics(log, { prefix, partitions, partitionsGiven: given.has('partitions') });
      }
      const onRejection = ({ line, code, message }: LineRejection): void => output.note(`line ${line}: ${code}: ${message}`);
      const result = await produceInput(log, file, {
        prefix: config.topicPrefix,
        partitioner: config.partitioner,
        maxValueBytes: config.maxValueBytes,
        signal,
        atomic: options.atomic === true,
        raw: options.raw === true,
        topic,
        ...(json ? {} : { onRejection }),
      });
      if (json) await output.document(result);
      else output.note(summary(result, options.atomic === true));
      return result.rejected > 0 ? EXIT.error : EXIT.ok;
    } finally {
      await log.close();
    }
  },
});

/** A regular file can be read twice, so an atomic one needs no memory: first to check, then to write. */
async function produceInput(log: Log, file: string, options: ProduceLinesOptions): Promise<ProduceResult> {
  const pieces = (): AsyncIterable<Buffer> => (file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 }));
  const lines = (): AsyncIterable<Buffer> =>
    linesOf(untilAborted(pieces(), options.signal), options.raw ? MAX_RAW_LINE_BYTES : MAX_LINE_BYTES);
  if (!options.atomic || file === '-' || !(await stat(file)).isFile()) return produceLines(log, lines(), options);
  const checked = await produceLines(log, lines(), { ...options, checkOnly: true });
  return checked.rejected > 0 ? { ...checked, accepted: 0 } : produceLines(log, lines(), { ...options, atomic: false });
}

/** Waiting for input must not outlast Ctrl-C. */
async function* untilAborted(pieces: AsyncIterable<Buffer>, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const stream = pieces as AsyncIterable<Buffer> & { destroy(error: Error): void };
  const stop = (): void => stream.destroy(new Error('interrupted'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    yield* pieces;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function mustBeReadable(file: string): Promise<void> {
  try {
    if ((await stat(file)).isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
    await access(file, constants.R_OK);
  } catch (error) {
    throw cannotRead(file, error);
  }
}

function summary({ accepted, rejected }: ProduceResult, atomic: boolean): string {
  const nothing = atomic && rejected > 0 ? '; nothing was written' : '';
  return `${accepted} accepted, ${rejected} rejected${nothing}`;
}
