/**
 * Questions to a Confluent-compatible Schema Registry, over its REST protocol: GET, with an end to each wait. Of several addresses the one
 * that answered last is asked first. Nothing that a registry writes is put into messages but its numeric error codes: they reach logs.
 */
import { TipstreamError } from '../../errors.js';
import type { SchemaRef } from '../../events/wire-format.js';
import { readText } from '../../read-text.js';
import type { RegistryFacts } from '../port.js';

export interface RegistryOptions {
  /** Base URLs without a slash at their ends, without a user and a password. */
  readonly urls: readonly string[];
  /** USER:PASSWORD, sent as basic authorization. */
  readonly auth?: string | undefined;
  /** Of one request, ms. */
  readonly timeoutMs?: number | undefined;
}

/** A schema as the registry answers it. */
export interface RegisteredSchema {
  readonly schema: string;
  /** Absent: AVRO. */
  readonly schemaType?: string | undefined;
  readonly references?: readonly SchemaReference[] | undefined;
}

export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** `why`: the registry answers, and has no such schema. */
export type Answer = { readonly found: RegisteredSchema } | { readonly why: string };

const REQUEST_MS = 5_000;
const MAX_ANSWER_BYTES = 4 * 1_048_576;
/** Of Confluent's registry: subject, version or schema not found. */
const NOT_FOUND_CODES: ReadonlySet<unknown> = new Set([40401, 40402, 40403]);

export class RegistryClient {
  readonly #options: RegistryOptions;
  readonly #closed = new AbortController();
  readonly #requests = { found: 0, unknown: 0, refused: 0, failed: 0 };
  /** Index of the URL that answered last. */
  #first = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get requests(): RegistryFacts['requests'] {
    return this.#requests;
  }

  /** HOST:PORT of each, as messages name it. */
  get where(): string {
    return `the Schema Registry at ${this.#options.urls.map((url) => new URL(url).host).join(', ')}`;
  }

  /** Throws schema_registry_unavailable (it may pass) and schema_registry_refused (it is a matter of configuration). */
  async schema(ref: SchemaRef): Promise<Answer> {
    const path = 'id' in ref ? `/schemas/ids/${ref.id}` : `/schemas/guids/${ref.guid}`;
    const answer = await this.#ask(path);
    if (answer !== 'no such path') return answer;
    // Registries older than GUIDs answer as other servers would, but know their types of schemas.
    if ('guid' in ref && (await this.#ask('/schemas/types')) !== 'no such path')
      return { why: `${this.where} is too old to look up a schema by its GUID` };
    throw this.#noSuchPath(path);
  }

  /** As `schema`. Deleted versions are answered too: schemas that refer to them stay readable. */
  async version({ subject, version }: SchemaReference): Promise<Answer> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`;
    const answer = await this.#ask(path);
    if (answer !== 'no such path') return answer;
    throw this.#noSuchPath(path);
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort();
  }

  /** Of each address in turn, until one answers. */
  async #ask(path: string): Promise<Answer | 'no such path'> {
    const { urls } = this.#options;
    let failure: TipstreamError | undefined;
    for (let turn = 0; turn < urls.length; turn++) {
      const at = (this.#first + turn) % urls.length;
      const outcome = await this.#get(urls[at]!, path);
      if (outcome instanceof TipstreamError) {
        failure ??= outcome;
        continue;
      }
      this.#first = at;
      return outcome;
    }
    this.#requests.failed += 1;
    throw failure!;
  }

  /** Answers a failure for which the next address may be asked; throws a refusal. */
  async #get(base: string, path: string): Promise<Answer | 'no such path' | TipstreamError> {
    const { auth, timeoutMs = REQUEST_MS } = this.#options;
    const host = new URL(base).host;
    let response: Response;
    let text: string | undefined;
    try {
      response = await fetch(base + path, {
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closed.signal]),
        // The password does not follow a redirect to somewhere else.
        redirect: 'manual',
        headers: {
          accept: 'application/vnd.schemaregistry.v1+json, application/json',
          ...(auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
        },
      });
      text = await readText(response, MAX_ANSWER_BYTES);
    } catch (error) {
      return unavailable(host, whyNot(error, timeoutMs));
    }
    return this.#answer(response.status, text, host, path);
  }

  #answer(status: number, text: string | undefined, host: string, path: string): Answer | 'no such path' | TipstreamError {
    const body = jsonOf(text);
    if (status === 401 || status === 403) {
      const hint = 'Set TIPSTREAM_SCHEMA_REGISTRY_AUTH to USER:PASSWORD of somebody who may read schemas.';
      throw this.#refused(`the Schema Registry at ${host} does not let tipstream read schemas (HTTP ${status})`, hint);
    }
    if (status === 404) {
      const { error_code: code } = (body ?? {}) as { error_code?: unknown };
      if (!NOT_FOUND_CODES.has(code)) return 'no such path';
      this.#requests.unknown += 1;
      return { why: `the Schema Registry at ${host} does not know it (error ${String(code)})` };
    }
    if (status >= 500 || status === 408 || status === 429) return unavailable(host, `it answered HTTP ${status}`);
    if (status < 200 || status > 299)
      throw this.#refused(`the Schema Registry at ${host} answered HTTP ${status} to ${path}`, 'Check --schema-registry.');
    if (path === '/schemas/types') return Array.isArray(body) ? { why: '' } : 'no such path';
    if (!isRegisteredSchema(body)) return unavailable(host, 'its answer is no schema');
    this.#requests.found += 1;
    return { found: body };
  }

  #noSuchPath(path: string): TipstreamError {
    return this.#refused(`there is no ${path} at ${this.where}`, 'Check --schema-registry: it is the base URL of a Schema Registry.');
  }

  #refused(message: string, hint: string): TipstreamError {
    this.#requests.refused += 1;
    return new TipstreamError('schema_registry_refused', message, { hint });
  }
}

function unavailable(host: string, why: string): TipstreamError {
  return new TipstreamError('schema_registry_unavailable', `the Schema Registry at ${host} cannot be asked: ${why}`, {
    hint: 'Check that it runs, and --schema-registry.',
  });
}

function whyNot(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : 'the connection failed';
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}

function isRegisteredSchema(body: unknown): body is RegisteredSchema {
  if (typeof body !== 'object' || body === null) return false;
  const { schema, schemaType, references } = body as Record<keyof RegisteredSchema, unknown>;
  return (
    typeof schema === 'string' &&
    (schemaType == null || typeof schemaType === 'string') &&
    (references == null || (Array.isArray(references) && references.every(isReference)))
  );
}

function isReference(value: unknown): value is SchemaReference {
  if (typeof value !== 'object' || value === null) return false;
  const { name, subject, version } = value as Record<keyof SchemaReference, unknown>;
  return typeof name === 'string' && typeof subject === 'string' && Number.isInteger(version);
}
