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
import type { KindSet } from '../projections/row-counts.js';
import { keyOf as keyOfRow, type Row, type RowKind } from '../projections/row-kind.js';
import { NO_TIP, type TipState } from '../projections/tip.js';
import { type ConsumedTopic, CONSUMED_TOPICS, fullTopicName, TIP_TOPICS } from '../topics.js';
import type { SearchedPartition } from './documents.js';

/** A fact to look for. Without `kept`, whatever is kept with the time. */
export type Sought = Pick<Fact, 'tipId' | 'happening' | 'atMs'> & { readonly kept?: Fact['kept'] | undefined };

/** A row to look for. */
export interface SoughtRow {
  readonly kind: RowKind;
  readonly row: Row;
}

export interface SearchOptions {
  /** With an end to each wait. */
  readonly log: Pick<Log, 'read' | 'offsets'>;
  /** topic -> where the state stands: the next offset. */
  readonly positions: ReadonlyMap<string, number>;
  /** Rows that are wanted beside the facts. */
  readonly rows?: readonly SoughtRow[] | undefined;
  /** Whether to look at all there is of tips, whatever is wanted. */
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
  /** Kinds of rows that can be looked for; absent: none. */
  readonly kinds?: readonly KindSet[] | undefined;
}

/** Offsets looked at before it is asked whether to go on. */
const OFFSETS_AT_ONCE = 10_000;
/** Of one user; with more the search ends. */
const EVENTS_AT_MOST = 200_000;

type TipTopic = (typeof TIP_TOPICS)[number];

interface Searched {
  readonly name: ConsumedTopic;
  readonly topic: string;
  /** Offsets from `from` on and before `to` were looked at; from = to: none. */
  from: number;
  to: number;
  low: number;
  /** What the user's records say, in no particular order. */
  events: (Fact & { readonly offset: number })[];
  /** Kind and key of a row -> what the user's records say of it. */
  rows: Map<string, RowSaid[]>;
  rowsSaid: number;
}

