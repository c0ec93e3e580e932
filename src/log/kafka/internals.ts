/**
 * The parts of kafkajs below its public API that this folder uses, and nothing but those: connections, authentication,
 * metadata and request framing. kafkajs' public consumer cannot read without a group, resets an offset that is out of range
 * without a word, and its public producer cannot tell which partition of a failed request was written; both are decided by
 * the Fetch and Produce requests, so those two are made here. kafkajs is frozen at 2.2.4 and pinned, so these modules do not move.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { ISocketFactory, KafkaConfig, logCreator, RetryOptions } from 'kafkajs';

const require = createRequire(import.meta.url);

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
  readonly connectionPool: { send<Response>(request: ProtocolRequest<Response>): Promise<Response>; readonly host: string; readonly port: number };
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

interface Logger {
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

const ClusterClass = require('kafkajs/src/cluster') as new (options: ClusterOptions) => Cluster & {
  readonly connectionPoolBuilder: { build(address?: unknown): Promise<ConnectionPool> };
  readonly brokerPool: { createBroker(options: unknown): ConnectingBroker };
};
/** What kafkajs uses when it is given none. */
export const openSocket = (require('kafkajs/src/network/socketFactory') as () => ISocketFactory)();

interface ConnectionPool {
  getConnection(index?: number): Promise<unknown>;
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
  connectionPoolBuilder.build = async (address) => connectOnce(await build(address));
  return cluster;
}

/** From the first packet to the broker's answer about what it speaks and who is asking: whoever needs longer is none, or of no use. */
const HANDSHAKE_WITHIN_MS = 5_000;

/**
 * A peer that takes the connection but does not answer as a broker: kafkajs waits for the time of a whole request, keeps the socket, and calls it connected
 * when it tries again. Said to be a failed connection, it makes way for the next broker of the list.
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

export const createLogger = (require('kafkajs/src/loggers') as { createLogger(options: { level: number; logCreator: logCreator }): Logger }).createLogger;

const Encoder = require('kafkajs/src/protocol/encoder') as new () => { writeBuffer(bytes: Buffer): unknown };

/** A request body in the wrapper that kafkajs' framing wants. */
export function requestBody(bytes: Buffer): unknown {
  return new Encoder().writeBuffer(bytes);
}

interface ProtocolError {
  readonly type: string;
  readonly code: number;
  readonly retriable: boolean;
}

/** Kafka's error of that number, as an Error with its `type` (NOT_LEADER_FOR_PARTITION and the like). */
export const errorFromCode = (require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error & ProtocolError }).createErrorFromCode;
