/**
 * What was asked of a connection is settled when it ends, however it ends: kafkajs alone leaves some requests, and all who share their
 * answers, waiting for ever.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import kafkajs, { type ISocketFactory } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cluster, createCluster, createLogger, openSocket } from '../../../src/log/kafka/internals.js';
import { openPlainSocket } from '../../../src/log/kafka/responses/reader.js';

const API_VERSIONS = 18;
const METADATA = 3;
const REQUEST_TIMEOUT_MS = 20_000;
/** Far below REQUEST_TIMEOUT_MS, so that it is not the time limit of the request that settles it; far above what is needed. */
const SETTLED_WITHIN_MS = 12_000;

/** Says what it speaks, and does not answer anything else. */
class MuteBroker {
  readonly sockets: Socket[] = [];
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  #asked = 0;
  #wake: () => void = () => undefined;

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many requests are waiting for an answer. */
  async asked(count: number): Promise<void> {
    while (this.#asked < count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const request = received.subarray(4, 4 + received.readInt32BE(0));
        received = received.subarray(4 + request.length);
        if (request.readInt16BE(0) === API_VERSIONS) socket.write(apiVersions(request.readInt32BE(4)));
        else {
          this.#asked++;
          this.#wake();
        }
      }
    });
  }
}

function apiVersions(correlationId: number): Buffer {
  const keys = [
    [API_VERSIONS, 0, 2],
    [METADATA, 0, 5],
  ];
  const answer = Buffer.alloc(4 + 4 + 2 + 4 + 6 * keys.length + 4);
  answer.writeInt32BE(answer.length - 4, 0);
  answer.writeInt32BE(correlationId, 4);
  answer.writeInt32BE(keys.length, 10);
  keys.flat().forEach((number, index) => answer.writeInt16BE(number, 14 + 2 * index));
  return answer;
}

async function outcome(work: Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('still waiting'), SETTLED_WITHIN_MS)));
  const settled = work.then(
    () => 'answered',
    (error: unknown) => (error as Error).name,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

describe.each([
  ['as it is read without TLS', openPlainSocket],
  ['as it is read with TLS', openSocket],
])('a request under way, %s,', (_, openSocketOf) => {
  let broker: MuteBroker;
  let cluster: Cluster;
  let opened: Socket[];
  const socketFactory: ISocketFactory = (options) => {
    const socket = openSocketOf(options);
    opened.push(socket);
    return socket;
  };

  async function create(requestTimeout: number): Promise<void> {
    const logger = createLogger({ level: kafkajs.logLevel.NOTHING, logCreator: () => () => undefined });
    const address = await broker.listen();
    cluster = createCluster({
      brokers: [address],
      clientId: 'test',
      connectionTimeout: 5000,
      logger,
      socketFactory,
      requestTimeout,
      metadataMaxAge: 1000,
      allowAutoTopicCreation: false,
      isolationLevel: 1,
      retry: { retries: 0 },
    });
  }

  beforeEach(() => {
    opened = [];
    broker = new MuteBroker();
  });
  afterEach(() => broker.close());

  it('fails when its socket is destroyed, as it is when a log is closed', async () => {
    await create(REQUEST_TIMEOUT_MS);
    await cluster.connect();
    const asking = outcome(cluster.addMultipleTargetTopics(['topic']));
    await broker.asked(1);
    for (const socket of opened) socket.destroy();
    expect(await asking).toBe('KafkaJSConnectionClosedError');
  });

  it('fails soon when its connection is given up and the broker neither answers nor dies', async () => {
    await create(REQUEST_TIMEOUT_MS);
    await cluster.connect();
    const asking = outcome(cluster.addMultipleTargetTopics(['topic']));
    await broker.asked(1);
    expect(await Promise.all([asking, outcome(cluster.disconnect())])).toEqual(['KafkaJSConnectionClosedError', 'answered']);
  });

  it('ends its connection when its time is over, and the next request has another', async () => {
    await create(500);
    await cluster.connect();
    expect(await outcome(cluster.addMultipleTargetTopics(['topic']))).toBe('KafkaJSRequestTimeoutError');
    const { length } = broker.sockets;
    await expect.poll(() => broker.sockets[0]!.destroyed, { timeout: SETTLED_WITHIN_MS }).toBe(true);
    expect(await outcome(cluster.refreshMetadata())).toBe('KafkaJSRequestTimeoutError');
    expect(broker.sockets.length).toBe(length + 1);
  });
});
