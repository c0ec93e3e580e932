import { UsageError } from '../../errors.js';
import { openLog } from '../../log/open.js';
import { ensureTopics } from '../../log/ensure-topics.js';
import { openNamed, type NamedFile } from '../../named-file.js';
import { linesOf, MAX_LINE_BYTES, MAX_RAW_LINE_BYTES } from '../../producer/line-reader.js';
import { produceLines, type LineRejection, type ProduceLinesOptions, type ProduceResult } from '../../producer/produce-lines.js';
import type { Log } from '../../log/port.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { featuresFolding } from '../../projections/registry.js';
import { fullTopicName, ROW_TOPICS } from '../../topics.js';
import { counted } from '../output/words.js';
import { knownTopic } from '../topic-argument.js';
import { registryFor } from '../state-source.js';

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
    'Reads NDJSON, one {"topic", "value", "key"?, "headers"?, "timestamp_ms"?} per line, from FILE or, without one or ' +
      'for -, from stdin. It checks each line as the consumer does. Valid ones are written. The others are reported ' +
      'with their line number, and the exit code is 1. The key is the user_id unless the line gives one. On the ' +
      'embedded log, missing topics are created.',
    'With --raw a line is written as it is: "value" (text, null, or JSON) or "value_base64", "key" or "key_base64", "partition".',
  ].join('\n\n'),
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
  check({ options: { raw, topic } }) {
    if (raw === true && topic !== undefined) {
      throw new UsageError('--topic and --raw exclude each other', { hint: 'A raw line names its topic itself: leave --topic out.' });
    }
  },
  changes: ({ options: { raw = false } }) => ({ action: 'events.produce', details: { raw } }),
  async run({ args: [file = '-'], options, config, output, json, signal, changed }) {
    const topic = options.topic === undefined ? undefined : knownTopic(config.topicPrefix, options.topic);
    const { topics: folded } = registryFor(config);
    const input = openNamed(file);
    if (file === '-' && process.stdin.isTTY) output.note('reading events from the terminal; Ctrl-D ends them');
    const written: Record<string, number> = {};
    let log: Log | undefined;
    try {
      log = await openLog(config);
      if (log.kind === 'sqlite') {
        const { topicPrefix: prefix, partitions, given } = config;
        await ensureTopics(log, { prefix, partitions, partitionsGiven: given.has('partitions'), consumed: folded });
      }
      const onRejection = ({ line, code, message }: LineRejection): void => output.note(`line ${line}: ${code}: ${message}`);
      const result = await produceInput(log, input, {
        prefix: config.topicPrefix,
        partitioner: config.partitioner,
        maxValueBytes: config.maxValueBytes,
        signal,
        atomic: options.atomic === true,
        raw: options.raw === true,
        topic,
        onWritten: (lines) => {
          for (const [name, count] of lines) written[name] = (written[name] ?? 0) + count;
          changed({ details: { written } });
        },
        ...(json ? {} : { onRejection }),
      });
      changed({ outcome: result.rejected > 0 && result.accepted === 0 ? 'refused' : 'done', details: { rejected: result.rejected } });
      if (json) await output.document(result);
      else output.note(summary(result, options.atomic === true));
      for (const name of ROW_TOPICS.filter((one) => !folded.includes(one))) {
        const count = written[fullTopicName(config.topicPrefix, name)] ?? 0;
        if (count === 0) continue;
        output.note(`${name}: ${counted(count, 'event')} written; only a service with --features ${featuresFolding(name)} folds them`);
      }
      return result.rejected > 0 ? EXIT.error : EXIT.ok;
    } finally {
      input.close();
      await log?.close();
    }
  },
});

/** A plain file can be read twice, so an atomic one needs no memory: first to check, then to write. */
async function produceInput(log: Log, file: NamedFile, options: ProduceLinesOptions): Promise<ProduceResult> {
  const lines = (): AsyncIterable<Buffer> => linesOf(file.pieces(options.signal), options.raw ? MAX_RAW_LINE_BYTES : MAX_LINE_BYTES);
  if (!options.atomic || !file.isPlain) return produceLines(log, lines(), options);
  const checked = await produceLines(log, lines(), { ...options, checkOnly: true });
  return checked.rejected > 0 ? { ...checked, accepted: 0 } : produceLines(log, lines(), { ...options, atomic: false });
}

function summary({ accepted, rejected }: ProduceResult, atomic: boolean): string {
  const nothing = atomic && rejected > 0 ? '; nothing was written' : '';
  return `${accepted} accepted, ${rejected} rejected${nothing}`;
}
