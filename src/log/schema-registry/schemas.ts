/**
 * The schemas that a process has met, by id: asked for once, however many wait for one, and kept, because a registry never changes them.
 * What a registry does not know is asked for again after a while: it may be behind, or be given the schema later.
 */
import { reject, type Rejected } from '../../events/rejection.js';
import { schemaText, type SchemaRef } from '../../events/wire-format.js';
import { avroReader, parseAvro, type NamedTypes } from './avro-reader.js';
import type { Answer, RegisteredSchema, RegistryClient, SchemaReference } from './client.js';

/** What a payload stands for as JSON; throws BadPayload. A rejection: no payload of this schema can be read. */
export type SchemaReader = { readonly ok: true; readonly json: (payload: Buffer) => Buffer } | Rejected;

/** Far more than any installation's producers use at a time. */
const MAX_SCHEMAS = 1_000;
const MAX_REFERENCES = 200;
const UNKNOWN_FOR_MS = 10_000;

interface Kept {
  readonly reader: SchemaReader;
  /** performance.now() from which on it is asked for again; Infinity: never. */
  readonly untilMs: number;
}

export class Schemas {
  readonly #client: RegistryClient;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  readonly #asked = new Map<string, Promise<SchemaReader>>();

  constructor(client: RegistryClient) {
    this.#client = client;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** undefined: it is not known here. */
  known(ref: SchemaRef): SchemaReader | undefined {
    const key = keyOf(ref);
    const kept = this.#kept.get(key);
    if (kept === undefined || performance.now() >= kept.untilMs) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.reader;
  }

  /** One attempt, shared by all who ask meanwhile. Throws schema_registry_unavailable, schema_registry_refused. */
  fetch(ref: SchemaRef): Promise<SchemaReader> {
    const key = keyOf(ref);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#ask(ref, key).finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #ask(ref: SchemaRef, key: string): Promise<SchemaReader> {
    const answer = await this.#client.schema(ref);
    const reader = 'found' in answer ? await this.#readerOf(ref, answer.found) : unknown(ref, answer.why);
    const isPassing = !reader.ok && reader.rejection.code === 'unknown_schema';
    this.#kept.set(key, { reader, untilMs: isPassing ? performance.now() + UNKNOWN_FOR_MS : Infinity });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_SCHEMAS) break;
      this.#kept.delete(oldest);
    }
    return reader;
  }

  async #readerOf(ref: SchemaRef, registered: RegisteredSchema): Promise<SchemaReader> {
    const type = registered.schemaType ?? 'AVRO';
    // Our own schemas judge the event: the registry's would say the same of it, or something that nobody here asked.
    if (type === 'JSON') return { ok: true, json: (payload) => payload };
    if (type !== 'AVRO')
      return reject('unsupported_schema', `${schemaText(ref)} at ${this.#client.where} is of type ${type}: tipstream reads JSON and AVRO`);
    const known: NamedTypes = {};
    const missing = await this.#parseReferences(registered.references ?? [], known, new Set());
    if (missing !== undefined) return unknown(ref, missing);
    try {
      return { ok: true, json: avroReader(parseAvro(registered.schema, known)) };
    } catch (error) {
      return reject('unsupported_schema', `${schemaText(ref)} at ${this.#client.where} is no Avro schema: ${(error as Error).message}`);
    }
  }

  /** Those that others refer to first. Answers what is wrong with them. */
  async #parseReferences(references: readonly SchemaReference[], known: NamedTypes, seen: Set<string>): Promise<string | undefined> {
    for (const reference of references) {
      const { subject, version } = reference;
      const name = `${subject} version ${version}`;
      if (seen.has(name)) continue;
      if (seen.add(name).size > MAX_REFERENCES) return `it refers to more than ${MAX_REFERENCES} schemas`;
      const answer: Answer = await this.#client.version(reference);
      if (!('found' in answer)) return `it refers to ${name}: ${answer.why}`;
      const missing = await this.#parseReferences(answer.found.references ?? [], known, seen);
      if (missing !== undefined) return missing;
      try {
        parseAvro(answer.found.schema, known);
      } catch (error) {
        return `it refers to ${name}, which is no Avro schema: ${(error as Error).message}`;
      }
    }
    return undefined;
  }
}

const unknown = (ref: SchemaRef, why: string): Rejected => reject('unknown_schema', `${schemaText(ref)} cannot be read: ${why}`);

const keyOf = (ref: SchemaRef): string => ('id' in ref ? String(ref.id) : ref.guid);
