import { readWholeLetter } from '../../../dead-letters/whole-letter.js';
import { openLog } from '../../../log/open.js';
import { withoutForgotten } from '../../../log/without-forgotten.js';
import { printFields } from '../../../producer/json-form.js';
import { defineCommand } from '../../command.js';
import { inputTopic } from '../../topic-argument.js';
import { parseAddress } from './address.js';

export const deadLettersShowCommand = defineCommand({
  name: 'show',
  arguments: '<address>',
  summary: 'Print one dead letter whole, as JSON',
  details:
    'ADDRESS is TOPIC/PARTITION/OFFSET of the dead letter, as `list` prints it. Key and value are printed as they read and in ' +
    'hexadecimal, and with them the JSON Schema of the topic that refused the record.',
  examples: [['tipstream dead-letters show tip.served-dlt/0/12', 'why, where from, the headers, key and value, and what the schema wants']],
  groups: ['log', 'kafka', 'registry'],
  json: 'document',
  async run({ args: [given], config, output }) {
    const address = parseAddress(config.topicPrefix, given!);
    const log = withoutForgotten(await openLog(config, { readOnly: true }), config.topicPrefix);
    try {
      const letter = await readWholeLetter(log, address, inputTopic(config.topicPrefix, address.topic));
      await output.write(`${printFields(letter, 2)}\n`);
    } finally {
      await log.close();
    }
  },
});
