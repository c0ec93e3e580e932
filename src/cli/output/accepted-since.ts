/** Of records that were refused when they came and are events now: how many, and what has changed as far as the code tells. */
import type { AcceptedSince } from '../../audit/accepted-since.js';
import type { Output } from './output.js';
import { counted } from './words.js';

const LEARNED = 'the Schema Registry knows the schema now, or can be asked about it';
const WHY: Readonly<Record<string, string>> = {
  wire_format: 'they were read without --schema-registry then',
  unknown_schema: LEARNED,
  unsupported_schema: LEARNED,
};

export function noteAcceptedSince(output: Output, found: readonly AcceptedSince[]): void {
  for (const { partition, topic, code, records, all } of found) {
    const why = WHY[code] ?? 'another option or version accepts them';
    const many = `${all ? '' : 'at least '}${counted(records, 'record')} of ${topic} partition ${partition}`;
    output.note(`refused as ${code} when they came, and events now: ${many}; ${why}`);
  }
}
