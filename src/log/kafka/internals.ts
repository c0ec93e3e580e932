/**
 * The parts of kafkajs below its public API that this folder uses, and nothing but those: connections, authentication,
 * metadata and request framing. kafkajs' public consumer cannot read without a group, resets an offset that is out of range
 * without a word, and its public producer cannot tell which partition of a failed request was written; both are decided by
 * the Fetch and Produce requests, so those two are made here. kafkajs is frozen at 2.2.4 and pinned, so these modules do not move.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Admin, Consumer, ConsumerConfig, ISocketFactory, KafkaConfig, logCreator, RetryOptions } from 'kafkajs';
import { TipstreamError } from '../../errors.js';

const require = createRequire(import.meta.url);
/** The version whose insides this file was written for. */
export const KAFKAJS_VERSION = '2.2.4';
refuseOtherVersion((require('kafkajs/package.json') as { version: string }).version);

/** @throws internal */
export function refuseOtherVersion(installed: string): void {
  if (installed === KAFKAJS_VERSION) return;
  throw new TipstreamError('internal', `kafkajs ${installed} is installed, but tipstream uses internals of ${KAFKAJS_VERSION}`, {
    hint: `Install kafkajs ${KAFKAJS_VERSION} exactly, as the package of tipstream says.`,
    details: { installed, needed: KAFKAJS_VERSION },
  });
}

export interface PartitionMetadata {
  readonly partitionId: number;
  /** Node id; -1 while there is none. */
  readonly leader: number;
}

export interface ProtocolRequest<Response> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<unknown>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<Response & { readonly clientSideThrottleTime: number }>;
    parse(decoded: Response): Promise<Response>;
  };
  readonly requestTimeout?: number;
}

