/**
 * tipstream as a library: produce events, read profiles and rebuild one, in your own process. The service itself is run by the
 * `tipstream` command.
 */
import { withDefinitions } from './definitions/choice.js';
import { loadConfig, type Config } from './config.js';
import { rebuildProfile } from './rebuild/user/rebuild-profile.js';
import { TipstreamError } from './errors.js';
import { kindOf, requireFields, requireId } from './given.js';
import type { RebuiltProfile } from './rebuild/user/rebuilt-profile.js';
import { ensureTopics } from './log/ensure-topics.js';
import { openLog } from './log/open.js';
import type { TipProducer } from './producer/outgoing-event.js';
import { createProducer } from './producer/producer.js';
import { registryOf, type Registry } from './projections/registry.js';
import { withReaderOf } from './store/queries/locate-user.js';
import type { ProfileDocument } from './store/queries/profile-document.js';
import { profileDocument } from './store/queries/profiles.js';
import { guessOfNumber } from './time.js';
import { MAX_TIME_MS } from './topics.js';

export { ERROR_KINDS, TipstreamError, type ErrorCode } from './errors.js';
export type { ProfileDocument } from './store/queries/profile-document.js';
export type { Positions } from './store/positions.js';
export type { RebuiltProfile } from './rebuild/user/rebuilt-profile.js';
export type { RecordAddress } from './log/record-address.js';
export type { EventInput, OutgoingEvent, OutgoingHeaders as RecordHeaders, SendOptions, TipProducer } from './producer/outgoing-event.js';

// What a feature is made of.
export type { AddToCounter, CounterFamily, CounterReader } from './projections/counter.js';
export {
  defineFeature,
  type FeatureDefinition,
  type FeatureDtype,
  type FeatureSource,
  type FeatureValue,
  type FeatureValues,
  type ObjectValue,
} from './projections/feature.js';
export { mostFrequentIndex, mostFrequentKey } from './projections/mode.js';
export { createRegistry, defaultRegistry, type Registry } from './projections/registry.js';
export { servedTips, servedTipsWith } from './projections/served.js';
export type { TipState } from './projections/tip.js';
export { DAY_MS, hasHappened, isInWindow, WINDOW_MS } from './projections/window.js';

export { TOPICS_WITH_SCHEMAS as TOPICS } from './topic-schemas.js';
export {
  TOPIC_NAMES,
  type Action,
  type Candidate,
  type CandidatesEvent,
  type ControlEvent,
  type FeedbackEvent,
  type ProfileFeaturesEvent,
  type ScoredEvent,
  type ServedEvent,
  type TopicName,
} from './topics.js';

/** The options that the command line has too, by their names in config.ts; environment variables are not read. */
export interface TipstreamOptions {
  /** Directory of the embedded log and of the state files; './data' unless given. */
  readonly data?: string | undefined;
  /** Kafka brokers, 'HOST:PORT,HOST:PORT' or a list; the embedded log unless given. */
  readonly brokers?: string | readonly string[] | undefined;
  readonly topicPrefix?: string | undefined;
  /** Partitions of topics that are created now, on the embedded log; 4 unless given. */
  readonly partitions?: number | undefined;
  /** As the service was started with; 'murmur2' unless given. */
  readonly partitioner?: 'murmur2' | 'crc32' | 'any' | undefined;
  /** Larger events are refused; 1,048,576 unless given. */
  readonly maxValueBytes?: number | undefined;
  readonly kafkaSsl?: boolean | undefined;
  /** Paths of PEM files. */
  readonly kafkaCa?: string | undefined;
  readonly kafkaCert?: string | undefined;
  readonly kafkaKey?: string | undefined;
  readonly kafkaSaslMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly kafkaUsername?: string | undefined;
  readonly kafkaPassword?: string | undefined;
  readonly kafkaClientId?: string | undefined;
  /** Base URLs of the Schema Registry, as the service was started with; none unless given. */
  readonly schemaRegistry?: string | undefined;
  /** USER:PASSWORD there. */
  readonly schemaRegistryAuth?: string | undefined;
  /** The features that profiles are made of; the built-in eight unless given. */
  readonly registry?: Registry | undefined;
}

const OPTION_NAMES: Readonly<Record<keyof TipstreamOptions, true>> = {
  data: true,
  brokers: true,
  topicPrefix: true,
  partitions: true,
  partitioner: true,
  maxValueBytes: true,
  kafkaSsl: true,
  kafkaCa: true,
  kafkaCert: true,
  kafkaKey: true,
  kafkaSaslMechanism: true,
  kafkaUsername: true,
  kafkaPassword: true,
  kafkaClientId: true,
  schemaRegistry: true,
  schemaRegistryAuth: true,
  registry: true,
};

