/**
 * Answers on where numbers come from. The log is searched within the request, for a short time; how far a search got is kept for the users
 * that were asked for last, so that the next question goes on from there.
 */
import { partitionFunction } from '../../log/partitioner.js';
import { TipstreamError } from '../../errors.js';
import type { DecodeRules } from '../../events/decode.js';
import type { Log, RecordAddress } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import {
  decisionDocument,
  decisionsDocument,
  factsOfDecision,
  readDecision,
  type DecisionsOfUser,
} from '../../provenance/decision-document.js';
import type { ProvenanceDocument, Search } from '../../provenance/documents.js';
import { recordDocument } from '../../provenance/record-document.js';
import { UserRecords, type SearchOptions, type Sought } from '../../provenance/user-records.js';
import {
  computeProvenance,
  provenanceDocument,
  searchDocument,
  unreadDocument,
  userKnownAt,
  userNow,
  wantedFacts,
  wantedRows,
  type ProvenanceQuestion,
} from '../../provenance/user-provenance.js';
import { fullTopicName, TIP_TOPICS } from '../../topics.js';
import type { HeldPartitions } from '../held-partitions.js';
import type { ServiceOptions } from '../options.js';
import { logForRequests, logTimeoutOf } from '../request-deadline.js';
import { beingOpened } from '../user-routing.js';
import type { ProvenanceQuery, ProvenanceQuestions } from '../provenance-questions.js';

export interface ProvenanceDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  readonly partitions: HeldPartitions;
  readonly partitionCount: () => number;
  /** The number of the user's partition, which is held here. Throws not_ready, not_owner. */
  readonly holding: (userId: string) => Promise<number>;
}

/** How long one question looks through the log. */
const SEARCHED_FOR_MS = 1_000;
/** Users whose searches are kept: those that were asked for last. */
const SEARCHES_KEPT = 16;
/** Searches that read at one time; a question that comes meanwhile is answered from what was found before. */
const SEARCHING_AT_ONCE = 2;

export class ProvenanceAnswers implements ProvenanceQuestions {
  readonly #deps: ProvenanceDeps;
  /** partition and user_id -> what was looked at; asked for last comes last. */
  readonly #searches = new Map<string, UserRecords>();
  #searching = 0;

  constructor(deps: ProvenanceDeps) {
    this.#deps = deps;
  }

