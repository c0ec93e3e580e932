/**
 * What folding redriven records would do, without sending them: which are accepted, and how the profiles of the users concerned change as
 * of now. Profiles are computed from a copy of the users' tips; decisions, rewards and what policies learn are not looked at.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeRecord, type DecodeRules, type Payload } from '../events/decode.js';
import { TipstreamError } from '../errors.js';
import { compareCodePoints } from '../events/strings.js';
import type { NewRecord } from '../log/port.js';
import { controlRefusal } from '../policies/controls/control-refusal.js';
import { isKnown } from '../projections/aggregate.js';
import { aggregateAt } from '../projections/as-of.js';
import type { FeatureValues } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';
import { foldFeedback, foldServed, NO_TIP, type TipState } from '../projections/tip.js';
import { presentStateFiles, type StateSource } from '../store/directory/state-files.js';
import { PartitionReader } from '../store/queries/partition-reader.js';
import type { ConsumedTopic, FeedbackEvent, ServedEvent } from '../topics.js';

/** null: the record would be accepted. */
export type Verdict = { readonly code: string; readonly message: string } | null;

interface ChangedTip {
  readonly tipId: string;
  readonly fold: (tip: TipState) => TipState;
}

export interface ProfileChange {
  readonly user_id: string;
  /** null: not known. */
  readonly before: FeatureValues | null;
  readonly after: FeatureValues | null;
  /** Names of features whose values differ; none: the profile stays as it is. */
  readonly changed: readonly string[];
}

export interface ProfileChanges {
  readonly as_of_ms: number;
  readonly users: readonly ProfileChange[];
  /** Users beyond MAX_USERS. */
  readonly users_omitted: number;
  /** Users whose state is not in this data directory. */
  readonly users_elsewhere: number;
}

const MAX_USERS = 1_000;

export class Preview {
  readonly #rules: Omit<DecodeRules, 'partitions'>;
  /** partition -> user -> what would be folded */
  readonly #tips = new Map<number, Map<string, ChangedTip[]>>();
  #users = 0;
  /** Their ids. */
  readonly #omitted = new Set<string>();

  constructor(rules: Omit<DecodeRules, 'partitions'>) {
    this.#rules = rules;
  }

  /** As the worker of its partition would take it. */
  add(topic: ConsumedTopic, record: NewRecord & { readonly partition: number }, partitions: number, payload?: Payload): Verdict {
    const { key, value, headers = [], partition } = record;
    const rules = { ...this.#rules, partitions };
    const encoded = { key, value, headers, partition, payload };
    if (topic === 'tip.served') {
      const decoded = decodeRecord(topic, encoded, rules);
      if (!decoded.ok) return decoded.rejection;
      this.#note(partition, decoded.event, (tip) => foldServed(tip, decoded.event));
    } else if (topic === 'tip.feedback') {
      const decoded = decodeRecord(topic, encoded, rules);
      if (!decoded.ok) return decoded.rejection;
      this.#note(partition, decoded.event, (tip) => foldFeedback(tip, decoded.event));
    } else if (topic === 'policy.control') {
      const decoded = decodeRecord(topic, encoded, rules);
      return decoded.ok ? (controlRefusal(decoded.event) ?? null) : decoded.rejection;
    } else {
      const decoded = decodeRecord(topic, encoded, rules);
      if (!decoded.ok) return decoded.rejection;
    }
    return null;
  }

  #note(partition: number, { user_id: userId, tip_id: tipId }: ServedEvent | FeedbackEvent, fold: ChangedTip['fold']): void {
    let users = this.#tips.get(partition);
    if (users === undefined) this.#tips.set(partition, (users = new Map()));
    const known = users.get(userId);
    if (known !== undefined) known.push({ tipId, fold });
    else if (this.#users >= MAX_USERS) this.#omitted.add(userId);
    else {
      this.#users++;
      users.set(userId, [{ tipId, fold }]);
    }
  }

  /**
   * Of what was added. undefined: there is no state here, so nothing is known of profiles. Others have their turn between two users.
   * Throws state_mismatch.
   */
  async profiles(source: StateSource, registry: Registry, nowMs: number): Promise<ProfileChanges | undefined> {
    const files = filesOf(source, registry);
    if (files === undefined) return undefined;
    const users: ProfileChange[] = [];
    let elsewhere = 0;
    for (const [partition, ofPartition] of this.#tips) {
      const path = files.get(partition);
      if (path === undefined) {
        elsewhere += ofPartition.size;
        continue;
      }
      const reader = new PartitionReader(path, registry);
      try {
        for (const [userId, tips] of ofPartition) {
          users.push(reader.snapshot(() => changeOf(reader, registry, userId, tips, nowMs)));
          await nextTurn();
        }
      } finally {
        reader.close();
      }
    }
    users.sort((a, b) => compareCodePoints(a.user_id, b.user_id));
    return { as_of_ms: nowMs, users, users_omitted: this.#omitted.size, users_elsewhere: elsewhere };
  }
}

function filesOf(source: StateSource, registry: Registry): ReadonlyMap<number, string> | undefined {
  try {
    return presentStateFiles(source, registry).files;
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'no_data') return undefined;
    throw error;
  }
}

function changeOf(
  reader: PartitionReader,
  registry: Registry,
  userId: string,
  changes: readonly ChangedTip[],
  nowMs: number,
): ProfileChange {
  const tips = reader.tips(userId);
  const before = featuresOf(registry, tips, nowMs);
  for (const { tipId, fold } of changes) tips.set(tipId, fold(tips.get(tipId) ?? NO_TIP));
  const after = featuresOf(registry, tips, nowMs);
  const changed = registry.names.filter((name) => !Object.is(before?.[name] ?? null, after?.[name] ?? null));
  return { user_id: userId, before, after, changed };
}

function featuresOf(registry: Registry, tips: ReadonlyMap<string, TipState>, nowMs: number): FeatureValues | null {
  const aggregate = aggregateAt(registry, nowMs, { count: tips.size, all: () => tips.values() });
  return isKnown(aggregate) ? registry.values(aggregate) : null;
}