export interface Broker {
  readonly nodeId: number;
  /** Api key -> what the broker speaks. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  readonly connectionPool: {
    send<Response>(request: ProtocolRequest<Response>): Promise<Response>;
    readonly host: string;
    readonly port: number;
  };
  disconnect(): Promise<void>;
  initProducerId(options: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
}

export interface TopicOffsetsRequest {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
  readonly fromBeginning: boolean;
}

export interface Cluster {
  readonly targetTopics: Set<string>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  removeBroker(address: { host: string; port: number }): void;
  findBroker(options: { nodeId: number }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  fetchTopicsOffset(
    topics: readonly TopicOffsetsRequest[],
  ): Promise<readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]>;
}

export interface Logger {
  namespace(name: string): Logger;
}

interface ClusterOptions extends Pick<KafkaConfig, 'brokers' | 'clientId' | 'connectionTimeout' | 'ssl' | 'sasl'> {
  readonly logger: Logger;
  readonly socketFactory: ISocketFactory;
  readonly requestTimeout: number;
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly isolationLevel: number;
  readonly retry: RetryOptions;
}

const ClusterClass = require('kafkajs/src/cluster') as new (
  options: ClusterOptions,
) => Cluster & {
  readonly connectionPoolBuilder: { build(address?: unknown): Promise<ConnectionPool> };
  readonly brokerPool: { createBroker(options: unknown): ConnectingBroker };
};
/** What kafkajs uses when it is given none. */
export const openSocket = (require('kafkajs/src/network/socketFactory') as () => ISocketFactory)();

interface ConnectionPool {
  readonly pool: readonly BrokerConnection[];
  getConnection(index?: number): Promise<unknown>;
}

interface BrokerConnection {
  readonly host: string;
  readonly port: number;
  /** The newest. */
  readonly socket?: Socket | null;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  send(request: ProtocolRequest<unknown>): Promise<unknown>;
  rejectRequests(error: Error): void;
  /** Of responses that are not whole yet. */
  chunks: Buffer[];
  readonly bytesBuffered: number;
  processData(bytes: Buffer): void;
}

interface ConnectingBroker {
  readonly connectionPool: { readonly pool: readonly { readonly socket?: Socket | null }[] };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

export function createCluster(options: ClusterOptions): Cluster {
  const cluster = new ClusterClass(options);
  const { brokerPool, connectionPoolBuilder } = cluster;
  const createBroker = brokerPool.createBroker.bind(brokerPool);
  brokerPool.createBroker = (of) => connectWhole(createBroker(of));
  const build = connectionPoolBuilder.build.bind(connectionPoolBuilder);
  connectionPoolBuilder.build = async (address) => {
    const pool = await build(address);
    for (const connection of pool.pool) {
      settleAll(connection);
      keepNothing(connection);
    }
    return connectOnce(pool);
  };
  return cluster;
}

const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors') as {
  KafkaJSConnectionClosedError: new (message: string, at: { host: string; port: number }) => Error;
};
/** How long a connection that is given up waits for the answers to requests under way. */
const LAST_ANSWERS_WITHIN_MS = 2000;

/**
 * Whatever was asked of a connection is settled when its socket is gone, or given up. kafkajs does not notice that a socket is
 * destroyed on our side; a connection that is given up waits for its last answers as long as a request may take; and one whose
 * requests time out is used again, though the broker behind it may long be another: the Java client ends it too.
 */
function settleAll(connection: BrokerConnection): void {
  const connect = connection.connect.bind(connection);
  const disconnect = connection.disconnect.bind(connection);
  const send = connection.send.bind(connection);
  const gone = new WeakMap<Socket, Promise<never>>();
  const closed = (message: string) => new KafkaJSConnectionClosedError(message, connection);
  const whenGone = (socket: Socket): Promise<never> => {
    const promise = new Promise<never>((_, reject) => {
      socket.once('close', () => {
        // kafkajs' own handlers go first: they know why.
        setImmediate(() => {
          reject(closed('Closed connection'));
          if (connection.socket === socket) connection.rejectRequests(closed('Closed connection'));
        });
      });
    });
    promise.catch(() => undefined);
    return promise;
  };
  connection.connect = () => {
    const connected = connect();
    const { socket } = connection;
    if (!socket) return connected;
    if (!gone.has(socket)) gone.set(socket, whenGone(socket));
    return Promise.race([connected, gone.get(socket)!]);
  };
  connection.disconnect = async () => {
    const limit = setTimeout(() => connection.rejectRequests(closed('Disconnected')), LAST_ANSWERS_WITHIN_MS);
    try {
      return await disconnect();
    } finally {
      clearTimeout(limit);
    }
  };
  connection.send = async (request) => {
    try {
      return await send(request);
    } catch (error) {
      if ((error as Error).name === 'KafkaJSRequestTimeoutError') connection.socket?.destroy(error as Error);
      throw error;
    }
  };
}

/** kafkajs keeps an empty buffer after a response, for which it then copies the whole of the next one. */
function keepNothing(connection: BrokerConnection): void {
  const processData = connection.processData.bind(connection);
  connection.processData = (bytes) => {
    processData(bytes);
    if (connection.bytesBuffered === 0) connection.chunks = [];
  };
}

/** From the first packet to the broker's answer about what it speaks and who is asking: whoever needs longer is none, or of no use. */
const HANDSHAKE_WITHIN_MS = 5_000;

/**
 * A peer that takes the connection but does not answer as a broker: kafkajs waits for the time of a whole request, keeps the socket,
 * and calls it connected when it tries again. Said to be a failed connection, it makes way for the next broker of the list.
 */
function connectWhole(broker: ConnectingBroker): ConnectingBroker {
  const connect = broker.connect.bind(broker);
  broker.connect = async () => {
    const limit = setTimeout(() => {
      const error = new Error(`it takes connections, but did not answer as a broker within ${HANDSHAKE_WITHIN_MS} ms`);
      for (const connection of broker.connectionPool.pool) connection.socket?.destroy(error);
    }, HANDSHAKE_WITHIN_MS);
    try {
      await connect();
    } catch (error) {
      await broker.disconnect();
      throw error;
    } finally {
      clearTimeout(limit);
    }
  };
  return broker;
}

/** Two requests that find a connection closed would each open a socket for it, and one of the two would be lost, open. */
function connectOnce(pool: ConnectionPool): ConnectionPool {
  const connect = pool.getConnection.bind(pool);
  const connecting = new Map<number, Promise<unknown>>();
  pool.getConnection = (index = 0) => {
    let promise = connecting.get(index);
    if (promise === undefined) {
      promise = connect(index).finally(() => connecting.delete(index));
      connecting.set(index, promise);
    }
    return promise;
  };
  return pool;
}

export const createLogger = (require('kafkajs/src/loggers') as { createLogger(options: { level: number; logCreator: logCreator }): Logger })
  .createLogger;

/** A request body as kafkajs' framing wants one: an Encoder, of which it reads these two. */
export function requestBody(bytes: Buffer): unknown {
  return { buf: bytes, buffer: bytes };
}

const newAdmin = require('kafkajs/src/admin') as (options: {
  cluster: Cluster;
  logger: Logger;
  retry: RetryOptions;
  instrumentationEmitter: null;
}) => Admin;
const newConsumer = require('kafkajs/src/consumer') as (options: ConsumerConfig & { cluster: Cluster; logger: Logger }) => Consumer;

/** kafkajs' own, on a cluster of ours. */
export function createAdmin(cluster: Cluster, logger: Logger, retry: RetryOptions): Admin {
  return newAdmin({ cluster, logger, retry, instrumentationEmitter: null });
}

/** @param joins runs a join of the group, as often as it takes */
export function createConsumer(cluster: Cluster, logger: Logger, options: ConsumerConfig, joins: Joins): Consumer {
  joinsOn.set(cluster, joins);
  keepTrying(cluster as GroupCluster);
  return newConsumer({ ...options, cluster, logger });
}

interface GroupCluster extends Cluster {
  getNodeIds(): readonly string[];
  findGroupCoordinator(options: { groupId: string }): Promise<Broker>;
}

/**
 * kafkajs' consumer tries again for as long as it is told, but takes a cluster that has given up, or has no broker left, for the end:
 * it would begin anew as another member, and the group would wait until the session of the first is over.
 */
function keepTrying(cluster: GroupCluster): void {
  for (const method of ['connect', 'refreshMetadata', 'refreshMetadataIfNecessary', 'findBroker', 'findGroupCoordinator'] as const) {
    const run = cluster[method].bind(cluster) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(cluster, {
      [method]: (...args: unknown[]) => run(...args).catch((error: unknown) => Promise.reject(worthTrying(error))),
    });
  }
  const getNodeIds = cluster.getNodeIds.bind(cluster);
  let known: readonly string[] = [];
  cluster.getNodeIds = () => {
    const now = getNodeIds();
    if (now.length > 0) known = now;
    return known;
  };
}

/** What made a cluster give up, where that may pass. */
function worthTrying(error: unknown): Error {
  let cause = error as Error & { readonly retriable?: boolean };
  while (cause.name === 'KafkaJSNumberOfRetriesExceeded' && cause.cause instanceof Error) cause = cause.cause;
  return cause.retriable === true ? cause : (error as Error);
}

export type Joins = (join: () => Promise<void>) => Promise<void>;
const joinsOn = new WeakMap<Cluster, Joins>();

/**
 * kafkajs takes a join that failed for one that was not needed: it goes back to heartbeats, in a generation for which it may have no
 * assignment, or without a member id and then without heartbeats too, and never joins again unless the group happens to rebalance.
 */
const { prototype: consumerGroup } = require('kafkajs/src/consumer/consumerGroup') as {
  prototype: { readonly cluster: Cluster; joinAndSync(): Promise<void> };
};
const { joinAndSync } = consumerGroup;
consumerGroup.joinAndSync = function () {
  const join = () => joinAndSync.call(this);
  return joinsOn.get(this.cluster)?.(join) ?? join();
};

interface ProtocolError {
  readonly type: string;
  readonly code: number;
  readonly retriable: boolean;
}

/** Kafka's error of that number, as an Error with its `type` (NOT_LEADER_FOR_PARTITION and the like). */
export const errorFromCode = (require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error & ProtocolError })
  .createErrorFromCode;

/** A Fetch request, version 11. */
export const encodeFetch = require('kafkajs/src/protocol/requests/fetch/v11/request') as (options: {
  replicaId: number;
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  isolationLevel: number;
  topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
}) => ProtocolRequest<never>['request'];

/** The checksum of a record batch. */
export const crc32c = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;