interface RowSaid {
  readonly offset: number;
  readonly row: Row;
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
    const ofRows = new Set((deps.kinds ?? []).flatMap(({ kind }) => kind.topics));
    const names: readonly ConsumedTopic[] = [...TIP_TOPICS, ...CONSUMED_TOPICS.filter((name) => ofRows.has(name) && !isTipTopic(name))];
    this.#searched = names.map((name) => ({
      ...{ name, topic: fullTopicName(deps.topicPrefix, name), from: 0, to: 0, low: 0 },
      ...{ events: [], rows: new Map<string, RowSaid[]>(), rowsSaid: 0 },
    }));
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

  /** Records that make the row together, by offset; empty: they do not yet, in what was looked at. */
  recordsOf({ kind, row }: SoughtRow): RecordAddress[] {
    const key = keyOfSought({ kind, row });
    const said = this.#searched.flatMap(({ topic, rows }) => (rows.get(key) ?? []).map((one) => ({ ...one, topic })));
    const { partition } = this.#deps;
    return recordsMaking(kind, row, said).map(({ topic, offset }) => ({ topic, partition, offset }));
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

  /** Whether there is nothing left to look at, in the topics that could hold what is missing. */
  isExhaustedOf(missing: readonly Sought[], rows: readonly SoughtRow[]): boolean {
    const names = new Set<ConsumedTopic>([
      ...missing.map(({ happening }) => topicOf(happening)),
      ...rows.flatMap(({ kind }) => kind.topics),
    ]);
    const topics = new Set([...names].map((name) => fullTopicName(this.#deps.topicPrefix, name)));
    return this.#isExhausted((topic) => topics.has(topic));
  }

  /** Whether there is nothing left to look at. */
  get isExhausted(): boolean {
    return this.#isExhausted(() => true);
  }

  #isExhausted(concerns: (topic: string) => boolean): boolean {
    if (this.#positions === undefined) return false;
    const looked = this.looked().filter(({ topic }) => concerns(topic));
    return looked.every(({ from, to, low, end }) => to >= end && (from <= low || low >= end));
  }

  /**
   * tip_id -> what was kept of it when the log stood at these positions: topic -> next offset. undefined: not all that lies before them was
   * looked at yet.
   */
  tipsAt(positions: ReadonlyMap<string, number>): Map<string, TipState> | undefined {
    const tips = new Map<string, TipState>();
    for (const { topic, from, to, low, events } of this.#searched.filter(({ name }) => isTipTopic(name))) {
      const end = positions.get(topic) ?? 0;
      if (end > low && (from > low || to < end)) return undefined;
      for (const event of events) if (event.offset < end) tips.set(event.tipId, foldFact(tips.get(event.tipId) ?? NO_TIP, event));
    }
    return tips;
  }

  async #search(wanted: readonly Sought[], options: SearchOptions): Promise<void> {
    const { log, positions, mayGoOn, isWhole = false, rows = [] } = options;
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
      let missing = rows.filter(({ kind }) => kind.topics.includes(searched.name));
      const isMissing = () => {
        missing = missing.filter((row) => this.recordsOf(row).length === 0);
        return missing.length > 0 || ofTopic.some((fact) => !this.#offsets.has(keyOf(fact)));
      };
      while (searched.from > searched.low && ((isWhole && isTipTopic(searched.name)) || isMissing())) {
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
    if (this.#searched.reduce((sum, { events, rowsSaid }) => sum + events.length + rowsSaid, 0) > EVENTS_AT_MOST)
      throw new TipstreamError('payload_too_large', `the user has more than ${EVENTS_AT_MOST} events`, {
        hint: 'Their records are not looked for any further.',
      });
    for await (const records of log.read({ topic, partition, from, to, ...(signal === undefined ? {} : { signal }) }))
      for (const record of records) if (record.key?.equals(this.#key)) this.#note(searched, record);
    signal?.throwIfAborted();
    await setImmediate();
  }

  #note(searched: Searched, record: LogRecord): void {
    const { name, events } = searched;
    for (const { kind } of this.#deps.kinds ?? []) if (kind.topics.includes(name)) this.#noteRow(kind, searched, record);
    const fact = isTipTopic(name) ? factIn(name, record, this.#deps.rules) : undefined;
    if (fact === undefined) return;
    const { offset } = record;
    events.push({ ...fact, offset });
    for (const key of [keyOf(fact), keyOf({ ...fact, kept: undefined })]) {
      const known = this.#offsets.get(key);
      if (known === undefined || offset < known) this.#offsets.set(key, offset);
    }
  }

  #noteRow(kind: RowKind, searched: Searched, record: LogRecord): void {
    const decoded = decodeRecord(searched.name, record, this.#deps.rules);
    const row = decoded.ok ? kind.rowOf(decoded.event as unknown as Row) : undefined;
    if (row === undefined) return;
    const key = keyOfSought({ kind, row });
    const said = searched.rows.get(key) ?? [];
    searched.rows.set(key, said);
    said.push({ offset: record.offset, row });
    searched.rowsSaid++;
  }
}

/**
 * Of several that say the same of a row the lowest offsets, and of them no more than it takes. Empty: all of them together do not make it.
 */
function recordsMaking<Said extends RowSaid>(kind: RowKind, row: Row, said: readonly Said[]): Said[] {
  const isRow = (other: Row | undefined) => other !== undefined && kind.columns.every(([column]) => other[column] === row[column]);
  const whole = said.filter((one) => isRow(one.row)).sort((a, b) => a.offset - b.offset);
  if (whole.length > 0) return whole.slice(0, 1);
  // The latest that are enough: a prune may have taken the row that earlier ones had made.
  const ascending = [...said].sort((a, b) => a.offset - b.offset);
  let from = ascending.length;
  for (let made: Row | undefined; from > 0 && !isRow(made); ) {
    const { row: earlier } = ascending[--from]!;
    made = made === undefined ? earlier : kind.join(earlier, made);
    if (from === 0 && !isRow(made)) return [];
  }
  let made: Row | undefined;
  let needed = ascending.slice(from).filter(({ row: next }) => {
    const before = made;
    made = made === undefined ? next : kind.join(made, next);
    return made !== before;
  });
  for (const one of needed) {
    const others = needed.filter((other) => other !== one);
    const joined = others.map((other) => other.row).reduce<Row | undefined>((a, b) => (a === undefined ? b : kind.join(a, b)), undefined);
    if (isRow(joined)) needed = others;
  }
  return needed;
}

/** What is known of offsets that are no more, or not any more below the state, goes with all else of the topic. */
function forget(searched: Searched, offsets: Map<string, number>, end: number): void {
  for (const fact of searched.events) for (const key of [keyOf(fact), keyOf({ ...fact, kept: undefined })]) offsets.delete(key);
  searched.events = [];
  searched.rows = new Map();
  searched.rowsSaid = 0;
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

const isTipTopic = (name: ConsumedTopic): name is TipTopic => (TIP_TOPICS as readonly string[]).includes(name);
const keyOfSought = ({ kind, row }: SoughtRow): string => `${kind.name} ${keyOfRow(kind, row)}`;
const topicOf = (happening: Happening): TipTopic => (happening === 'served' ? 'tip.served' : 'tip.feedback');
const keyOf = ({ happening, atMs, tipId, kept }: Sought): string =>
  `${happening} ${atMs} ${JSON.stringify(tipId)}${kept === undefined ? '' : ` ${JSON.stringify(kept)}`}`;
