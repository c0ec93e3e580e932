/**
 * Training-serving skew: whether each decision was made with the profile that the log gives at the decision's own positions. The replay
 * is verify's: every event of a user, and a profile computed the obvious way from those below the positions. Nothing is estimated.
 */
import type { DecodeRules } from '../events/decode.js';
import type { Registry } from '../projections/registry.js';
import { compareCodePoints } from '../events/strings.js';
import { WINDOW_MS } from '../projections/window.js';
import { partitionFunction, type PartitionerName } from '../log/partitioner.js';
import type { Log } from '../log/port.js';
import { StateAudit } from '../store/queries/state-audit.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import { FORGOTTEN_TOPIC, fullTopicName, TIP_TOPICS, type ScoredEvent } from '../topics.js';
import { Buckets } from './buckets.js';
import { naiveProfile, naiveTipsAsOf, type NaiveValue } from './naive-profile.js';
import { provableOf } from './provable.js';
import { rangesToReplay, replayInto, usersOf, type ReplayDeps } from './replay.js';
import type { ReplayedUser } from './replayed.js';
import { checkSameLog, weightOf } from './verify-partition.js';

/** Differences that are listed; all are counted. */
const LISTED = 20;
const EVENTS_IN_MEMORY = 500_000;

/** What the replay of tips gives: features of sessions, signals and files are left out, and said to be. */
const COMPARED = Object.keys(naiveProfile([], 0).features).sort(compareCodePoints);

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
  /** Features that were not compared: the naive code has not their definition, or they are not of tips. */
  readonly unproven: readonly string[];
}

export type NotCompared =
  | 'made with another feature set'
  | 'the log has lost events of its partition'
  | 'it names no positions of this log'
  | 'a prune had taken tips of its window, or came before a late event of them';

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
  const provable = provableOf(registry);
  const features = COMPARED.filter((name) => provable.features.has(name));
  const tally = new SkewTally(features);
  const positions = new Map<number, ReadonlyMap<string, number>>();
  for (const [partition, path] of files) {
    const state = new StateAudit(path, registry);
    try {
      positions.set(partition, state.begin());
      await ofPartition(question, state, partition, positions.get(partition)!, tally);
    } finally {
      state.close();
    }
    signal.throwIfAborted();
  }
  return { ...tally.result(), positions, unproven: registry.names.filter((name) => !features.includes(name)) };
}

async function ofPartition(
  { log, registry, dataDirectory, topicPrefix, partitioner, maxValueBytes, signal, onProgress = () => undefined }: SkewQuestion,
  state: StateAudit,
  partition: number,
  positions: ReadonlyMap<string, number>,
  tally: SkewTally,
): Promise<void> {
  const rules: DecodeRules = { partitioner: partitionFunction(partitioner), partitions: state.identity.partitions, maxValueBytes };
  const source: ReplayDeps = { log, topicPrefix, partition, rules, includes: () => true, signal };
  const wanted = new Set<string>([FORGOTTEN_TOPIC, ...TIP_TOPICS, 'tip.scored']);
  const ranges = (await rangesToReplay(source, positions)).filter(({ topic }) => wanted.has(topic));
  await checkSameLog(state, source, ranges);
  const buckets = new Buckets(dataDirectory, weightOf(ranges), EVENTS_IN_MEMORY);
  try {
    const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    let done = 0;
    const ignored = () => undefined;
    const targets = { buckets, audit: { refused: ignored, requested: ignored }, counts: { refused: ignored, applied: ignored } };
    await replayInto(targets, source, ranges, (offsets) => onProgress((done += offsets), total));
    const judge: Judge = {
      featureSet: registry.featureSet,
      isIncomplete: ranges.some(({ topic, incomplete }) => topic !== 'tip.scored' && incomplete),
      topics: TIP_TOPICS.map((topic) => fullTopicName(topicPrefix, topic)),
      served: fullTopicName(topicPrefix, 'tip.served'),
      feedback: fullTopicName(topicPrefix, 'tip.feedback'),
      positions,
      prunes: state.prunes(),
    };
    for (let bucket = 0; bucket < buckets.count && !signal.aborted; bucket++) {
      for (const user of usersOf(buckets, bucket).values()) judgeUser(user, judge, tally);
      // Ctrl-C and progress get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    buckets.close();
  }
}

interface Judge {
  readonly featureSet: string;
  readonly isIncomplete: boolean;
  /** Full names. */
  readonly topics: readonly string[];
  readonly served: string;
  readonly feedback: string;
  readonly positions: ReadonlyMap<string, number>;
  readonly prunes: readonly RecordedPrune[];
}

function judgeUser({ userId, tips, decisions }: ReplayedUser, judge: Judge, tally: SkewTally): void {
  for (const [decisionId, { record }] of decisions) {
    const { profile, positions, feature_set: featureSet } = JSON.parse(record) as ScoredEvent;
    if (featureSet !== judge.featureSet) {
      tally.couldNot('made with another feature set');
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
    const known = [...tips].map(([tipId, events]) => {
      const below = events.filter(({ kind, offset }) => offset < positions[kind === 'served' ? judge.served : judge.feedback]!);
      return [tipId, below] as const;
    });
    const { features } = naiveProfile(naiveTipsAsOf(new Map(known), profile.as_of_ms), profile.as_of_ms);
    const differences = tally.differencesOf(profile.features, features);
    // What a prune has taken is not in the profile that was served, and is in the log.
    if (differences.length > 0 && isAfterPrune(positions, profile.as_of_ms, known, judge))
      tally.couldNot('a prune had taken tips of its window, or came before a late event of them');
    else tally.compared(userId, decisionId, differences);
  }
}

type KnownTips = readonly (readonly [tipId: string, events: readonly { readonly atMs: number }[]])[];

/** Whether a prune below these positions can have taken a time of these tips, and with it have changed what the decision saw. */
function isAfterPrune(positions: ScoredEvent['positions'], asOfMs: number, tips: KnownTips, { prunes, topics }: Judge): boolean {
  return prunes.some(
    (prune) =>
      topics.every((topic) => (prune.positions.get(topic) ?? 0) <= (positions[topic] ?? 0)) &&
      (asOfMs < prune.horizonMs + WINDOW_MS || tips.some(([, events]) => events.some(({ atMs }) => atMs < prune.horizonMs))),
  );
}

class SkewTally {
  readonly #features: readonly string[];
  readonly #notCompared = new Map<NotCompared, number>();
  readonly #differences: SkewDifference[] = [];
  #compared = 0;
  #differing = 0;

  constructor(features: readonly string[]) {
    this.#features = features;
  }

  couldNot(reason: NotCompared): void {
    this.#notCompared.set(reason, (this.#notCompared.get(reason) ?? 0) + 1);
  }

  differencesOf(served: ScoredEvent['profile']['features'], replayed: Readonly<Record<string, NaiveValue>>) {
    return this.#features
      .map((feature) => ({ feature, served: (served[feature] ?? null) as NaiveValue, replayed: replayed[feature] ?? null }))
      .filter((one) => one.served !== one.replayed);
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
