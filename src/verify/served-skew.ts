/**
 * Training-serving skew: whether each decision was made with the profile that the log gives at the decision's own positions. The replay
 * is verify's: every event of a user, and a profile computed the obvious way from those below the positions. Nothing is estimated.
 */
import type { DecodeRules } from '../events/decode.js';
import { scalarOf } from '../projections/object-value.js';
import type { Registry } from '../projections/registry.js';
import { WINDOW_MS } from '../projections/window.js';
import { partitionFunction, type PartitionerName } from '../log/partitioner.js';
import type { Log } from '../log/port.js';
import { StateAudit } from '../store/queries/state-audit.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import { FORGOTTEN_TOPIC, fullTopicName, ROW_TOPICS, TIP_TOPICS, type ConsumedTopic, type ScoredEvent } from '../topics.js';
import { naiveActivity, naiveActivityFeatures } from './activity/naive-activity.js';
import { Buckets } from './buckets.js';
import { DefinedComparison } from './defined/compare-defined.js';
import { naiveProfile, naiveTipsAsOf, type NaiveValue } from './naive-profile.js';
import { provableOf } from './provable.js';
import { rangesToReplay, replayInto, usersOf, type ReplayDeps, type TopicRange } from './replay.js';
import { earliestTime, topicOf, type ReplayedUser } from './replayed.js';
import { checkSameLog, weightOf } from './verify-partition.js';

/** Differences that are listed; all are counted. */
const LISTED = 20;
const EVENTS_IN_MEMORY = 500_000;

export interface SkewDifference {
  readonly user_id: string;
  readonly decision_id: string;
  readonly feature: string;
  readonly served: NaiveValue;
  readonly replayed: NaiveValue;
}

export interface ServedSkew {
  readonly compared: number;
  readonly differing: number;
  readonly notCompared: ReadonlyMap<NotCompared, number>;
  readonly differences: readonly SkewDifference[];
  /** partition -> what was replayed up to. */
  readonly positions: ReadonlyMap<number, ReadonlyMap<string, number>>;
  /** Features that were not compared: the naive code has not their definition, or the log has lost events of their topics. */
  readonly unproven: readonly string[];
}

export type NotCompared =
  | 'made with another feature set'
  | 'the profile that it was made with was given to POST /score, without some of the features'
  | 'the log has lost events of its partition'
  | 'it names no positions of this log'
  | 'a prune had taken events of its window, or came before a late one of them';

