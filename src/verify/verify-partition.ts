/**
 * Verifies one partition: a snapshot of its state file, a replay of the log into buckets up to its positions, and bucket by bucket a
 * comparison.
 */
import { checkLogIdentity } from '../log/checks/identity.js';
import type { Registry } from '../projections/registry.js';
import { stateError } from '../store/state-file.js';
import type { AuditedTip, AuditedUser, StateAudit } from '../store/queries/state-audit.js';
import { Buckets } from './buckets.js';
import { beginningsIn, compareControls, shadowLearningSettings } from './compare-controls.js';
import { comparePolicy, type PolicyRules } from './compare-policy.js';
import { compareClosed, PruneComparison } from './compare-prunes.js';
import { compareProfile } from './compare-profile.js';
import { compareTips, compareUserRow } from './compare-tips.js';
import type { Findings, Report } from './difference.js';
import type { NaiveClosing } from './naive-policy.js';
import { provableOf, type Provable } from './provable.js';
import { rememberDecisions, rememberTips } from './remembered.js';
import { addUser, rangesToReplay, replayInto, usersOf, type ReplaySource, type TopicRange } from './replay.js';
import type { ReplayedTopic, ReplayedUser } from './replayed.js';

/** A decision takes about as much memory as this many tip events. */
const EVENTS_PER_DECISION = 10;

export interface PartitionQuestion {
  readonly asOfMs: number;
  readonly registry: Registry;
  /** Of the process that folds, where no control says otherwise; undefined: as the state file suggests. */
  readonly shadowLearning: boolean | undefined;
  /** Where buckets are kept. */
  readonly directory: string;
  /** How many events of a partition are in memory at once; a single user with more is in memory all the same. */
  readonly eventsPerBucket: number;
  /** The share of users wanted, 0 to 1: it decides how many buckets there are, and nothing else. */
  readonly share: number;
  /** Whether that is all of them. */
  readonly everybody: boolean;
}

export interface PartitionVerdict {
  readonly users: number;
  readonly events: number;
}

/** `done` of `total` offsets replayed. */
export type PartitionProgress = (done: number, total: number) => void;