export interface Tipstream {
  readonly producer: TipProducer;
  /**
   * As of now, or of `asOf` (Unix ms, or a Date, 1970 to 9999; a number below 100000000000 is refused, because it is most likely seconds),
   * from the state files in `data`: `tipstream start` writes them, and may be running. Throws user_not_found for a user without events
   * in the 30 days before, as_of_pruned for a time that needs tips which have been pruned, no_data where nothing has been folded,
   * state_mismatch for state of another log or prefix, state_incomplete where the file of the user's partition is missing, and
   * invalid_argument.
   *
   * With a registry of your own, values are computed from the kept tips: exact too, but a user with very many tips takes longer.
   */
  getProfile(userId: string, options?: { readonly asOf?: number | Date | undefined }): Promise<ProfileDocument>;
  /**
   * Replays the user's events from the log into the state file, up to where the state stands, and says what changed. Throws data_in_use
   * while `tipstream start` runs on the directory, no_data, user_not_found for a user without any event, offset_out_of_range when the log
   * no longer holds all of it, and state_mismatch with a registry, log or prefix other than the one it was folded with.
   */
  rebuildProfile(userId: string): Promise<RebuiltProfile>;
  /** Disconnects. What was sent is durable already. Any call but another close then throws closed. */
  close(): Promise<void>;
}

/**
 * Opens the log. Creates the embedded log and its topics where there are none; on Kafka, topics must exist (`tipstream topics
 * create`). Throws invalid_argument, also for an option that is not known, log_unavailable, partition_count_changed.
 */
export async function openTipstream(options: TipstreamOptions = {}): Promise<Tipstream> {
  const { registry, config } = read(options);
  const log = await openLog(config, { patient: true });
  const { data: dataDirectory, topicPrefix, partitioner, maxValueBytes } = config;
  try {
    if (config.log === 'sqlite')
      await ensureTopics(log, {
        prefix: topicPrefix,
        partitions: config.partitions,
        partitionsGiven: config.given.has('partitions'),
        consumed: registry.topics,
      });
  } catch (error) {
    await log.close();
    throw error;
  }
  const state = {
    dataDirectory,
    registry,
    partitioner,
    log: log.kind,
    topicPrefix,
    partitions: config.given.has('partitions') ? config.partitions : undefined,
  };
  const producer = createProducer(log, { prefix: topicPrefix, partitioner, maxValueBytes });
  let closing: Promise<void> | undefined;
  const requireOpen = () => {
    if (closing === undefined) return;
    throw new TipstreamError('closed', 'this Tipstream has been closed', { hint: 'Call openTipstream again.' });
  };

  return {
    producer: {
      async send(topic, event, sendOptions) {
        requireOpen();
        return producer.send(topic, event, sendOptions);
      },
      async sendAll(events) {
        requireOpen();
        return producer.sendAll(events);
      },
    },
    async getProfile(userId, given = {}) {
      requireOpen();
      requireId('the user_id', userId);
      requireFields('the options of getProfile', given, ['asOf']);
      const asOfMs = given.asOf === undefined ? Date.now() : timeOf(given.asOf);
      return withReaderOf({ ...state, otherFeatures: 'recompute' }, userId, (reader, partition) =>
        profileDocument(reader, partition, userId, asOfMs, registry.featureSet),
      );
    },
    async rebuildProfile(userId) {
      requireOpen();
      requireId('the user_id', userId);
      const partition = withReaderOf(state, userId, (_, found) => found);
      return rebuildProfile(
        log,
        registry,
        { dataDirectory, topicPrefix, partitioner, rules: { maxValueBytes }, partition },
        userId,
        Date.now(),
      );
    },
    close: () => (closing ??= log.close()),
  };
}

/** A misspelt name must not pass: without its `brokers`, a program would write to an embedded log that nobody reads. */
function read(options: TipstreamOptions): { readonly registry: Registry; readonly config: Config } {
  requireFields('the options of openTipstream', options, Object.keys(OPTION_NAMES));
  const { registry, ...flags } = options;
  if (registry !== undefined && !Array.isArray((registry as Partial<Registry> | null)?.features))
    throw new TipstreamError('invalid_argument', 'registry must be one that createRegistry made');
  for (const [name, value] of Object.entries(flags)) {
    const isText = (entry: unknown) => ['string', 'number', 'boolean'].includes(typeof entry);
    if (value === undefined || isText(value) || (name === 'brokers' && Array.isArray(value) && value.every(isText))) continue;
    throw new TipstreamError('invalid_argument', `${name} must not be ${kindOf(value)}`, { details: { name } });
  }
  const given = loadConfig(flags, {}, undefined, (name) => name);
  const config = { ...given, features: withDefinitions(given.features) };
  return { registry: registry ?? registryOf(config.features), config };
}

function timeOf(asOf: number | Date): number {
  const ms = Number(asOf);
  const guess = typeof asOf === 'number' ? guessOfNumber(asOf) : undefined;
  if (guess !== undefined)
    throw new TipstreamError('invalid_argument', `asOf: ${guess.question}`, {
      hint: `${guess.answer} A Date is taken as it is.`,
      details: { asOf },
    });
  if ((typeof asOf === 'number' || asOf instanceof Date) && Number.isSafeInteger(ms) && ms >= 0 && ms <= MAX_TIME_MS) return ms;
  throw new TipstreamError('invalid_argument', 'asOf must be a Date or whole Unix milliseconds, from 1970 to 9999', {
    details: { asOf: String(asOf) },
  });
}
