/** An OpenAI-compatible gateway on loopback that answers as a test says, call by call, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** performance.now() when it had been read. */
  readonly atMs: number;
}

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a text, else as JSON. */
  readonly body?: unknown;
  /** The connection is cut; nothing is answered. */
  readonly cut?: true;
  /** Nothing is ever answered. */
  readonly silent?: true;
}

export function completion(text: string | null, more: object = {}): StubAnswer {
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'stub-1-2026',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 90, completion_tokens: 12, total_tokens: 102 },
      ...more,
    },
  };
}

export class StubGateway {
  readonly calls: StubCall[] = [];
  /** Callers that left before they were answered. */
  gone = 0;
  readonly #server: Server;
  readonly #key: string | undefined;
  #answers: StubAnswer[] = [];
  #port = 0;

  private constructor(key: string | undefined) {
    this.#key = key;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.calls.push({
          method: request.method!,
          url: request.url!,
          headers: request.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
          atMs: performance.now(),
        });
        response.on('close', () => void (response.writableFinished || this.gone++));
        this.#answer(request.headers, response);
      });
    });
  }

  /** With `key`: other bearer tokens are refused as OpenAI does, repeating them. */
  static async open(key?: string): Promise<StubGateway> {
    const stub = new StubGateway(key);
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve));
    stub.#port = (stub.#server.address() as AddressInfo).port;
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  /** One answer a call; the last one again and again. */
  answer(...answers: StubAnswer[]): void {
    this.#answers = answers;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ authorization }: IncomingHttpHeaders, response: ServerResponse): void {
    if (this.#key !== undefined && authorization !== `Bearer ${this.#key}`) {
      return send(response, {
        status: 401,
        body: {
          error: { message: `Incorrect API key provided: ${authorization}`, type: 'invalid_request_error', code: 'invalid_api_key' },
        },
      });
    }
    const answer = this.#answers.length > 1 ? this.#answers.shift()! : (this.#answers[0] ?? completion('Pay the bill.'));
    if (answer.cut === true) response.destroy();
    else if (answer.silent !== true) send(response, answer);
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: StubAnswer): void {
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
