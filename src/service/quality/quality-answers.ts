/** What the newest records of the partitions held here say about the inputs: how late their events come. */
import { happenedMsOf } from '../../events/event-time.js';
import type { Log, OffsetRange } from '../../log/port.js';
import { readPart } from '../../log/read-part.js';
import { type ConsumedTopic, CORE_TOPICS, TOPICS, fullTopicName } from '../../topics.js';
import type { ServiceOptions } from '../options.js';
import { logForRequests, logTimeoutOf, withinDeadline, type RequestDeadline } from '../request-deadline.js';
import type { QualityHistory, QualityHistoryDocument, QualityHistoryQuestion } from './quality-history.js';
import type { LookedQuality, QualityLooks } from './quality-looks.js';
import { LATE_AFTER_MS, latenessOf, type Lateness, type LookedAt } from './lateness.js';

export type { LatestEvent } from './lateness.js';
export type { QualityHistoryDocument, QualityHistoryQuestion } from './quality-history.js';

/** Of each topic, over the partitions held here. */
export const MOST_RECORDS = 500;
/** What is left of the caller's patience is for the questions before, and for the answer. */
const READING_SHARE = 0.5;
const LOOKING_SHARE = 0.25;
const READING: RequestDeadline = { action: 'read the newest records of the inputs', hint: 'Ask again in a moment.' };

/** Which offsets of a partition were looked at: from `from`, before `to`. */
export interface PartRead {
  readonly partition: number;
  /** The first offset that the log holds. */
  readonly low: number;
  readonly from: number;
  readonly to: number;
  /** What was meant to be read ends here: the end of the partition. */
  readonly end: number;
}

export interface TopicLateness extends Lateness {
  /** Full name. */
  readonly topic: string;
  readonly read: {
    /** false: time was up, or records went meanwhile, before all that was meant to be read was read. */
    readonly is_whole: boolean;
    readonly partitions: readonly PartRead[];
  };
}

/** How late events come, as of now, and what the last look at features and topics found, as of as_of_ms. */
export interface DataQualityDocument extends LookedQuality {
  /** Those held here: nothing is said of others. */
  readonly partitions: readonly number[];
  readonly late_after_ms: number;
  readonly lateness: readonly TopicLateness[];
}

export interface QualityAnswersDeps {
  readonly log: Log;
  readonly options: Pick<ServiceOptions, 'topicPrefix' | 'logTimeoutMs'>;
  readonly partitions: { readonly numbers: readonly number[] };
  readonly looks: Pick<QualityLooks, 'found'>;
  readonly history: Pick<QualityHistory, 'history'>;
  /** The inputs, without the prefix; those of the set core unless given. */
  readonly inputs?: readonly ConsumedTopic[];
}

export class QualityAnswers {
  readonly #log: Log;
  readonly #prefix: string;
  readonly #limitMs: number;
  readonly #held: QualityAnswersDeps['partitions'];
  readonly #looks: QualityAnswersDeps['looks'];
  readonly #history: QualityAnswersDeps['history'];
  /** What producers write of what happened or is asked for. */
  readonly #timed: readonly ConsumedTopic[];
  #looking: Promise<DataQualityDocument> | undefined;

  constructor({ log, options, partitions, looks, history, inputs = CORE_TOPICS }: QualityAnswersDeps) {
    this.#looks = looks;
    this.#history = history;
    this.#timed = inputs.filter((topic) => TOPICS[topic].eventTime !== null);
    this.#log = logForRequests(log, options);
    this.#prefix = options.topicPrefix;
    this.#limitMs = logTimeoutOf(options);
    this.#held = partitions;
  }

  /** Who asks while the log is being read gets the same answer. Throws timeout, log_unavailable, topic_not_found. */
  dataQuality(): Promise<DataQualityDocument> {
    this.#looking ??= withinDeadline(this.#limitMs, this.#look(), READING).finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Throws timeout, closed. */
  qualityHistory(question: QualityHistoryQuestion): Promise<QualityHistoryDocument> {
    return this.#history.history(question);
  }

  async #look(): Promise<DataQualityDocument> {
    const partitions = this.#held.numbers;
    const late = AbortSignal.timeout(this.#limitMs * READING_SHARE);
    const topics = this.#timed.map((topic) => fullTopicName(this.#prefix, topic));
    const lateness = await Promise.all(topics.map((topic) => this.#ofTopic(topic, partitions, late)));
    const found = await this.#looks.found(this.#limitMs * LOOKING_SHARE);
    return { partitions, late_after_ms: LATE_AFTER_MS, lateness, ...found };
  }

  async #ofTopic(topic: string, partitions: readonly number[], late: AbortSignal): Promise<TopicLateness> {
    const ranges = partitions.length === 0 ? new Map<number, OffsetRange>() : await this.#log.offsets(topic);
    const each = Math.max(1, Math.floor(MOST_RECORDS / partitions.length));
    const looked: LookedAt[] = [];
    const read: PartRead[] = [];
    for (const partition of partitions) {
      const range = ranges.get(partition);
      if (range === undefined) continue;
      const { low, end } = range;
      const from = Math.max(low, end - each);
      const to = await readPart(this.#log, { topic, partition, from, to: end, signal: late }, (record) => {
        const { offset, timestampMs } = record;
        looked.push({ topic, partition, offset, timestampMs, eventMs: happenedMsOf(this.#prefix, record) });
      });
      read.push({ partition, low, from, to, end });
    }
    return { topic, ...latenessOf(looked), read: { is_whole: read.every(({ to, end }) => to === end), partitions: read } };
  }
}
