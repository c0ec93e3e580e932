/**
 * Finds the records of one user's events in the log, which has no index by key: from where the state stands backwards, because the events
 * that count are among the newest, some offsets at a time, and no further than it must. What was looked at is kept for the next question.
 */
import { setImmediate } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import { decodeRecord, type DecodeRules } from '../events/decode.js';
import type { Log, LogRecord, RecordAddress } from '../log/port.js';
import { OneAtATime } from '../one-at-a-time.js';
import { foldFact, type Fact, type Happening } from '../projections/kept-times.js';
import { NO_TIP, type TipState } from '../projections/tip.js';
import { fullTopicName, TIP_TOPICS } from '../topics.js';
import type { SearchedPartition } from './documents.js';

/** A fact to look for. Without `kept`, whatever is kept with the time. */
export type Sought = Pick<Fact, 'tipId' | 'happening' | 'atMs'> & { readonly kept?: Fact['kept'] | undefined };

export interface SearchOptions {
  /** With an end to each wait. */
  readonly log: Pick<Log, 'read' | 'offsets'>;
  /** topic -> where the state stands: the next offset. */
  readonly positions: ReadonlyMap<string, number>;
  /** Whether to look at all there is, whatever is wanted. */
  readonly isWhole?: boolean | undefined;
  /** Asked before each piece of the log. */
  readonly mayGoOn: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface UserRecordsDeps {
  readonly userId: string;
  readonly partition: number;
  readonly topicPrefix: string;
  readonly rules: DecodeRules;
}

/** Offsets looked at before it is asked whether to go on. */
const OFFSETS_AT_ONCE = 10_000;
/** Of one user; with more the search ends. */
const EVENTS_AT_MOST = 200_000;

type TipTopic = (typeof TIP_TOPICS)[number];

interface Searched {
  readonly name: TipTopic;
  readonly topic: string;
  /** Offsets from `from` on and before `to` were looked at; from = to: none. */
  from: number;
  to: number;
  low: number;
  /** What the user's records say, in no particular order. */
  events: (Fact & { readonly offset: number })[];
}

export class UserRecords {
  readonly #deps: UserRecordsDeps;
  readonly #key: Buffer;
  /** fact, and its time alone -> the lowest offset that was seen of it */
  readonly #offsets = new Map<string, number>();
  readonly #searched: readonly Searched[];
  /** Where the state stood when it was last asked: topic -> next offset. undefined: it has not been. */
  #positions: ReadonlyMap<string, number> | undefined;
  readonly #turns = new OneAtATime();

  constructor(deps: UserRecordsDeps) {
    this.#deps = deps;
    this.#key = Buffer.from(deps.userId);
    this.#searched = TIP_TOPICS.map((name) => ({ name, topic: fullTopicName(deps.topicPrefix, name), from: 0, to: 0, low: 0, events: [] }));
  }

  /**
   * Looks on until every wanted fact has its record, all there is was looked at, or `mayGoOn` says no. Two at a time take turns. Throws
   * what reading throws, and payload_too_large for a user with too many events: what was looked at by then stays.
   */
  search(wanted: readonly Sought[], options: SearchOptions): Promise<void> {
    return this.#turns.run(() => this.#search(wanted, options));
  }

  /** What there is to look at, for `looked` to say while nobody looks. */
  stateStandsAt(positions: ReadonlyMap<string, number>): void {
    this.#positions ??= positions;
  }

  /** null: none was found in what was looked at. */
  addressOf(sought: Sought): RecordAddress | null {
    const offset = this.#offsets.get(keyOf(sought));
    if (offset === undefined) return null;
    return { topic: fullTopicName(this.#deps.topicPrefix, topicOf(sought.happening)), partition: this.#deps.partition, offset };
  }

  looked(): SearchedPartition[] {
    const { partition } = this.#deps;
    return this.#searched.map(({ topic, from, to, low }) => ({
      topic,
      partition,
      from,
      to,
      low,
      end: this.#positions?.get(topic) ?? 0,
    }));
  }

