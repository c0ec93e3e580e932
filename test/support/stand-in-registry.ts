/** A Schema Registry on loopback: the part of Confluent's REST protocol that readers use, with the faults that a test asks for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FixtureSchema } from './registry-fixtures.js';

export type RegistryFault =
  | { readonly status: number; readonly body?: unknown }
  /** The answer comes after so many ms. */
  | { readonly slowMs: number }
  | 'hangs'
  /** The connection is cut in the middle of the answer. */
  | 'cut';

export interface StandInOptions {
  readonly schemas?: readonly FixtureSchema[];
  /** USER:PASSWORD that it wants; absent: it lets everybody in. */
  readonly auth?: string;
  /** Does not know GUIDs, as registries before Confluent Platform 8. */
  readonly old?: boolean;
}

export class StandInRegistry {
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** Of every request, until it is set to undefined. */
  fault: RegistryFault | undefined;
  schemas: FixtureSchema[];
  readonly #options: StandInOptions;
  #server: Server | undefined;
  #port = 0;

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.schemas = [...(options.schemas ?? [])];
  }

  static async open(options: StandInOptions = {}): Promise<StandInRegistry> {
    const registry = new StandInRegistry(options);
    await registry.comeBack();
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Refuses connections, until it comes back at the same address. */
  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  async comeBack(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!;
    this.asked.push(path);
    const { fault } = this;
    if (fault === 'hangs') return;
    if (fault !== undefined && fault !== 'cut' && 'slowMs' in fault) await new Promise((resolve) => setTimeout(resolve, fault.slowMs));
    if (fault !== undefined && fault !== 'cut' && 'status' in fault)
      return send(response, fault.status, fault.body ?? { error_code: fault.status });
    const { auth } = this.#options;
    if (auth !== undefined && request.headers.authorization !== `Basic ${Buffer.from(auth).toString('base64')}`)
      return send(response, 401, { error_code: 401, message: `Unauthorized: ${request.headers.authorization}` });
    const [status, body] = this.#found(path);
    if (fault !== 'cut') return send(response, status, body);
    response.writeHead(status, { 'content-type': TYPE, 'content-length': '1000' });
    response.write(JSON.stringify(body).slice(0, 10), () => response.destroy());
  }

  #found(path: string): [status: number, body: unknown] {
    const url = new URL(path, this.url);
    if (url.pathname === '/schemas/types') return [200, ['JSON', 'PROTOBUF', 'AVRO']];
    const [, kind, by, name, versions, version] = url.pathname.split('/').map(decodeURIComponent);
    if (kind === 'schemas' && by === 'ids') return this.#schema(this.schemas.find(({ id }) => String(id) === name));
    if (kind === 'schemas' && by === 'guids' && this.#options.old !== true)
      return this.#schema(this.schemas.find(({ guid }) => guid === name));
    if (kind === 'subjects' && name === 'versions') {
      const found = this.schemas.find((one) => one.subject === by && String(one.version) === versions && version === undefined);
      return found === undefined ? [404, { error_code: 40402, message: 'Version not found.' }] : [200, found];
    }
    return [404, { error_code: 404, message: 'HTTP 404 Not Found' }];
  }

  /** AVRO is the type that is not said. */
  #schema(found: FixtureSchema | undefined): [status: number, body: unknown] {
    if (found === undefined) return [404, { error_code: 40403, message: 'Schema not found' }];
    const { schema, schemaType, references, guid } = found;
    return [200, { schema, guid, ...(schemaType === 'AVRO' ? {} : { schemaType }), ...(references.length === 0 ? {} : { references }) }];
  }
}

const TYPE = 'application/vnd.schemaregistry.v1+json';

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': TYPE });
  response.end(JSON.stringify(body));
}
