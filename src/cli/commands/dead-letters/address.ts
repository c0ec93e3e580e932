import { UsageError } from '../../../errors.js';
import type { RecordAddress } from '../../../log/record-address.js';
import { DEAD_LETTER_SUFFIX } from '../../../topics.js';
import { fullNameOf } from '../../topic-argument.js';

/** TOPIC/PARTITION/OFFSET of a dead letter, its topic with or without the prefix. Throws UsageError. */
export function parseAddress(prefix: string, address: string): RecordAddress {
  const match = /^([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(address);
  if (match === null || !match[1]!.endsWith(DEAD_LETTER_SUFFIX)) {
    throw new UsageError(`${JSON.stringify(address)} is not the address of a dead letter`, {
      hint: 'Give an address such as tip.served-dlt/0/12; `tipstream dead-letters list` prints them.',
    });
  }
  return { topic: fullNameOf(prefix, match[1]!), partition: Number(match[2]), offset: Number(match[3]) };
}
