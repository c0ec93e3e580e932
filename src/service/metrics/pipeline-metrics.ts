/**
 * What this process has done with records since it started: counters and histograms, which begin at 0 with it. They are told of a batch
 * at a time.
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import { LATENCY_BOUNDS_S, type LatencyCounts } from '../../consumers/fold/latency-counts.js';
import type { Committed } from '../../consumers/worker/worker-contract.js';
import { REJECTION_CODES } from '../../events/rejection.js';
import { CORE_TOPICS, DEAD_LETTER_SUFFIX, fullTopicName, TOPICS, type ConsumedTopic } from '../../topics.js';
import { CountedHistogram } from './counted-histogram.js';

const BATCH_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** A batch of one partition, as the service reports it. */
export interface AppliedBatch {
  readonly records: number;
  readonly committed: Pick<Committed, 'tookMs' | 'observed'>;
  /** What its counts have grown by. */
  readonly gained: ReadonlyMap<string, number>;
}

/** What the log has acknowledged of an outbox. */
export interface Published {
  /** Full name of the dead-letter topic -> how many. */
  readonly deadLetters: ReadonlyMap<string, number>;
  /** From each request in tip.candidates to now. */
  readonly decisions: LatencyCounts;
}

export class PipelineMetrics {
  readonly #prefix: string;
  readonly #records: Counter;
  readonly #batches: Histogram;
  readonly #applied: Counter<'topic'>;
  readonly #rejected: Counter<'topic' | 'code'>;
  readonly #deadLetters: Counter<'topic'>;
  readonly #refused: Counter<'topic'>;
  readonly #redriven: Counter<'topic'>;
  readonly #events: CountedHistogram<'topic'>;
  readonly #decisions: CountedHistogram<'topic'>;

  /** @param prefix of topic names */
  constructor(registry: Registry, prefix: string, inputs: readonly ConsumedTopic[] = CORE_TOPICS) {
    this.#prefix = prefix;
    const registers = [registry];
    this.#records = new Counter({
      name: 'tipstream_records_total',
      help: 'Records taken from the log since this process started',
      registers,
    });
    this.#batches = new Histogram({
      name: 'tipstream_batch_duration_seconds',
      help: 'Time from BEGIN to COMMIT of a batch',
      registers,
      buckets: BATCH_BUCKETS_S,
    });
    const byTopic = (name: string, help: string): Counter<'topic'> => new Counter({ name, help, labelNames: ['topic'], registers });
    this.#applied = byTopic('tipstream_applied_records_total', 'Valid records applied since this process started');
    this.#rejected = new Counter({
      name: 'tipstream_rejected_records_total',
      help: 'Records refused since this process started, by topic and by the code of the reason',
      labelNames: ['topic', 'code'],
      registers,
    });
    this.#deadLetters = byTopic('tipstream_dead_letters_total', 'Dead letters of this input topic that this process has written');
    this.#refused = byTopic(
      'tipstream_dead_letters_refused_total',
      'Dead letters of this input topic that their topic did not take whole: the rest is in a file or at the source',
    );
    this.#redriven = byTopic('tipstream_redriven_records_total', 'Records read that were put back from dead letters, accepted or not');
    this.#events = new CountedHistogram(registry, {
      name: 'tipstream_event_latency_seconds',
      help: 'Time from when an event says it happened to the commit of the batch that folded it',
      labelName: 'topic',
      bounds: LATENCY_BOUNDS_S,
    });
    this.#decisions = new CountedHistogram(registry, {
      name: 'tipstream_decision_latency_seconds',
      help: 'Time from requested_at_ms of a record of this topic to when the log has its tip.scored record',
      labelName: 'topic',
      bounds: LATENCY_BOUNDS_S,
    });
    for (const topic of inputs) this.#begin(topic);
    this.#decisions.zero(fullTopicName(prefix, 'tip.candidates'));
  }

  applied({ records, committed: { tookMs, observed }, gained }: AppliedBatch): void {
    this.#records.inc(records);
    this.#batches.observe(tookMs / 1000);
    for (const [topic, { latencies, redriven }] of observed) {
      this.#events.add(topic, latencies);
      this.#redriven.inc({ topic }, redriven);
    }
    for (const [name, by] of gained) this.#count(name, by);
  }

  published({ deadLetters, decisions }: Published): void {
    for (const [topic, count] of deadLetters) this.#deadLetters.inc({ topic: inputOf(topic) }, count);
    this.#decisions.add(fullTopicName(this.#prefix, 'tip.candidates'), decisions);
  }

  /** @param topic the dead-letter topic's full name */
  deadLetterRefused(topic: string): void {
    this.#refused.inc({ topic: inputOf(topic) });
  }

  /** `applied:TOPIC` and `rejected:TOPIC:CODE`, with names that have no prefix; other counts are told otherwise. */
  #count(name: string, by: number): void {
    const [kind, topic, code] = name.split(':');
    if (kind === 'applied') this.#applied.inc({ topic: this.#prefix + topic! }, by);
    if (kind === 'rejected') this.#rejected.inc({ topic: this.#prefix + topic!, code: code! }, by);
  }

  /** From 0 on: the increase to the first would be missed otherwise. */
  #begin(name: ConsumedTopic): void {
    const topic = fullTopicName(this.#prefix, name);
    for (const counter of [this.#applied, this.#deadLetters, this.#refused, this.#redriven]) counter.inc({ topic }, 0);
    for (const code of REJECTION_CODES) this.#rejected.inc({ topic, code }, 0);
    if (TOPICS[name].eventTime !== null) this.#events.zero(topic);
  }
}

const inputOf = (deadLetterTopic: string): string => deadLetterTopic.slice(0, -DEAD_LETTER_SUFFIX.length);
