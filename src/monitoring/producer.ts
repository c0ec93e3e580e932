/**
 * Who wrote a record, as far as the record says: the `source` of its CloudEvents envelope, else the event's own `source`, else its
 * `policy`. Kafka keeps no name of a producer with a record. Pure.
 */
import { looksStructured } from '../events/cloudevents.js';
import type { LogRecord } from '../log/port.js';

export const UNNAMED = '(unnamed)';
const SPECVERSION = Buffer.from('"specversion"');

export function producerOf(record: Pick<LogRecord, 'headers' | 'value' | 'payload'>, event: object): string {
  const { source, policy } = event as { readonly source?: unknown; readonly policy?: unknown };
  const named = envelopeSource(record) ?? source ?? policy;
  return typeof named === 'string' && named !== '' ? named : UNNAMED;
}

function envelopeSource({ headers, value, payload }: Pick<LogRecord, 'headers' | 'value' | 'payload'>): unknown {
  const header = headers.find(([name]) => name === 'ce_source')?.[1];
  if (header != null) return header.toString();
  const json = payload?.ok === true ? payload.json : value;
  if (json === null || !json.includes(SPECVERSION)) return undefined;
  const body = JSON.parse(json.toString()) as object; // it was decoded before
  return looksStructured(body) ? (body as { readonly source?: unknown }).source : undefined;
}
