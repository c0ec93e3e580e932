/**
 * Records as JSON, the way `tail` prints them and `produce` reads them: bytes are text when they are UTF-8, else {"base64": "..."}; headers
 * are an object, with an array where a name repeats.
 */
import { isUtf8 } from 'node:buffer';
import type { LogRecord, RecordHeaders } from '../log/port.js';

export type BytesJson = string | { readonly base64: string };
export type HeadersJson = Readonly<Record<string, BytesJson | readonly BytesJson[]>>;

export interface RecordJson {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp_ms: number;
  readonly key: BytesJson | null;
  /** The JSON that the value holds; else its text; else its bytes. */
  readonly value: unknown;
  readonly headers: HeadersJson;
}

export function recordToJson(record: LogRecord): RecordJson {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp_ms: record.timestampMs,
    key: record.key === null ? null : bytesToJson(record.key),
    value: record.value === null ? null : valueToJson(record.value),
    headers: headersToJson(record.headers),
  };
}

export function bytesToJson(bytes: Buffer): BytesJson {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

function valueToJson(bytes: Buffer): unknown {
  const form = bytesToJson(bytes);
  if (typeof form !== 'string') return form;
  try {
    return JSON.parse(form) as unknown;
  } catch {
    return form;
  }
}

export function headersToJson(headers: RecordHeaders): HeadersJson {
  const byName = new Map<string, BytesJson[]>();
  for (const [name, value] of headers) {
    const values = byName.get(name);
    if (values) values.push(bytesToJson(value));
    else byName.set(name, [bytesToJson(value)]);
  }
  return Object.fromEntries([...byName].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]));
}

/** Text, or {"base64": "..."}; undefined for anything else. */
export function bytesFromJson(json: unknown): Buffer | undefined {
  if (typeof json === 'string') return Buffer.from(json);
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'base64') || Object.keys(json).length !== 1) return undefined;
  return base64Bytes((json as { base64: unknown }).base64);
}

export function base64Bytes(text: unknown): Buffer | undefined {
  return typeof text === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** undefined when it is no object of texts, {"base64"} objects and arrays of these. */
export function headersFromJson(json: unknown): RecordHeaders | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const headers: [string, Buffer][] = [];
  for (const [name, given] of Object.entries(json)) {
    for (const item of Array.isArray(given) ? given : [given]) {
      const bytes = bytesFromJson(item);
      if (bytes === undefined) return undefined;
      headers.push([name, bytes]);
    }
  }
  return headers;
}
