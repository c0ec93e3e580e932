import { TipstreamError } from '../../../errors.js';
import { readDeadLetterReason } from '../../../events/dead-letter.js';
import { openLog } from '../../../log/open.js';
import type { LogRecord, Log } from '../../../log/port.js';
import { recordAt } from '../../../log/record-at.js';
import { headersToJson, printFields, recordToJson } from '../../../producer/json-form.js';
import { originalHeaders } from '../../../events/dead-letter.js';
import { eventSchema } from '../../../contracts/json-schema.js';
import { defineCommand } from '../../command.js';
import { inputTopic } from '../../topic-argument.js';
import { parseAddress } from './address.js';
import { summaryOf } from './summary.js';

export const deadLettersShowCommand = defineCommand({
  name: 'show',
  arguments: '<address>',
  summary: 'Print one dead letter whole, as JSON',
  details:
    'ADDRESS is TOPIC/PARTITION/OFFSET of the dead letter, as `list` prints it. Key and value are printed as they read and in ' +
    'hexadecimal, and with them the JSON Schema of the topic that refused the record.',
  examples: [['tipstream dead-letters show tip.served-dlt/0/12', 'why, where from, the headers, key and value, and what the schema wants']],
  groups: ['log', 'kafka'],
  json: 'document',
  async run({ args: [address], config, output }) {
    const { topic, partition, offset } = parseAddress(config.topicPrefix, address!);
    const log = await openLog(config, { readOnly: true });
    try {
      const record = await readOne(log, topic, partition, offset);
      if (record === undefined)
        throw new TipstreamError('not_found', `there is no record ${topic}/${partition}/${offset}`, {
          details: { topic, partition, offset },
        });
      const letter = { record, reason: readDeadLetterReason(record.headers) };
      const letterFields = {
        ...summaryOf(letter),
        group: letter.reason.group,
        timestamp_ms: record.timestampMs,
        value: recordToJson(record).value,
        key_hex: record.key?.toString('hex') ?? null,
        value_hex: record.value?.toString('hex') ?? null,
        headers: headersToJson(originalHeaders(record.headers)),
        schema: eventSchema(inputTopic(config.topicPrefix, topic)),
      };
      await output.write(`${printFields(letterFields, 2)}\n`);
    } finally {
      await log.close();
    }
  },
});

async function readOne(log: Log, topic: string, partition: number, offset: number): Promise<LogRecord | undefined> {
  const range = (await log.offsets(topic)).get(partition);
  if (range === undefined || offset < range.low || offset >= range.end) return undefined;
  return recordAt(log, { topic, partition, offset });
}
