/**
 * Verifies one partition: a snapshot of its state file, a replay of the log into buckets up to its positions, and bucket by bucket a
 * comparison.
 */
import { Audit } from '../audit/audit.js';
import { checkLogIdentity } from '../log/checks/identity.js';
import type { Registry } from '../projections/registry.js';
import { stateError } from '../store/state-file.js';
import type { StateAudit } from '../store/queries/state-audit.js';
import { Buckets } from './buckets.js';
import { beginningsIn, compareControls, shadowLearningSettings } from './compare-controls.js';
import { PruneComparison } from './compare-prunes.js';
import { compareUser } from './compare-user.js';
import { DefinedComparison } from './defined/compare-defined.js';
import type { Findings } from './difference.js';
import { NaiveCounts } from './naive-counts.js';
import { provableOf } from './provable.js';
import { addUser, rangesToReplay, replayInto, usersOf, type ReplayDeps, type TopicRange } from './replay.js';
import { worthSettings } from './naive-worth.js';
import type { PolicyRules } from './user-comparison.js';

/** A decision takes about as much memory as this many tip events. */
const EVENTS_PER_DECISION = 10;

export interface PartitionComparison {
  readonly state: StateAudit;
  /** What `state.begin` answered. */
  readonly positions: ReadonlyMap<string, number>;
  readonly source: ReplayDeps;
  readonly findings: Findings;
  readonly progress: PartitionProgress;
  readonly asOfMs: number;
  readonly registry: Registry;
  /** Of the process that folds, where no control says otherwise; undefined: as the state file suggests. */
  readonly shadowLearning: boolean | undefined;
  /** Where buckets are kept. */
  readonly directory: string;
  readonly deadLetterDirectory: string;
  /** How many events of a partition are in memory at once; a single user with more is in memory all the same. */
  readonly eventsPerBucket: number;
  /** The share of users wanted, 0 to 1: it decides how many buckets there are, and nothing else. */
  readonly share: number;
  /** Whether that is all of them. */
  readonly everybody: boolean;
}

export interface PartitionVerdict {
  readonly users: number;
  /** Offsets replayed. */
  readonly records: number;
  /** Valid events among them. */
  readonly events: number;
}

/** `done` of `total` offsets replayed. */
export type PartitionProgress = (done: number, total: number) => void;

/** Ends early, with what was compared until then, when the source's signal aborts. */
export async function verifyPartition(comparison: PartitionComparison): Promise<PartitionVerdict> {
  const { state, positions, source, findings, progress, asOfMs } = comparison;
  const ranges = await rangesToReplay(source, positions);
  await checkSameLog(state, source, ranges);
  const makeBuckets = () => new Buckets(comparison.directory, weightOf(ranges) * comparison.share, comparison.eventsPerBucket);
  const buckets = makeBuckets();
  let defined: DefinedComparison | undefined;
  try {
    for (const userId of state.userIds()) if (source.includes(userId)) addUser(buckets, userId);
    const counts = new NaiveCounts();
    const audit = new Audit({ ...source, deadLetterDirectory: comparison.deadLetterDirectory, state: state.pending, positions });
    const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    let done = 0;
    progress(0, total);
    const {
      events,
      controls: replayedControls,
      forgets,
      erasedFrom,
    } = await replayInto({ buckets, audit, counts }, source, ranges, (offsets) => progress((done += offsets), total));

    defined = await DefinedComparison.read(comparison.registry, { ...source, forgets }, ranges, makeBuckets);

    const incomplete = new Set(ranges.filter((range) => range.incomplete).map(({ topic }) => topic));
    const controlRange = ranges.find(({ topic }) => topic === 'policy.control');
    const controls = compareControls({
      partition: source.partition,
      replayed: replayedControls,
      stored: state.controls(),
      lostBelow: controlRange?.incomplete === true ? controlRange.from : 0,
      findings,
    });
    const controlEvents = [...controls.values()].map(({ event }) => event);
    const rules: PolicyRules = {
      worth: worthSettings(controls.values()),
      shadowLearning: shadowLearningSettings(controlEvents),
      shadowLearnsOtherwise: comparison.shadowLearning ?? state.shadowHasLearned(),
      beginningsOf: beginningsIn(controlEvents),
      incomplete,
      counts,
    };
    counts.add('controls', replayedControls.size);
    for (const [table, rows] of state.ownerless())
      findings.reporter(source.partition, null)({ kind: 'user', id: table, feature: 'rows without a user', live: rows, replayed: 0 });

    const provable = provableOf(comparison.registry);
    const { kinds } = comparison.registry;
    const withDecisions = state.hasDecisions();
    const prunes = new PruneComparison(
      state.prunes(),
      source.topicPrefix,
      kinds.map(({ kind }) => kind),
    );
    let users = 0;
    for (let bucket = 0; bucket < buckets.count && !source.signal.aborted; bucket++) {
      defined?.load(bucket);
      for (const user of usersOf(buckets, bucket).values()) {
        counts.decided(user.decisions.size, user.shadowDecisions.size);
        compareUser(user, { state, asOfMs, provable, kinds, withDecisions, prunes, defined, rules, partition: source.partition, findings });
        users++;
      }
      // Ctrl-C and progress get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (source.signal.aborted) return { users, records: total, events };
    if (comparison.everybody) {
      const forgottenIn = forgets.topics;
      const countedOnce = new Set([...incomplete, ...forgottenIn]);
      prunes.compareCounts(source.partition, countedOnce, findings);
      counts.add('pruned_tips', prunes.taken);
      counts.compare(state.pending.counts(), { incomplete, forgottenIn: new Set([...forgottenIn, ...erasedFrom]) }, audit);
    }
    findings.take(source.partition, await audit.finish());
    return { users, records: total, events };
  } catch (error) {
    throw stateError(state.path, error);
  } finally {
    buckets.close();
    defined?.close();
  }
}

/** Of another log, differences would say nothing about the state. */
export async function checkSameLog(
  state: StateAudit,
  { log, partition, signal }: ReplayDeps,
  ranges: readonly TopicRange[],
): Promise<void> {
  const held = new Map(ranges.map(({ fullName, from, to }) => [fullName, { low: from, end: to }]));
  const applied = new Map([...state.lastApplied()].filter(([topic]) => held.has(topic)));
  await checkLogIdentity(log, { partition, path: state.path, applied, ranges: held, signal });
}

/** How many tip events take about as much memory. */
export function weightOf(ranges: readonly TopicRange[]): number {
  const weights = { 'tip.scored': EVENTS_PER_DECISION, 'tip.scored.shadow': EVENTS_PER_DECISION, 'tip.candidates': 0 };
  return ranges.reduce(
    (sum, { topic, from, to }) => sum + (to - from) * (topic in weights ? weights[topic as keyof typeof weights] : 1),
    0,
  );
}
