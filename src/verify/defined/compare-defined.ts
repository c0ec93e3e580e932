/**
 * Features that a file defines against a replay: their topics are read for themselves, so that where no file defines any, verify does what
 * it does without this. A user's events are kept as they were written, and each feature is read from them naively.
 */
import type { Definition, DefinedTopic } from '../../events/feature-choice.js';
import { accepted } from '../../audit/refusal.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import type { Buckets } from '../buckets.js';
import type { Report } from '../difference.js';
import { naiveDefined, naiveIdentity, type NaiveEvent } from './naive-defined.js';
import type { NaiveValue } from '../naive-profile.js';
import type { NaiveForgets } from '../naive-forgets.js';
import type { NaivePrune, RowsTaken } from '../naive-prunes.js';
import type { ReplayDeps, TopicRange } from '../replay.js';

interface Happened {
  readonly offset: number;
  readonly event: NaiveEvent;
}
type Line = readonly [topic: DefinedTopic, userId: string, offset: number, event: NaiveEvent];
type OfUser = Map<DefinedTopic, Happened[]>;
const MOST_EVENTS = 20;

interface DefinedSource extends ReplayDeps {
  /** Whose records are passed over. */
  readonly forgets: NaiveForgets;
}

export interface DefinedQuestion {
  readonly userId: string;
  /** undefined: the state has no such user. */
  readonly live: { readonly known: boolean; readonly features: FeatureValues } | undefined;
  readonly asOfMs: number;
  /** That concern the user, in their order. */
  readonly prunes: readonly NaivePrune[];
  readonly took: RowsTaken;
  readonly report: Report;
}

export class DefinedComparison {
  readonly #definitions: readonly Definition[];
  readonly #incomplete: ReadonlySet<DefinedTopic>;
  readonly #buckets: Buckets;
  #users = new Map<string, OfUser>();

  /** `buckets` puts users into the same buckets as the partition's others; it is closed with this. */
  private constructor(definitions: readonly Definition[], incomplete: ReadonlySet<DefinedTopic>, buckets: Buckets) {
    this.#definitions = definitions;
    this.#incomplete = incomplete;
    this.#buckets = buckets;
  }

  /** Reads the ranges of the definitions' topics. undefined: no file defines a feature. */
  static async read(
    registry: Registry,
    source: DefinedSource,
    ranges: readonly TopicRange[],
    makeBuckets: () => Buckets,
  ): Promise<DefinedComparison | undefined> {
    const definitions = registry.features.flatMap(({ defined }) => defined ?? []);
    if (definitions.length === 0) return undefined;
    const about = ranges.filter(({ topic }) => definitions.some((definition) => definition.topic === topic));
    const incomplete = new Set(about.filter((range) => range.incomplete).map(({ topic }) => topic as DefinedTopic));
    const buckets = makeBuckets();
    try {
      for (const range of about) await readInto(buckets, source, range);
    } catch (error) {
      buckets.close();
      throw error;
    }
    return new DefinedComparison(definitions, incomplete, buckets);
  }

  /** From here on the users of this bucket can be compared. */
  load(bucket: number): void {
    this.#users = new Map();
    for (const [topic, userId, offset, event] of this.#buckets.read(bucket) as Generator<Line>) {
      const ofUser: OfUser = this.#users.get(userId) ?? new Map<DefinedTopic, Happened[]>();
      this.#users.set(userId, ofUser);
      const events = ofUser.get(topic) ?? [];
      ofUser.set(topic, events);
      events.push({ offset, event });
    }
  }

  /** Answers the topics whose missing events leave a feature open. */
  compare({ userId, live, asOfMs, prunes, took, report }: DefinedQuestion): ReadonlySet<DefinedTopic> {
    const open = new Set<DefinedTopic>();
    const topics = new Set(this.#definitions.map(({ topic }) => topic));
    const left = new Map(
      [...topics].map((topic) => [topic, withoutPruned(topic, this.#users.get(userId)?.get(topic) ?? [], prunes, took)] as const),
    );
    if (live?.known !== true) return open;
    for (const definition of this.#definitions) {
      const { name, topic } = definition;
      const events = left.get(topic)!;
      const written = events.map(({ event }) => event);
      const replayed = naiveDefined(definition, written, asOfMs);
      if (Object.is(live.features[name], replayed)) continue;
      if (this.#incomplete.has(topic)) open.add(topic);
      else {
        const addresses = events.slice(-MOST_EVENTS).map(({ offset }) => ({ topic, offset }));
        report({ kind: 'profile', feature: name, live: live.features[name], replayed, events: addresses });
      }
    }
    return open;
  }

  /** What the log gave below these positions, as if nothing had been pruned; and when the events of it happened. */
  below(userId: string, asOfMs: number, position: (topic: DefinedTopic) => number): DefinedThen {
    const features: Record<string, NaiveValue> = {};
    const timesMs: number[] = [];
    for (const definition of this.#definitions) {
      const { name, topic } = definition;
      const events = (this.#users.get(userId)?.get(topic) ?? []).filter(({ offset }) => offset < position(topic)).map(({ event }) => event);
      features[name] = naiveDefined(definition, events, asOfMs);
      for (const event of events) timesMs.push(naiveIdentity(topic, event).atMs);
    }
    return { features, timesMs };
  }

  close(): void {
    this.#buckets.close();
  }
}

export interface DefinedThen {
  readonly features: Readonly<Record<string, NaiveValue>>;
  /** Unix ms. */
  readonly timesMs: readonly number[];
}

async function readInto(
  buckets: Buckets,
  { log, partition, rules, includes, forgets, signal }: DefinedSource,
  { topic, fullName, from, to }: TopicRange,
): Promise<void> {
  if (from >= to) return;
  for await (const records of log.read({ topic: fullName, partition, from, to, signal })) {
    for (const record of records) {
      if (record.key === null || forgets.passesOver(topic, record) || !includes(record.key.toString('utf8'))) continue;
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) continue;
      const event = decoded.event as unknown as NaiveEvent & { readonly user_id: string };
      buckets.add(event.user_id, [topic as DefinedTopic, event.user_id, record.offset, event] satisfies Line);
    }
    if (signal.aborted) return;
  }
}

/** The events that had come by each prune, without those of identities that were older than its horizon, then on to the next. */
function withoutPruned(topic: DefinedTopic, events: Happened[], prunes: readonly NaivePrune[], took: RowsTaken): Happened[] {
  let left = events;
  for (const { seq, horizonMs, positions } of prunes) {
    const come = left.filter(({ offset }) => offset < (positions.get(topic) ?? 0));
    const earliest = new Map<string, number>();
    for (const { event } of come) {
      const { key, atMs } = naiveIdentity(topic, event);
      earliest.set(key, Math.min(atMs, earliest.get(key) ?? Infinity));
    }
    const went = new Set(come.filter(({ event }) => earliest.get(naiveIdentity(topic, event).key)! < horizonMs));
    left = left.filter((one) => !went.has(one));
    took(seq, topic.replaceAll('.', '_'), [...earliest.values()].filter((atMs) => atMs < horizonMs).length);
  }
  return left;
}
