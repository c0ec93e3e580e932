/**
 * One Kafka cluster as this folder uses it: clusters (sets of connections) for reading and writing, kafkajs' own clients for
 * groups and administration, and topic metadata.
 *
 * A broker answers the requests of one connection in turn, so a fetch that waits for new records holds up all that follow it.
 * Hence `reading` never waits, and whoever does wait opens a cluster of its own.
 */
import type { Socket } from 'node:net';
import kafkajs, { type Admin, type Consumer, type ConsumerConfig, type ISocketFactory } from 'kafkajs';
import { answeredWithin, noAnswer } from '../deadline.js';
import { asTipstreamError, rootCause, topicNotFound } from './failures.js';
import {
  type Broker,
  type Cluster,
  createAdmin,
  createCluster,
  createConsumer,
  createLogger,
  type Joins,
  openSocket,
  type PartitionMetadata,
} from './internals.js';
import { type ConnectionConfig, connectionConfig, type KafkaLogOptions, logCreatorFor, type LogFunction } from './options.js';
import { openPlainSocket } from './responses/reader.js';
import { METADATA_MAX_AGE_MS, settledWithin, SHORT_RETRY } from './retry.js';

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const REQUEST_TIMEOUT_MS = 10_000;
const CLOSES_WITHIN_MS = 2000;

export class Connection {
  readonly brokers: readonly string[];
  readonly log: LogFunction;
  readonly admin: Admin;
  readonly reading: Cluster;
  #uncommitted: Cluster | undefined;
  readonly #config: ConnectionConfig;
  readonly #logger;
  readonly #clusters = new Map<Cluster, Sockets>();

  private constructor(config: ConnectionConfig, log: LogFunction | undefined) {
    this.#config = config;
    this.brokers = config.brokers;
    this.log = log ?? (() => undefined);
    this.#logger = createLogger({ level: kafkajs.logLevel.INFO, logCreator: logCreatorFor(log) });
    this.admin = createAdmin(this.newCluster(), this.#logger, SHORT_RETRY);
    this.reading = this.newCluster();
  }

  /** @throws what connectionConfig throws, log_unavailable when no broker answers, log_failed when the credentials are refused */
  static async open(options: KafkaLogOptions): Promise<Connection> {
    const connection = new Connection(await connectionConfig(options), options.log);
    const connected = connection.#connect();
    const { connectsWithinMs } = options;
    try {
      await (connectsWithinMs === undefined
        ? connected
        : answeredWithin(connectsWithinMs, connected, () =>
            noAnswer(`Kafka at ${connection.brokers.join(', ')}`, connectsWithinMs, 'connect'),
          ));
    } catch (error) {
      void connection.close(); // it may take its time: nothing was asked yet
      throw connection.failure(error, 'connect');
    }
    return connection;
  }

  async #connect(): Promise<void> {
    await this.reading.connect();
    await this.admin.connect();
  }

  /** For ends beyond open transactions. */
  get uncommitted(): Cluster {
    return (this.#uncommitted ??= this.newCluster(READ_UNCOMMITTED));
  }

  newCluster(isolationLevel = READ_COMMITTED): Cluster {
    const sockets = new Sockets();
    const cluster = createCluster({
      ...this.#config,
      socketFactory: sockets.open,
      logger: this.#logger,
      retry: SHORT_RETRY,
      requestTimeout: REQUEST_TIMEOUT_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      isolationLevel,
    });
    this.#clusters.set(cluster, sockets);
    return cluster;
  }

  /** On a cluster of its own, which must be closed after it. */
  newConsumer(options: ConsumerConfig, joins: Joins): { readonly consumer: Consumer; readonly cluster: Cluster } {
    const cluster = this.newCluster();
    return { consumer: createConsumer(cluster, this.#logger, options, joins), cluster };
  }

  async closeCluster(cluster: Cluster): Promise<void> {
    const sockets = this.#clusters.get(cluster);
    this.#clusters.delete(cluster);
    sockets?.refuseMore();
    await settledWithin(cluster.disconnect(), CLOSES_WITHIN_MS);
    sockets?.destroy();
  }

  async close(): Promise<void> {
    await Promise.all([
      settledWithin(this.admin.disconnect(), CLOSES_WITHIN_MS),
      ...[...this.#clusters.keys()].map((cluster) => this.closeCluster(cluster)),
    ]);
  }

  failure(error: unknown, action: string): Error {
    return asTipstreamError(error, action, this.brokers);
  }

  /** Runs an administrative action, its errors in tipstream's codes. */
  async attempt<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw this.failure(error, action);
    }
  }
}

/** The sockets of one cluster: a request under way while it is closed must not open another, which would outlive it. */
class Sockets {
  readonly #open = new Set<Socket>();
  #refusing = false;

  readonly open: ISocketFactory = (options) => {
    if (this.#refusing) throw new Error('the log is closed');
    const socket = (options.ssl ? openSocket : openPlainSocket)(options);
    // Else a small request waits for the acknowledgement of the one before it, for up to 40 ms.
    socket.setNoDelay(true);
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      // kafkajs unrefs a dead socket at every failed reconnection, and Node would keep a listener for each.
      socket.unref = () => socket;
    });
    return socket;
  };

  refuseMore(): void {
    this.#refusing = true;
  }

  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/**
 * The topic's partitions from the cluster's cached metadata, fetched when it is unknown. Metadata is asked for all topics at once, those
 * that others ask for meanwhile included: one that is unknown fails them all, and says nothing about this one, which is asked for anew.
 * @throws topic_not_found
 */
export async function partitionsOf(cluster: Cluster, topic: string, fresh = false): Promise<readonly PartitionMetadata[]> {
  await cluster.connect();
  try {
    if (!cluster.targetTopics.has(topic)) await cluster.addMultipleTargetTopics([topic]);
    else if (fresh) await cluster.refreshMetadata();
    else await cluster.refreshMetadataIfNecessary();
    const partitions = cluster.findTopicPartitionMetadata(topic);
    if (partitions.length > 0) return partitions;
    // A refresh that was under way for others, begun before this topic was among the targets, answered for this one too.
    await cluster.refreshMetadataIfNecessary();
  } catch (error) {
    if (!isUnknownTopic(error)) throw error;
    cluster.targetTopics.clear();
    try {
      await cluster.addMultipleTargetTopics([topic]);
    } catch (again) {
      throw isUnknownTopic(again) ? topicNotFound(topic) : again;
    }
  }
  const partitions = cluster.findTopicPartitionMetadata(topic);
  if (partitions.length === 0) throw topicNotFound(topic);
  return partitions;
}

const isUnknownTopic = (error: unknown): boolean => rootCause(error).type === 'UNKNOWN_TOPIC_OR_PARTITION';

/** Sends to a broker, and forgets a connection that was closed so that the next request opens another. */
export async function sendTo<T>(cluster: Cluster, nodeId: number, send: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = await cluster.findBroker({ nodeId });
  try {
    return await send(broker);
  } catch (error) {
    // kafkajs keeps using a connection whose requests time out, though the broker behind it may long be another.
    if (['KafkaJSConnectionClosedError', 'KafkaJSRequestTimeoutError'].includes(rootCause(error).name)) {
      await broker.disconnect();
      cluster.removeBroker(broker.connectionPool);
    }
    throw error;
  }
}
