/** A user's decisions, links, rewards and learned sums against the replay. */
import { examplesNamed, type ExampleSource } from '../policies/example-source.js';
import { policyOfEvent } from '../policies/registry.js';
import { decodeState } from '../policies/ridge-codec.js';
import { SHADOW_SUFFIX } from '../policies/policy.js';
import type { AuditedDecision } from '../store/queries/state-audit.js';
import type { ScoredEvent } from '../topics.js';
import { addressesOf } from './compare-tips.js';
import { naiveTip } from './naive-profile.js';
import {
  naiveLinks,
  naiveReward,
  naiveSums,
  naiveTranslation,
  naiveVector,
  shadowLearnedAt,
  type NaiveClosing,
  type NaiveExample,
  type NaiveReward,
  type NaiveServing,
} from './naive-policy.js';
import { naiveWorthAt } from './naive-worth.js';
import { naiveVectorUnder } from './naive-vector.js';
import { rememberDecisions, storedDecisions } from './remembered.js';
import type { ReplayedDecision } from './replayed.js';
import type { UserComparison } from './user-comparison.js';

type Table = 'decision' | 'shadow_decision';
const TOPIC_OF = { decision: 'tip.scored', shadow_decision: 'tip.scored.shadow' } as const;

interface Judged extends ReplayedDecision {
  readonly event: ScoredEvent;
  readonly reward: NaiveReward | null;
}

/** `closed`: decisions that lost a serving to a prune, with their rewards. */
export function comparePolicy(comparison: UserComparison, closed: ReadonlyMap<string, NaiveClosing>): void {
  const { user, rules } = comparison;
  const stored = storedDecisions(comparison);
  rememberDecisions(comparison, stored);
  compareLinks(comparison);

  const servings = naiveLinks(user.tips);
  const rewardOf = (decisionId: string, event: ScoredEvent) => {
    const kept = closed.get(decisionId);
    if (kept !== undefined) return kept.earned;
    return naiveReward(
      (tipId) => Object.hasOwn(event.features.vectors, tipId),
      servings.get(decisionId) ?? new Map<string, NaiveServing>(),
      (tipId) => (user.tips.has(tipId) ? naiveTip(tipId, user.tips.get(tipId)!) : undefined),
      naiveWorthAt(rules.worth, event.profile.as_of_ms),
    );
  };
  const live = new Map<string, Judged>();
  for (const [decisionId, decision] of user.decisions) {
    const event = parse(decision.record);
    live.set(decisionId, { ...decision, event, reward: rewardOf(decisionId, event) });
  }
  const shadow = new Map<string, Judged>();
  for (const [decisionId, decision] of user.shadowDecisions) {
    const answered = live.get(decisionId);
    const learns =
      answered !== undefined && shadowLearnedAt(rules.shadowLearning, answered.event.profile.as_of_ms, rules.shadowLearnsOtherwise);
    shadow.set(decisionId, { ...decision, event: parse(decision.record), reward: learns ? answered.reward : null });
  }
  const unread = new Map(stored.decision.filter(({ offset }) => offset === null).map((row) => [row.decisionId, row.record]));
  for (const [decisionId, { event }] of shadow) {
    const answer = live.get(decisionId)?.event ?? (unread.has(decisionId) ? parse(unread.get(decisionId)!) : undefined);
    if (answer !== undefined) rules.counts.paired(answer, event);
  }
  compareDecisions(comparison, 'decision', live, stored.decision);
  compareDecisions(comparison, 'shadow_decision', shadow, stored.shadow_decision);
  compareSums(comparison, live, shadow);
}

function compareLinks({ user, links, report }: UserComparison): void {
  const expected = naiveLinks(user.tips);
  const naming = (decisionId: string, tipId: string) =>
    addressesOf((user.tips.get(tipId) ?? []).filter((event) => event.decisionId === decisionId));
  for (const { decisionId, tipId, servedAtMs, promptVersion } of links) {
    const replayed = expected.get(decisionId)?.get(tipId);
    expected.get(decisionId)?.delete(tipId);
    const differs = (feature: string, live: unknown, other: unknown) =>
      report({ kind: 'link', id: decisionId, feature: `${feature} of ${tipId}`, live, replayed: other, events: naming(decisionId, tipId) });
    if (replayed?.servedAtMs !== servedAtMs) differs('served_at_ms', servedAtMs, replayed?.servedAtMs ?? null);
    else if (replayed.promptVersion !== promptVersion) differs('prompt_version', promptVersion, replayed.promptVersion);
  }
  for (const [decisionId, tips] of expected) {
    for (const [tipId, { servedAtMs }] of tips)
      report({
        kind: 'link',
        id: decisionId,
        feature: `served_at_ms of ${tipId}`,
        live: null,
        replayed: servedAtMs,
        events: naming(decisionId, tipId),
      });
  }
}

