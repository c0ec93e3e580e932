/** Requests over a real socket, with the path and the bytes exactly as given; no URL parser in between. */
import { request, type Agent, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
  readonly agent?: Agent;
}

/** The body is written as fast as the server takes it. */
export async function rawRequest(address: string, { method = 'GET', path, headers = {}, body, agent }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(address);
  const outgoing = request({ hostname, port, method, path, headers, ...(agent === undefined ? {} : { agent }) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.once('response', resolve).once('error', reject));
  for await (const piece of body ?? []) {
    if (!outgoing.write(piece)) await new Promise((resolve) => outgoing.once('drain', resolve));
  }
  outgoing.end();
  const response = await answered;
  return { status: response.statusCode!, headers: response.headers, body: await text(response) };
}

export function connectTo(address: string): Socket {
  const { hostname, port } = new URL(address);
  return connect(Number(port), hostname);
}

/** Sends bytes that may not be HTTP at all; everything that comes back until the connection ends. */
export async function rawBytes(address: string, bytes: string): Promise<string> {
  const socket = connectTo(address);
  socket.write(bytes);
  return text(socket);
}