  /** Whether there is nothing left to look at. */
  get isExhausted(): boolean {
    if (this.#positions === undefined) return false;
    return this.looked().every(({ from, to, low, end }) => to >= end && (from <= low || low >= end));
  }

  /**
   * tip_id -> what was kept of it when the log stood at these positions: topic -> next offset. undefined: not all that lies before them was
   * looked at yet.
   */
  tipsAt(positions: ReadonlyMap<string, number>): Map<string, TipState> | undefined {
    const tips = new Map<string, TipState>();
    for (const { topic, from, to, low, events } of this.#searched) {
      const end = positions.get(topic) ?? 0;
      if (end > low && (from > low || to < end)) return undefined;
      for (const event of events) if (event.offset < end) tips.set(event.tipId, foldFact(tips.get(event.tipId) ?? NO_TIP, event));
    }
    return tips;
  }

  async #search(wanted: readonly Sought[], options: SearchOptions): Promise<void> {
    const { log, positions, mayGoOn, isWhole = false } = options;
    const { partition } = this.#deps;
    this.#positions = positions;
    for (const searched of this.#searched) {
      const end = positions.get(searched.topic) ?? 0;
      searched.low = Math.min(end, (await log.offsets(searched.topic)).get(partition)?.low ?? 0);
      // Nothing was looked at yet, a state that was set back, records that are gone since.
      if (searched.from === searched.to || searched.to > end || searched.from < searched.low) forget(searched, this.#offsets, end);
    }
    // First what has come since it was last asked: the newest events are behind most of what is wanted.
    for (const searched of this.#searched)
      for (const end = positions.get(searched.topic) ?? 0; searched.to < end; ) {
        if (!mayGoOn()) return;
        const to = Math.min(end, searched.to + OFFSETS_AT_ONCE);
        await this.#read(searched, searched.to, to, options);
        searched.to = to;
      }
    for (const searched of this.#searched) {
      const ofTopic = wanted.filter(({ happening }) => topicOf(happening) === searched.name);
      while (searched.from > searched.low && (isWhole || ofTopic.some((fact) => !this.#offsets.has(keyOf(fact))))) {
        if (!mayGoOn()) return;
        const from = Math.max(searched.low, searched.from - OFFSETS_AT_ONCE);
        await this.#read(searched, from, searched.from, options);
        searched.from = from;
      }
    }
  }

  async #read(searched: Searched, from: number, to: number, { log, signal }: SearchOptions): Promise<void> {
    const { partition } = this.#deps;
    const { topic } = searched;
    if (this.#searched.reduce((sum, { events }) => sum + events.length, 0) > EVENTS_AT_MOST)
      throw new TipstreamError('payload_too_large', `the user has more than ${EVENTS_AT_MOST} events`, {
        hint: 'Their records are not looked for any further.',
      });
    for await (const records of log.read({ topic, partition, from, to, ...(signal === undefined ? {} : { signal }) }))
      for (const record of records) if (record.key?.equals(this.#key)) this.#note(searched, record);
    signal?.throwIfAborted();
    await setImmediate();
  }

  #note({ name, events }: Searched, record: LogRecord): void {
    const fact = factIn(name, record, this.#deps.rules);
    if (fact === undefined) return;
    const { offset } = record;
    events.push({ ...fact, offset });
    for (const key of [keyOf(fact), keyOf({ ...fact, kept: undefined })]) {
      const known = this.#offsets.get(key);
      if (known === undefined || offset < known) this.#offsets.set(key, offset);
    }
  }
}

/** What is known of offsets that are no more, or not any more below the state, goes with all else of the topic. */
function forget(searched: Searched, offsets: Map<string, number>, end: number): void {
  for (const fact of searched.events) for (const key of [keyOf(fact), keyOf({ ...fact, kept: undefined })]) offsets.delete(key);
  searched.events = [];
  searched.from = end;
  searched.to = end;
}

/** What the record says of a tip; undefined: it is refused. */
export function factIn(name: TipTopic, record: LogRecord, rules: DecodeRules): Fact | undefined {
  if (name === 'tip.served') {
    const decoded = decodeRecord(name, record, rules);
    if (!decoded.ok) return undefined;
    const { tip_id: tipId, served_at_ms: atMs, category } = decoded.event;
    return { tipId, happening: 'served', atMs, kept: category ?? null };
  }
  const decoded = decodeRecord(name, record, rules);
  if (!decoded.ok) return undefined;
  const { tip_id: tipId, action, reacted_at_ms: atMs, utc_offset_min: utcOffsetMin } = decoded.event;
  return { tipId, happening: action, atMs, kept: action === 'done' ? (utcOffsetMin ?? null) : null };
}

export function isSameFact(one: Fact, other: Fact): boolean {
  return keyOf(one) === keyOf(other);
}

const topicOf = (happening: Happening): TipTopic => (happening === 'served' ? 'tip.served' : 'tip.feedback');
const keyOf = ({ happening, atMs, tipId, kept }: Sought): string =>
  `${happening} ${atMs} ${JSON.stringify(tipId)}${kept === undefined ? '' : ` ${JSON.stringify(kept)}`}`;
