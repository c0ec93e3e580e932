/**
 * Records as JSON, the way `tail` prints them and `produce` reads them: bytes are text when they are UTF-8, else {"base64": "..."}; headers
 * are an object, with an array where a name repeats. A value that is JSON is printed as its bytes write it: no number is rounded, no
 * member dropped, and it may be nested as deeply as its length allows.
 */
import { isUtf8 } from 'node:buffer';
import type { LogRecord, RecordHeaders } from '../log/port.js';

export type BytesJson = string | { readonly base64: string };
/** null: the header has no value. */
export type HeaderJson = BytesJson | null;
export type HeadersJson = Readonly<Record<string, HeaderJson | readonly HeaderJson[]>>;

/** JSON as it is written, to be put into a document as it is. */
export class JsonText {
  constructor(readonly text: string) {}
}

export interface RecordJson {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp_ms: number;
  readonly key: BytesJson | null;
  /** The JSON that the value holds, or stands for; else its text; else its bytes. */
  readonly value: JsonText | BytesJson | null;
  readonly headers: HeadersJson;
}

export function recordToJson(record: LogRecord): RecordJson {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp_ms: record.timestampMs,
    key: record.key === null ? null : bytesToJson(record.key),
    value: record.value === null ? null : valueToJson(record.payload?.ok === true ? record.payload.json : record.value),
    headers: headersToJson(record.headers),
  };
}

/**
 * The form that comes back byte for byte: what is UTF-8 is a text always, never the JSON in it, and headers are pairs, whose order and
 * repetitions an object would lose.
 */
export function recordToRawJson(record: LogRecord) {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp_ms: record.timestampMs,
    key: record.key === null ? null : shorterForm(record.key),
    value: record.value === null ? null : shorterForm(record.value),
    headers: record.headers.map(([name, value]) => [name, value === null ? null : bytesToJson(value)] as const),
  };
}

/** One line; with `indent`, a document of several. Members that are JsonText go in as they are. */
export function printFields(fields: object, indent?: number): string {
  const [open, between, close] = indent === undefined ? ['', ',', ''] : ['\n', ',\n', '\n'];
  const margin = ' '.repeat(indent ?? 0);
  const members = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${margin}${JSON.stringify(name)}:${indent === undefined ? '' : ' '}${printValue(value, indent)}`);
  return members.length === 0 ? '{}' : `{${open}${members.join(between)}${close}}`;
}

/** Line ends within JSON are white space: as blanks they leave the record on its line. */
function printValue(value: unknown, indent: number | undefined): string {
  if (value instanceof JsonText) return value.text.replace(/[\r\n]/g, ' ');
  const printed = JSON.stringify(value, null, indent);
  return indent === undefined ? printed : printed.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

export function bytesToJson(bytes: Buffer): BytesJson {
  return isUtf8(bytes) ? bytes.toString('utf8') : base64Json(bytes);
}

const base64Json = (bytes: Buffer): BytesJson => ({ base64: bytes.toString('base64') });

/** A text of control characters takes six bytes for each; as base64 no line is longer than it must be. */
function shorterForm(bytes: Buffer): BytesJson {
  const form = bytesToJson(bytes);
  if (typeof form !== 'string' || bytes.length < 1_024) return form;
  return JSON.stringify(form).length > 2 * bytes.length ? base64Json(bytes) : form;
}

function valueToJson(bytes: Buffer): JsonText | BytesJson {
  const form = bytesToJson(bytes);
  if (typeof form !== 'string') return form;
  try {
    JSON.parse(form);
    return new JsonText(form);
  } catch {
    return form;
  }
}

export function headersToJson(headers: RecordHeaders): HeadersJson {
  const byName = new Map<string, HeaderJson[]>();
  for (const [name, bytes] of headers) {
    const values = byName.get(name);
    const value = bytes === null ? null : bytesToJson(bytes);
    if (values) values.push(value);
    else byName.set(name, [value]);
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

/** An object of texts, nulls, {"base64"} objects and arrays of these; undefined for anything else. */
export function headersFromJson(json: unknown): RecordHeaders | undefined {
  return typeof json !== 'object' || json === null || Array.isArray(json) ? undefined : headersOf(pairsOf(json));
}

/** As recordToRawJson writes them, a list of [name, value] pairs, or as `headersFromJson` takes them. */
export function rawHeadersFromJson(json: unknown): RecordHeaders | undefined {
  return Array.isArray(json) ? headersOf(json.map(pairOf)) : headersFromJson(json);
}

type Pair = readonly [name: unknown, value: unknown];

function headersOf(pairs: readonly Pair[]): RecordHeaders | undefined {
  const headers: [string, Buffer | null][] = [];
  for (const [name, item] of pairs) {
    const bytes = item === null ? null : bytesFromJson(item);
    if (bytes === undefined || typeof name !== 'string') return undefined;
    headers.push([name, bytes]);
  }
  return headers;
}

const pairsOf = (object: object): Pair[] =>
  Object.entries(object).flatMap(([name, given]: [string, unknown]) =>
    Array.isArray(given) ? given.map((item): Pair => [name, item]) : [[name, given] as const],
  );
const pairOf = (item: unknown): Pair => (Array.isArray(item) && item.length === 2 ? [item[0], item[1]] : [undefined, undefined]);
