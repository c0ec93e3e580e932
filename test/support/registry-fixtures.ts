/** What Confluent's own Python serializers wrote, and the schemas behind it: test/fixtures/schema-registry/make.py made the file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordHeaders } from '../../src/log/port.js';
import type { TopicName } from '../../src/topics.js';

export interface FixtureSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly guid: string;
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

export interface FixtureRecord {
  readonly name: string;
  readonly topic: TopicName;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: RecordHeaders;
  /** null: tipstream refuses it. */
  readonly event: Readonly<Record<string, unknown>> | null;
}

interface Stored extends Omit<FixtureRecord, 'key' | 'value' | 'headers'> {
  readonly key: string;
  readonly value: string;
  readonly headers: readonly (readonly [string, string])[];
}

const document = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/schema-registry/records.json'), 'utf8')) as {
  readonly schemas: readonly FixtureSchema[];
  readonly records: readonly Stored[];
};

export const FIXTURE_SCHEMAS = document.schemas;
export const FIXTURE_RECORDS: readonly FixtureRecord[] = document.records.map(({ key, value, headers, ...rest }) => ({
  ...rest,
  key: Buffer.from(key),
  value: Buffer.from(value, 'base64'),
  headers: headers.map(([name, text]) => [name, Buffer.from(text, 'base64')] as const),
}));

export const fixture = (name: string): FixtureRecord => FIXTURE_RECORDS.find((record) => record.name === name)!;

/** A payload behind Confluent's five bytes. */
export function framed(id: number, payload: Buffer | string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, Buffer.from(payload)]);
}
