/**
 * What folding redriven records would do, without sending them: which are accepted, and how the profiles of the users concerned change as
 * of now. Profiles are computed from a copy of what is kept of the users; decisions, rewards and what policies learn are not looked at.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeRecord, type DecodeRules, type Payload } from '../events/decode.js';
import { TipstreamError } from '../errors.js';
import { compareCodePoints } from '../events/strings.js';
import type { NewRecord } from '../log/port.js';
import { controlRefusal } from '../policies/controls/control-refusal.js';
import type { FeatureValues } from '../projections/feature.js';
import { isSameValue } from '../projections/object-value.js';
import type { Registry } from '../projections/registry.js';
import { keyOf, type Row } from '../projections/row-kind.js';
import { profileOf } from '../projections/kept/user-rows.js';
import { foldFeedback, foldServed, NO_TIP, type TipState } from '../projections/tip.js';
import { presentStateFiles, type StateSource } from '../store/directory/state-files.js';
import { PartitionReader } from '../store/queries/partition-reader.js';
import { type ConsumedTopic, TOPICS } from '../topics.js';

/** null: the record would be accepted. */
export type Verdict = { readonly code: string; readonly message: string } | null;

/** What is kept of a user, to be changed. */
interface KeptCopy {
  readonly tips: Map<string, TipState>;
  /** kind's name -> key -> row */
  readonly rows: Map<string, Map<string, Row>>;
}

/** What one event does to it. */
type Change = (kept: KeptCopy, registry: Registry) => void;

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
  readonly #changes = new Map<number, Map<string, Change[]>>();
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
      this.#note(
        partition,
        decoded.event,
        tipChange(decoded.event, (tip) => foldServed(tip, decoded.event)),
      );
    } else if (topic === 'tip.feedback') {
      const decoded = decodeRecord(topic, encoded, rules);
      if (!decoded.ok) return decoded.rejection;
      this.#note(
        partition,
        decoded.event,
        tipChange(decoded.event, (tip) => foldFeedback(tip, decoded.event)),
      );
    } else if (topic === 'policy.control') {
      const decoded = decodeRecord(topic, encoded, rules);
      return decoded.ok ? (controlRefusal(decoded.event) ?? null) : decoded.rejection;
    } else {
      const decoded = decodeRecord(topic, encoded, rules);
      if (!decoded.ok) return decoded.rejection;
      const { event } = decoded;
      if (TOPICS[topic].folds === 'rows' && 'user_id' in event) this.#note(partition, event, rowChange(topic, event));
    }
    return null;
  }

  #note(partition: number, { user_id: userId }: { readonly user_id: string }, change: Change): void {
    let users = this.#changes.get(partition);
    if (users === undefined) this.#changes.set(partition, (users = new Map()));
    const known = users.get(userId);
    if (known !== undefined) known.push(change);
    else if (this.#users >= MAX_USERS) this.#omitted.add(userId);
    else {
      this.#users++;
      users.set(userId, [change]);
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
    for (const [partition, ofPartition] of this.#changes) {
      const path = files.get(partition);
      if (path === undefined) {
        elsewhere += ofPartition.size;
        continue;
      }
      const reader = new PartitionReader(path, registry);
      try {
        for (const [userId, changes] of ofPartition) {
          users.push(reader.snapshot(() => changeOf(reader, registry, userId, changes, nowMs)));
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

function changeOf(reader: PartitionReader, registry: Registry, userId: string, changes: readonly Change[], nowMs: number): ProfileChange {
  const kept: KeptCopy = { tips: reader.tips(userId), rows: new Map() };
  const rows = reader.rows(userId);
  for (const { kind } of registry.kinds)
    kept.rows.set(kind.name, new Map((rows.get(kind.name) ?? []).map((row) => [keyOf(kind, row), row])));
  const before = featuresOf(registry, kept, nowMs);
  for (const change of changes) change(kept, registry);
  const after = featuresOf(registry, kept, nowMs);
  const changed = registry.names.filter((name) => !isSameValue(before?.[name] ?? null, after?.[name] ?? null));
  return { user_id: userId, before, after, changed };
}

function featuresOf(registry: Registry, { tips, rows }: KeptCopy, nowMs: number): FeatureValues | null {
  const byKind = new Map([...rows].map(([kind, byKey]) => [kind, [...byKey.values()]]));
  return profileOf(registry, { tips, rows: byKind }, nowMs);
}

function tipChange({ tip_id: tipId }: { readonly tip_id: string }, fold: (tip: TipState) => TipState): Change {
  return ({ tips }) => void tips.set(tipId, fold(tips.get(tipId) ?? NO_TIP));
}

function rowChange(topic: ConsumedTopic, event: object): Change {
  return ({ rows }, { kinds }) => {
    for (const { kind } of kinds) {
      if (!kind.topics.includes(topic)) continue;
      const row = kind.rowOf(event as Readonly<Record<string, unknown>>);
      if (row === undefined) continue;
      const byKey = rows.get(kind.name)!;
      const kept = byKey.get(keyOf(kind, row));
      byKey.set(keyOf(kind, row), kept === undefined ? row : kind.join(kept, row));
    }
  };
}