export interface SkewQuestion {
  readonly log: Log;
  readonly registry: Registry;
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  /** partition -> state file. */
  readonly files: ReadonlyMap<number, string>;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Throws offset_out_of_range for a log that ends before the state does, log_changed for another log, and the signal's reason. */
export async function servedSkew(question: SkewQuestion): Promise<ServedSkew> {
  const { registry, files, signal } = question;
  const tally = new SkewTally();
  const positions = new Map<number, ReadonlyMap<string, number>>();
  const unproven = new Set(provableOf(registry).unproven);
  for (const [partition, path] of files) {
    const state = new StateAudit(path, registry);
    try {
      positions.set(partition, state.begin());
      for (const name of await ofPartition(question, state, partition, positions.get(partition)!, tally)) unproven.add(name);
    } finally {
      state.close();
    }
    signal.throwIfAborted();
  }
  return { ...tally.result(), positions, unproven: registry.names.filter((name) => unproven.has(name)) };
}

/** Answers the features of which the log has lost events. */
async function ofPartition(
  { log, registry, dataDirectory, topicPrefix, partitioner, maxValueBytes, signal, onProgress = () => undefined }: SkewQuestion,
  state: StateAudit,
  partition: number,
  positions: ReadonlyMap<string, number>,
  tally: SkewTally,
): Promise<readonly string[]> {
  const rules: DecodeRules = { partitioner: partitionFunction(partitioner), partitions: state.identity.partitions, maxValueBytes };
  const source: ReplayDeps = { log, topicPrefix, partition, rules, includes: () => true, signal };
  const rowTopics = ROW_TOPICS.filter((topic) => registry.topics.includes(topic));
  const wanted = new Set<string>([FORGOTTEN_TOPIC, ...TIP_TOPICS, ...rowTopics, 'tip.scored']);
  const ranges = (await rangesToReplay(source, positions)).filter(({ topic }) => wanted.has(topic));
  await checkSameLog(state, source, ranges);
  const makeBuckets = () => new Buckets(dataDirectory, weightOf(ranges), EVENTS_IN_MEMORY);
  const buckets = makeBuckets();
  let defined: DefinedComparison | undefined;
  try {
    const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    let done = 0;
    const ignored = () => undefined;
    const targets = { buckets, audit: { refused: ignored, requested: ignored }, counts: { refused: ignored, applied: ignored } };
    const { forgets } = await replayInto(targets, source, ranges, (offsets) => onProgress((done += offsets), total));
    defined = await DefinedComparison.read(registry, { ...source, forgets }, ranges, makeBuckets);
    const lost = lostOf(registry, ranges, rowTopics);
    const unproven = new Set([...provableOf(registry).unproven, ...lost]);
    const judge: Judge = {
      featureSet: registry.featureSet,
      names: registry.names,
      compared: registry.names.filter((name) => !unproven.has(name)),
      isIncomplete: ranges.some(({ topic, incomplete }) => incomplete && (topic === FORGOTTEN_TOPIC || isOf(TIP_TOPICS, topic))),
      topics: [...TIP_TOPICS, ...rowTopics].map((topic) => fullTopicName(topicPrefix, topic)),
      fullName: (topic) => fullTopicName(topicPrefix, topic),
      defined,
      positions,
      prunes: state.prunes(),
    };
    for (let bucket = 0; bucket < buckets.count && !signal.aborted; bucket++) {
      defined?.load(bucket);
      for (const user of usersOf(buckets, bucket).values()) judgeUser(user, judge, tally);
      // Ctrl-C and progress get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return lost;
  } finally {
    buckets.close();
    defined?.close();
  }
}

const isOf = (topics: readonly string[], topic: string): boolean => topics.includes(topic);

/** Features with a source of rows of which the log has lost events; without events of tips no decision is compared at all. */
function lostOf({ features }: Registry, ranges: readonly TopicRange[], rowTopics: readonly string[]): string[] {
  const lost = ranges.filter(({ topic, incomplete }) => incomplete && isOf(rowTopics, topic)).map(({ topic }): string => topic);
  return features.filter(({ sources }) => sources.some((topic) => lost.includes(topic))).map(({ name }) => name);
}

interface Judge {
  readonly featureSet: string;
  /** All of the set. */
  readonly names: readonly string[];
  readonly compared: readonly string[];
  /** Of events of tips, or of who was forgotten. */
  readonly isIncomplete: boolean;
  /** That features are computed from; full names. */
  readonly topics: readonly string[];
  readonly fullName: (topic: ConsumedTopic) => string;
  /** Of features that a file defines. */
  readonly defined: DefinedComparison | undefined;
  readonly positions: ReadonlyMap<string, number>;
  readonly prunes: readonly RecordedPrune[];
}

function judgeUser({ userId, tips, decisions, activity }: ReplayedUser, judge: Judge, tally: SkewTally): void {
  for (const [decisionId, { record }] of decisions) {
    const { profile, positions, feature_set: featureSet } = JSON.parse(record) as ScoredEvent;
    if (featureSet !== judge.featureSet) {
      tally.couldNot('made with another feature set');
      continue;
    }
    if (judge.names.some((name) => !Object.hasOwn(profile.features, name))) {
      tally.couldNot('the profile that it was made with was given to POST /score, without some of the features');
      continue;
    }
    if (judge.isIncomplete) {
      tally.couldNot('the log has lost events of its partition');
      continue;
    }
    if (judge.topics.some((topic) => positions[topic] === undefined || positions[topic] > (judge.positions.get(topic) ?? 0))) {
      tally.couldNot('it names no positions of this log');
      continue;
    }
    const asOfMs = profile.as_of_ms;
    const below = (topic: ConsumedTopic): number => positions[judge.fullName(topic)] ?? 0;
    const known = [...tips].map(([tipId, events]) => {
      return [tipId, events.filter(({ kind, offset }) => offset < below(topicOf(kind)))] as const;
    });
    const rows = activity.filter(({ topic, offset }) => offset < below(topic));
    const defined = judge.defined?.below(userId, asOfMs, below);
    const differences = differencesOf(judge.compared, profile.features, {
      ...naiveProfile(naiveTipsAsOf(new Map(known), asOfMs), asOfMs).features,
      ...naiveActivityFeatures(
        naiveActivity(rows, [], () => undefined),
        asOfMs,
      ),
      ...defined?.features,
    });
    const ofTips = known.flatMap(([, events]) => events.map(({ atMs }) => atMs));
    const timesMs = [...ofTips, ...rows.map(earliestTime), ...(defined?.timesMs ?? [])];
    // What a prune has taken is not in the profile that was served, and is in the log.
    if (differences.length > 0 && isAfterPrune(positions, asOfMs, timesMs, judge))
      tally.couldNot('a prune had taken events of its window, or came before a late one of them');
    else tally.compared(userId, decisionId, differences);
  }
}

/** Whether a prune below these positions can have taken what happened at one of these times, and so have changed what the decision saw. */
function isAfterPrune(positions: ScoredEvent['positions'], asOfMs: number, timesMs: readonly number[], { prunes, topics }: Judge): boolean {
  return prunes.some(
    (prune) =>
      topics.every((topic) => (prune.positions.get(topic) ?? 0) <= (positions[topic] ?? 0)) &&
      (asOfMs < prune.horizonMs + WINDOW_MS || timesMs.some((atMs) => atMs < prune.horizonMs)),
  );
}

function differencesOf(
  compared: readonly string[],
  served: ScoredEvent['profile']['features'],
  replayed: Readonly<Record<string, NaiveValue>>,
): Omit<SkewDifference, 'user_id' | 'decision_id'>[] {
  return compared
    .map((feature) => ({ feature, served: scalarOf(served[feature]!), replayed: replayed[feature]! }))
    .filter((one) => one.served !== one.replayed);
}

class SkewTally {
  readonly #notCompared = new Map<NotCompared, number>();
  readonly #differences: SkewDifference[] = [];
  #compared = 0;
  #differing = 0;

  couldNot(reason: NotCompared): void {
    this.#notCompared.set(reason, (this.#notCompared.get(reason) ?? 0) + 1);
  }

  compared(userId: string, decisionId: string, differences: readonly Omit<SkewDifference, 'user_id' | 'decision_id'>[]): void {
    this.#compared++;
    if (differences.length === 0) return;
    this.#differing++;
    for (const one of differences)
      if (this.#differences.length < LISTED) this.#differences.push({ user_id: userId, decision_id: decisionId, ...one });
  }

  result() {
    return { compared: this.#compared, differing: this.#differing, notCompared: this.#notCompared, differences: this.#differences };
  }
}
