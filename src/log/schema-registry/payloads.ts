/**
 * The payloads of records: what their values stand for by the schemas that they name. Records that name none pass as they are, for the
 * price of a look at the first byte, and so does everything while nothing is missing; else the registry is asked, and asked again with
 * growing pauses while it cannot answer.
 */
import { backOffMs, pause, SCHEMA_REGISTRY } from '../../back-off.js';
import { TipstreamError } from '../../errors.js';
import type { Payload } from '../../events/decode.js';
import { reject } from '../../events/rejection.js';
import { framedValue, schemaText, type Framed, type SchemaRef } from '../../events/wire-format.js';
import type { LogRecord } from '../port.js';
import { BadPayload } from './avro-bytes.js';
import type { SchemaReader, Schemas } from './schemas.js';

export interface Waiting {
  /** What is wrong with the registry. */
  readonly error: TipstreamError;
  /** The schema that is waited for. */
  readonly schema: SchemaRef;
  /** From 1 on. */
  readonly attempt: number;
}

export interface Wait {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Gives up after so long, ms; absent: never. A refusal of the registry is thrown at once where there is an end. */
  readonly limitMs?: number | undefined;
  readonly onWait?: (waiting: Waiting) => void;
}

export class Payloads {
  readonly #schemas: Schemas;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /** The records with their payloads; undefined: a schema is missing. */
  attach(records: readonly LogRecord[]): readonly LogRecord[] | undefined {
    return this.#attach(records, (ref) => this.#schemas.known(ref));
  }

  /** Asks for what is missing. Throws schema_registry_unavailable, schema_registry_refused and the signal's reason. */
  async resolve(records: readonly LogRecord[], wait: Wait): Promise<readonly LogRecord[]> {
    const readers = new Map<string, SchemaReader>();
    for (const record of records) {
      const ref = framedOf(record)?.schema;
      if (ref === undefined || readers.has(schemaText(ref))) continue;
      readers.set(schemaText(ref), this.#schemas.known(ref) ?? (await this.#fetch(ref, wait)));
    }
    return this.#attach(records, (ref) => readers.get(schemaText(ref)))!;
  }

  #attach(records: readonly LogRecord[], readerOf: (ref: SchemaRef) => SchemaReader | undefined): readonly LogRecord[] | undefined {
    let attached: LogRecord[] | undefined;
    // One schema describes most records of a fetch.
    let last: { readonly ref: SchemaRef; readonly reader: SchemaReader } | undefined;
    for (let i = 0; i < records.length; i++) {
      const record = records[i]!;
      const framed = framedOf(record);
      if (framed === undefined) continue;
      if (last === undefined || !isSameRef(last.ref, framed.schema)) {
        const reader = readerOf(framed.schema);
        if (reader === undefined) return undefined;
        last = { ref: framed.schema, reader };
      }
      const { topic, partition, offset, timestampMs, key, value, headers } = record;
      const payload = payloadOf(record, framed, last.reader);
      (attached ??= [...records])[i] = { topic, partition, offset, timestampMs, key, value, headers, payload };
    }
    return attached ?? records;
  }

  async #fetch(schema: SchemaRef, { signal, limitMs, onWait }: Wait): Promise<SchemaReader> {
    const deadline = limitMs === undefined ? Infinity : performance.now() + limitMs;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await within(this.#schemas.fetch(schema), deadline - performance.now(), signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TipstreamError)) throw error;
        const pauseMs = backOffMs(SCHEMA_REGISTRY, attempt) * (0.5 + Math.random() / 2);
        if (limitMs !== undefined && (error.code === 'schema_registry_refused' || performance.now() + pauseMs >= deadline)) throw error;
        onWait?.({ error, schema, attempt });
        await pause(pauseMs, signal);
      }
    }
  }
}

function isSameRef(one: SchemaRef, other: SchemaRef): boolean {
  return 'id' in one ? 'id' in other && one.id === other.id : 'guid' in other && one.guid === other.guid;
}

/** The first byte tells of almost all. */
function framedOf({ value, headers }: LogRecord): Framed | undefined {
  return value === null || (headers.length === 0 && value[0] !== 0) ? undefined : framedValue(value, headers);
}

function payloadOf({ topic }: LogRecord, { schema, payload }: Framed, reader: SchemaReader): Payload {
  if (!reader.ok) {
    const { code, message } = reader.rejection;
    return reject(code, `${message} (${topic}; by default of subject ${topic}-value)`);
  }
  try {
    return { ok: true, json: reader.json(payload) };
  } catch (error) {
    if (error instanceof BadPayload || error instanceof RangeError)
      return reject('bad_payload', `the value is not what ${schemaText(schema)} says: ${error.message}`);
    throw error;
  }
}

/** Others may still wait for what this one does not wait for any more. */
async function within<T>(work: Promise<T>, limitMs: number, signal: AbortSignal | undefined): Promise<T> {
  if (limitMs === Infinity && signal === undefined) return work;
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const late = pause(Math.min(limitMs, 2 ** 31 - 1), either).then((): never => {
    signal?.throwIfAborted();
    throw new TipstreamError('schema_registry_unavailable', 'the Schema Registry has not answered in time', {
      hint: 'Check that it runs, and --schema-registry.',
    });
  });
  late.catch(() => undefined);
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => over.abort());
}
