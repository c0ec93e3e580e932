/**
 * Messages that an earlier run of this state file committed, and that the log had not acknowledged when it ended. The log may have them
 * all the same, or those of another owner in their place. So they wait until what the log held at assignment is read back. Then
 *
 * - a decision, of the live policy or the shadow, is dropped where the log has one;
 * - a profile is dropped, and published again as it is by now: an old one would take its user back in time;
 * - everything else is sent behind what has been added since.
 */
import { fullTopicName } from '../../topics.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';

/** Within a transaction: settles the messages up to that one. What is to be sent gets a new number, and is added to `outbox`. */
export function settleLeftovers(state: PartitionState, topicPrefix: string, upTo: number, outbox: StoredMessage[]): void {
  const topics = {
    scored: fullTopicName(topicPrefix, 'tip.scored'),
    shadow: fullTopicName(topicPrefix, 'tip.scored.shadow'),
    profiles: fullTopicName(topicPrefix, 'profile.features'),
  };
  const left = state.outbox.upTo(upTo);
  state.outbox.deleteBetween(0, upTo);
  for (const { seq: _, ...message } of left) {
    const userId = message.key?.toString() ?? '';
    const user = message.topic === topics.profiles ? state.users.find(userId) : undefined;
    if (user !== undefined) state.changedProfiles.note(user);
    else if (message.topic === topics.scored && isRead(state, userId, message.value)) continue;
    else if (message.topic === topics.shadow && isRead(state, userId, message.value, 'shadow')) continue;
    else outbox.push(state.outbox.add(message));
  }
}

/** Whether the decision was read back from the log. */
function isRead(state: PartitionState, userId: string, value: Buffer | null, of: 'live' | 'shadow' = 'live'): boolean {
  const user = state.users.find(userId);
  if (user === undefined || value === null) return false;
  const { decision_id: decisionId } = JSON.parse(value.toString()) as { readonly decision_id: string };
  // A shadow's decision is in the state only when it was read back.
  if (of === 'shadow') return state.shadowDecisions.has(user.uid, decisionId);
  const decision = state.decisions.get(user.uid, decisionId);
  return decision !== undefined && decision.scoredOffset !== null;
}