function compareDecisions(
  { user, report }: UserComparison,
  table: Table,
  replayed: ReadonlyMap<string, Judged>,
  stored: readonly AuditedDecision[],
): void {
  const left = new Map(replayed);
  for (const row of stored) {
    const { decisionId } = row;
    const decision = left.get(decisionId);
    left.delete(decisionId);
    const reward = row.reward === null ? null : { tipId: row.rewardTipId, reward: row.reward };
    if (decision === undefined) {
      // Answered and not yet read back: nothing may be learned from it.
      if (row.offset !== null) report({ kind: table, id: decisionId, feature: 'record', live: row.record, replayed: null });
      else if (reward !== null) report({ kind: table, id: decisionId, feature: 'reward', live: reward, replayed: null });
      continue;
    }
    const events = [{ topic: TOPIC_OF[table], offset: decision.offset }];
    const differs = (feature: string, live: unknown, other: unknown, more: typeof events | ReturnType<typeof addressesOf> = []) =>
      report({ kind: table, id: decisionId, feature, live, replayed: other, events: [...events, ...more] });
    if (row.offset !== decision.offset) differs('scored_offset', row.offset, decision.offset);
    if (row.policy !== decision.event.policy) differs('policy', row.policy, decision.event.policy);
    if (row.requestedAtMs !== decision.event.profile.as_of_ms)
      differs('requested_at_ms', row.requestedAtMs, decision.event.profile.as_of_ms);
    if (row.record !== decision.record)
      for (const [field, live, other] of fieldsThatDiffer(row.record, decision.record)) differs(`record.${field}`, live, other);
    if (reward?.tipId !== decision.reward?.tipId || reward?.reward !== decision.reward?.reward) {
      const naming = [...user.tips.values()].filter((tipEvents) => tipEvents.some((event) => event.decisionId === decisionId)).flat();
      differs('reward', reward, decision.reward, addressesOf(naming));
    }
  }
  for (const [decisionId, { offset, record }] of left)
    report({
      kind: table,
      id: decisionId,
      feature: 'record',
      live: null,
      replayed: JSON.parse(record),
      events: [{ topic: TOPIC_OF[table], offset }],
    });
}

function compareSums(
  { user: { userId }, state, uid, rules, report }: UserComparison,
  live: ReadonlyMap<string, Judged>,
  shadow: ReadonlyMap<string, Judged>,
): void {
  const stored = uid === undefined ? [] : state.policyStates(uid);
  const rewarded = [...live, ...shadow].filter(([, { reward, event }]) => reward !== null && policyOfEvent(event.policy) !== undefined);
  const policies = new Set([...rewarded.map(([, { event }]) => event.policy), ...stored.map(({ policy }) => policy)]);
  for (const policy of policies) {
    const row = stored.find((one) => one.policy === policy);
    const source = examplesNamed(policy);
    const differs = (feature: string, held: unknown, replayed: unknown, examples: readonly NaiveExample[] = []) =>
      report({
        kind: 'policy_sum',
        id: policy,
        feature,
        live: held,
        replayed,
        events: examples.map(({ offset }) => ({ topic: policy.endsWith(SHADOW_SUFFIX) ? 'tip.scored.shadow' : 'tip.scored', offset })),
      });
    if (source === undefined) {
      differs('row', 'sums of a policy that does not exist', null);
      continue;
    }
    const { dimension } = source.vectors;
    const since = row?.resetAtMs ?? -1;
    // Sums may begin at any of these: they move when the next decision asks for them.
    if (since !== -1 && !rules.incomplete.has('policy.control')) {
      const beginnings = rules.beginningsOf(userId, source.decidedBy);
      if (!beginnings.includes(since)) differs('reset_at_ms', since, beginnings);
    }
    const examples = examplesOf(rewarded, source, since);
    const expected = naiveSums(examples, dimension);
    let held = { updates: 0, g: new Float64Array((dimension * (dimension + 1)) / 2), b: new Float64Array(dimension) };
    try {
      if (row !== undefined) held = decodeState(row.state, dimension) as typeof held;
    } catch (error) {
      differs('state', (error as Error).message, expected, examples);
      continue;
    }
    if (held.updates !== expected.updates) differs('updates', held.updates, expected.updates, examples);
    const entries = [
      ...expected.g.flatMap((entriesOfRow, i) =>
        entriesOfRow.slice(0, i + 1).map((sum, j) => [`G[${i}][${j}]`, held.g[(i * (i + 1)) / 2 + j], sum] as const),
      ),
      ...expected.b.map((sum, i) => [`b[${i}]`, held.b[i], sum] as const),
    ];
    const [first] = entries.filter(([, found, sum]) => found !== sum);
    if (first !== undefined) differs(first[0], first[1], first[2], examples);
  }
}

function examplesOf(
  rewarded: readonly (readonly [decisionId: string, decision: Judged])[],
  source: ExampleSource,
  sinceMs: number,
): NaiveExample[] {
  return rewarded.flatMap(([decisionId, { event, reward, offset }]): NaiveExample[] => {
    if (event.policy !== source.decidedBy || event.profile.as_of_ms < sinceMs) return [];
    const own = naiveVector(event, reward!.tipId, policyOfEvent(source.decidedBy)!.dimension);
    if (own === undefined) return [];
    return [
      {
        decisionId,
        offset,
        x: source.translated
          ? naiveTranslation(naiveVectorUnder(source.vectors, event, reward!.tipId, own), own, source.vectors.dimension)
          : own,
        reward: reward!.reward,
      },
    ];
  });
}

/** The fields at the top of two records that differ, with both values; the text as a whole when one of them cannot be read. */
function fieldsThatDiffer(live: string, replayed: string): (readonly [field: string, live: unknown, replayed: unknown])[] {
  try {
    const [a, b] = [JSON.parse(live) as Record<string, unknown>, JSON.parse(replayed) as Record<string, unknown>];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]))
      .map((field) => [field, a[field] ?? null, b[field] ?? null]);
  } catch {
    return [['text', live, replayed]];
  }
}

/** JSON.parse makes `__proto__` an own key, so tip_ids of any spelling survive. */
function parse(record: string): ScoredEvent {
  return JSON.parse(record) as ScoredEvent;
}
