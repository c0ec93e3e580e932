/**
 * What a state file knows that the log does not hold yet, and a replay therefore cannot find: messages that were not published,
 * decisions whose record has not been read back, requests that the shadow has still to score, whether profiles have changed since they
 * were published, and up to where dead letters were sent. A rebuilt file takes it over from the one that it is to replace.
 */
import type Database from 'better-sqlite3';
import { deadLetterTopic, type ScoredEvent } from '../../topics.js';
import { countPair } from '../tables/agreement.js';
import { OutboxTable } from '../tables/outbox.js';
import type { PartitionState } from '../partition-state.js';
import { PositionTable } from '../tables/positions.js';
import type { ShadowJob } from '../tables/shadow-pending.js';
import { openStateForReading, readIdentity, stateError } from '../state-file.js';

export interface CarryOverOptions {
  readonly nowMs: number;
  /** The outbox up to and including this sequence number is in the log already, though the old file still has it. */
  readonly publishedTo?: number;
  /**
   * topic -> the first offset whose rejection is news; as the old file says unless given, which is wrong of a topic whose log is not the
   * one that it was folded from.
   */
  readonly deadLetteredTo?: ReadonlyMap<string, number>;
  /** Topics that the old file was not folded from: what the new one has found to refuse in them nobody else knows. */
  readonly unknownToOld?: readonly string[];
}

const MESSAGES_AT_ONCE = 1_000;

/**
 * One transaction, of what the old file holds as of now, in the order it holds it. What the new file had pending before is replaced, but
 * for dead letters of what the old one does not know; so it can be done again. The old file is only read. Every topic that the old file
 * has a position of must have one in the new. Throws what opening the old file throws.
 */
export function carryOver(oldPath: string, state: PartitionState, options: CarryOverOptions): void {
  const { nowMs, publishedTo = 0, deadLetteredTo, unknownToOld = [] } = options;
  const old = openStateForReading(oldPath);
  try {
    old.transaction(() =>
      state.transaction(nowMs, () => {
        replaceOutbox(old, state, publishedTo, unknownToOld.map(deadLetterTopic));
        replaceShadowPending(old, state);
        addUnreadDecisions(old, state);
        const due = old.prepare<[], string>("SELECT value FROM meta WHERE name = 'profiles_unpublished'").pluck().get() === '1';
        if (due || readIdentity(old).featureSet !== state.identity.featureSet) state.changedProfiles.leaveAll();
        for (const [topic, offset] of deadLetteredTo ?? new PositionTable(old).deadLetteredTo())
          state.positions.setDeadLetteredTo(topic, offset);
      }),
    )();
  } catch (error) {
    throw stateError(oldPath, error);
  } finally {
    old.close();
  }
}

function replaceOutbox(old: Database.Database, state: PartitionState, publishedTo: number, kept: readonly string[]): void {
  state.outbox.deleteOthers(kept);
  const outbox = new OutboxTable(old);
  for (let after = publishedTo; ; ) {
    const messages = outbox.after(after, MESSAGES_AT_ONCE);
    for (const message of messages) state.outbox.add(message);
    if (messages.length < MESSAGES_AT_ONCE) return;
    after = messages.at(-1)!.seq;
  }
}

function replaceShadowPending(old: Database.Database, state: PartitionState): void {
  state.shadowPending.deleteUpTo(Number.MAX_SAFE_INTEGER);
  for (const job of old.prepare<[], string>('SELECT job FROM shadow_pending ORDER BY seq').pluck().iterate())
    state.shadowPending.add(JSON.parse(job) as ShadowJob);
}

/** Without them a request that is read again would be answered again. */
function addUnreadDecisions(old: Database.Database, state: PartitionState): void {
  const unread = old
    .prepare<[], [string, string]>(
      'SELECT user_id, record FROM decision JOIN user USING (uid) WHERE scored_offset IS NULL ORDER BY decision_key',
    )
    .raw();
  for (const [userId, record] of unread.iterate()) {
    const event = JSON.parse(record) as ScoredEvent;
    const user = state.users.obtain(userId);
    if (state.decisions.has(user.uid, event.decision_id)) continue;
    state.decisions.insert(user.uid, event, null);
    countPair(state.counts, event.chosen_tip_id, state.shadowDecisions.choice(user.uid, event.decision_id));
  }
}