/** Ends early, with what was compared until then, when the source's signal aborts. `positions` are what `state.begin` answered. */
export async function verifyPartition(
  state: StateAudit,
  positions: ReadonlyMap<string, number>,
  source: ReplaySource,
  question: PartitionQuestion,
  findings: Findings,
  progress: PartitionProgress,
): Promise<PartitionVerdict> {
  const ranges = await rangesToReplay(source, positions);
  await checkSameLog(state, source, ranges);
  const buckets = new Buckets(question.directory, weightOf(ranges) * question.share, question.eventsPerBucket);
  try {
    for (const userId of state.userIds()) if (source.includes(userId)) addUser(buckets, userId);
    const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    let done = 0;
    progress(0, total);
    const { events, controls: replayedControls } = await replayInto(buckets, source, ranges, (offsets) =>
      progress((done += offsets), total),
    );

    const incomplete = new Set(ranges.filter((range) => range.incomplete).map(({ topic }) => topic));
    const controlRange = ranges.find(({ topic }) => topic === 'policy.control');
    const controls = compareControls(
      source.partition,
      replayedControls,
      state.controls(),
      controlRange?.incomplete === true ? controlRange.from : 0,
      findings,
    );
    const rules: PolicyRules = {
      shadowLearning: shadowLearningSettings(controls),
      shadowLearnsOtherwise: question.shadowLearning ?? state.shadowHasLearned(),
      beginningsOf: beginningsIn(controls),
      incomplete,
    };
    for (const [table, rows] of state.ownerless())
      findings.reporter(source.partition, null)({ kind: 'user', id: table, feature: 'rows without a user', live: rows, replayed: 0 });

    const provable = provableOf(question.registry);
    const withDecisions = state.hasDecisions();
    const prunes = new PruneComparison(state.prunes(), source.topicPrefix);
    let users = 0;
    for (let bucket = 0; bucket < buckets.count && !source.signal.aborted; bucket++) {
      for (const user of usersOf(buckets, bucket).values()) {
        compareUser(user, state, { asOfMs: question.asOfMs, provable, withDecisions, prunes }, rules, source.partition, findings);
        users++;
      }
      // Ctrl-C and progress get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (question.everybody && !source.signal.aborted) prunes.compareCounts(source.partition, incomplete, findings);
    return { users, events };
  } catch (error) {
    throw stateError(state.path, error);
  } finally {
    buckets.close();
  }
}

/** Of another log, differences would say nothing about the state. */
async function checkSameLog(state: StateAudit, { log, partition, signal }: ReplaySource, ranges: readonly TopicRange[]): Promise<void> {
  const held = new Map(ranges.map(({ fullName, from, to }) => [fullName, { low: from, end: to }]));
  const applied = new Map([...state.lastApplied()].filter(([topic]) => held.has(topic)));
  await checkLogIdentity(log, { partition, path: state.path, applied, ranges: held, signal });
}

interface UserQuestion {
  readonly asOfMs: number;
  readonly provable: Provable;
  readonly withDecisions: boolean;
  readonly prunes: PruneComparison;
}

function compareUser(
  user: ReplayedUser,
  state: StateAudit,
  { asOfMs, provable, withDecisions, prunes }: UserQuestion,
  rules: PolicyRules,
  partition: number,
  findings: Findings,
): void {
  const { userId } = user;
  const report = findings.reporter(partition, userId);
  const missed = new Set<ReplayedTopic>();
  const stored = readable(() => state.user(userId), report);
  const uid = stored?.uid;
  const rows = uid === undefined ? [] : state.tips(uid);
  const links = uid === undefined || !withDecisions ? [] : state.links(uid);
  const closed = takePruned(user, state, uid, rows, prunes, rules, missed, report);
  rememberTips(user, rows, links, rules.incomplete, missed);

  const differingTips = compareTips(user.tips, rows, report);
  if (stored !== undefined) compareUserRow(stored, user.tips, state.times(stored.uid), report);
  const live = readable(() => state.profile(userId, asOfMs), report);
  compareProfile(user, live, stored, { asOfMs, provable, differingTips }, report);
  if (withDecisions || user.decisions.size > 0 || user.shadowDecisions.size > 0)
    comparePolicy(user, state, uid, links, closed, rules, missed, report);
  if (missed.size > 0) findings.cannotProve(partition, userId, missed);
}

/** What the prunes took goes from `user`; answers the decisions that they closed, with what those had earned. */
function takePruned(
  user: ReplayedUser,
  state: StateAudit,
  uid: number | undefined,
  rows: readonly AuditedTip[],
  prunes: PruneComparison,
  rules: PolicyRules,
  missed: Set<ReplayedTopic>,
  report: Report,
): Map<string, NaiveClosing> {
  const concerned = prunes.concerning(user.userId);
  if (concerned.length > 0 && uid !== undefined) {
    rememberDecisions(user.decisions, state.decisions(uid, 'decision'), 'tip.scored', rules.incomplete, missed);
    rememberDecisions(user.shadowDecisions, state.decisions(uid, 'shadow_decision'), 'tip.scored.shadow', rules.incomplete, missed);
  }
  const closed = concerned.length === 0 ? new Map<string, NaiveClosing>() : prunes.take(user, concerned, rows, rules.incomplete, missed);
  compareClosed(closed, uid === undefined ? [] : state.closings(uid), rules.incomplete, missed, report);
  return closed;
}

/** Cached counts that cannot even be read are a difference, and no reason to stop. */
function readable<T extends AuditedUser | object>(read: () => T | undefined, report: Report): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    report({ kind: 'user', feature: 'counters', live: error.message, replayed: 'JSON' });
    return undefined;
  }
}

function weightOf(ranges: readonly TopicRange[]): number {
  return ranges.reduce((sum, { topic, from, to }) => sum + (to - from) * (topic.startsWith('tip.scored') ? EVENTS_PER_DECISION : 1), 0);
}