  /** What is remembered of a user who was forgotten goes. */
  forget(userId: string): void {
    for (const key of this.#searches.keys()) if (key.slice(key.indexOf(' ') + 1) === userId) this.#searches.delete(key);
  }

  record(address: RecordAddress, signal?: AbortSignal): ReturnType<ProvenanceQuestions['record']> {
    const { registry, options, partitions } = this.#deps;
    return recordDocument({
      address,
      registry,
      signal,
      log: this.#log(),
      topicPrefix: options.topicPrefix,
      rules: this.#rules(),
      reader: () => partitions.reading(address.partition)?.reader,
      nowMs: options.clock(),
    });
  }

  async provenance(
    userId: string,
    { asOfMs = this.#deps.options.clock(), knownAt }: ProvenanceQuery = {},
    signal: AbortSignal = new AbortController().signal,
  ): ReturnType<ProvenanceQuestions['provenance']> {
    const { registry, holding } = this.#deps;
    const partition = await holding(userId);
    const question = { registry, partition, userId, asOfMs };
    if (knownAt !== undefined) return this.#knownAt(question, knownAt, signal);
    const computed = await computeProvenance(userNow(this.#reader(partition), question), question, signal);
    const records = this.#recordsOf(userId, partition);
    const failure = await this.#search(records, wantedFacts(computed), partition, signal, { rows: wantedRows(computed) });
    return provenanceDocument(computed, records, failure);
  }

  async decisions(
    userId: string,
    { asOfMs = this.#deps.options.clock(), limit, after }: Parameters<ProvenanceQuestions['decisions']>[1],
  ): ReturnType<ProvenanceQuestions['decisions']> {
    return decisionsDocument(this.#decisionsOf(userId, await this.#deps.holding(userId)), { asOfMs, limit, after });
  }

  async decision(
    userId: string,
    decisionId: string,
    signal: AbortSignal = new AbortController().signal,
  ): ReturnType<ProvenanceQuestions['decision']> {
    const partition = await this.#deps.holding(userId);
    const ofUser = this.#decisionsOf(userId, partition);
    const read = readDecision(ofUser, decisionId);
    const records = this.#recordsOf(userId, partition);
    const facts = factsOfDecision(read);
    const failure = await this.#search(records, facts, partition, signal);
    return decisionDocument(ofUser, read, records, searchDocument(records, facts, failure));
  }

  async #knownAt(
    question: ProvenanceQuestion,
    knownAt: Readonly<Record<string, number>>,
    signal: AbortSignal,
  ): Promise<ProvenanceDocument> {
    const { userId, partition } = question;
    const topics = TIP_TOPICS.map((name) => fullTopicName(this.#deps.options.topicPrefix, name));
    checkReached(knownAt, topics, partition, this.#reader(partition).positions());
    const records = this.#recordsOf(userId, partition);
    const failure = await this.#search(records, [], partition, signal, { isWhole: true });
    const positions = new Map(topics.map((topic) => [topic, Object.hasOwn(knownAt, topic) ? knownAt[topic]! : 0]));
    const kept = records.tipsAt(positions);
    const lost = records.looked().flatMap(({ topic, low }) => (low > 0 && positions.get(topic)! > 0 ? [{ topic, low }] : []));
    const asked = { positions: Object.fromEntries(positions), is_read: kept !== undefined, lost };
    if (kept === undefined) return unreadDocument(question, records, failure, asked);
    const computed = await computeProvenance(userKnownAt(kept, positions, question), question, signal);
    return provenanceDocument(computed, records, failure, asked);
  }

  /** Answers why it could not go on, if that was so. Throws the signal's reason. */
  async #search(
    records: UserRecords,
    wanted: readonly Sought[],
    partition: number,
    signal: AbortSignal,
    more: Pick<SearchOptions, 'isWhole' | 'rows'> = {},
  ): Promise<Search['error']> {
    const positions = this.#reader(partition).positions();
    records.stateStandsAt(positions);
    if (this.#searching >= SEARCHING_AT_ONCE) return null;
    this.#searching++;
    const untilMs = performance.now() + Math.min(SEARCHED_FOR_MS, logTimeoutOf(this.#deps.options) / 2);
    try {
      await records.search(wanted, {
        log: this.#log(),
        positions,
        ...more,
        mayGoOn: () => performance.now() < untilMs,
        signal,
      });
      return null;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TipstreamError)) throw error;
      const { code, message, hint } = error;
      return { code, message, hint };
    } finally {
      this.#searching--;
    }
  }

  #recordsOf(userId: string, partition: number): UserRecords {
    const { options, registry } = this.#deps;
    const key = `${partition} ${userId}`;
    const known = this.#searches.get(key);
    const rules = this.#rules();
    const records = known ?? new UserRecords({ userId, partition, topicPrefix: options.topicPrefix, rules, kinds: registry.kinds });
    this.#searches.delete(key);
    this.#searches.set(key, records);
    for (const oldest of this.#searches.keys()) {
      if (this.#searches.size <= SEARCHES_KEPT) break;
      this.#searches.delete(oldest);
    }
    return records;
  }

  #decisionsOf(userId: string, partition: number): DecisionsOfUser {
    return { path: this.#reader(partition).path, partition, topicPrefix: this.#deps.options.topicPrefix, userId };
  }

  #reader(partition: number) {
    const reading = this.#deps.partitions.reading(partition);
    if (reading === undefined) throw beingOpened(partition);
    return reading.reader;
  }

  #rules(): DecodeRules {
    const { options, partitionCount } = this.#deps;
    return { maxValueBytes: options.maxValueBytes, partitions: partitionCount(), partitioner: partitionFunction(options.partitioner) };
  }

  /** For one request, whose waits add up. */
  #log(): Log {
    return logForRequests(this.#deps.log, this.#deps.options, { addsUp: true });
  }
}

/** Throws invalid_argument for positions that name none of the topics, offset_out_of_range for those that the state has not reached. */
function checkReached(
  knownAt: Readonly<Record<string, number>>,
  topics: readonly string[],
  partition: number,
  positions: ReadonlyMap<string, number>,
): void {
  if (!topics.some((topic) => Object.hasOwn(knownAt, topic)))
    throw new TipstreamError('invalid_argument', `the positions name neither ${topics.join(' nor ')}`, {
      hint: 'Give the positions of a decision, or of a profile.',
    });
  for (const topic of topics) {
    const [asked, end] = [Object.hasOwn(knownAt, topic) ? knownAt[topic]! : 0, positions.get(topic) ?? 0];
    if (asked <= end) continue;
    throw new TipstreamError(
      'offset_out_of_range',
      `the state stands at offset ${end} of ${topic} partition ${partition}, before ${asked}`,
      {
        hint: 'Ask for positions that it has reached.',
        details: { topic, partition, offset: asked, position: end },
      },
    );
  }
}
