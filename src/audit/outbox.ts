/** Each message that waits is an answer, a shadow's answer, a profile or a dead letter, and the state or the log has what is behind it. */
import { readDeadLetterReason } from '../events/dead-letter.js';
import type { StoredMessage } from '../store/tables/outbox.js';
import { fullTopicName, inputOfDeadLetterTopic } from '../topics.js';
import type { Audit } from './audit.js';
import { refusalAt } from './refusal.js';
import { decisionName, type Address, type Finding } from './finding.js';

export async function lookAtOutbox(audit: Audit): Promise<void> {
  const { topicPrefix } = audit.deps;
  const letters = new Set<string>();
  const shadows = new Set<string>();
  for (const message of audit.deps.state.outbox()) {
    switch (message.topic) {
      case fullTopicName(topicPrefix, 'tip.scored'):
        lookAtAnswer(audit, message, audit.waiting);
        break;
      case fullTopicName(topicPrefix, 'tip.scored.shadow'):
        lookAtAnswer(audit, message, shadows);
        break;
      case fullTopicName(topicPrefix, 'profile.features'):
        lookAtProfile(audit, message);
        break;
      default:
        await lookAtLetter(audit, message, letters);
    }
  }
}

function found({ seq, topic }: StoredMessage, userId: string | null, live: unknown, replayed: unknown, events: Address[] = []): Finding {
  return { kind: 'outbox', userId, id: String(seq), feature: topic, live, replayed, events };
}

interface Answer {
  readonly user_id: string;
  readonly decision_id: string;
}

/** Of the live policy or the shadow: the decision is there, with these very bytes until its own record is read. */
function lookAtAnswer(audit: Audit, message: StoredMessage, seen: Set<string>): void {
  const { state, includes } = audit.deps;
  const answer = jsonOf(message) as Partial<Answer> | undefined;
  const [userId, decisionId] = [answer?.user_id, answer?.decision_id];
  if (typeof userId !== 'string' || typeof decisionId !== 'string' || message.key?.toString() !== userId)
    return audit.find(found(message, null, 'no decision of the user that is its key', null));
  const decision = decisionName(userId, decisionId);
  if (!includes(userId)) return;
  if (seen.has(decision)) return audit.find(found(message, userId, decisionId, 'the same message before it'));
  seen.add(decision);
  if (!state.has('decision', userId, decisionId)) return audit.ask({ decision, finding: found(message, userId, decisionId, null) });
  const record = seen === audit.waiting ? state.unreadRecord(userId, decisionId) : undefined;
  if (record !== undefined && record !== message.value?.toString())
    audit.find(found(message, userId, `another content of ${decisionId}`, 'that of the decision'));
}

function lookAtProfile(audit: Audit, message: StoredMessage): void {
  const { state, includes, positions } = audit.deps;
  const userId = message.key?.toString();
  if (userId !== undefined && !includes(userId)) return;
  const profile =
    message.value === null ? null : (jsonOf(message) as { user_id?: unknown; positions?: Record<string, number> } | undefined);
  if (userId === undefined || profile === undefined || (profile !== null && profile.user_id !== userId))
    return audit.find(found(message, null, 'no profile of the user that is its key', null));
  if (state.knows(userId)) return;
  // A state that was set back to earlier offsets has yet to hear of the user.
  const isLater = profile === null || Object.entries(profile.positions ?? {}).some(([topic, next]) => next > (positions.get(topic) ?? 0));
  if (isLater) audit.cannotTell('outbox', message.topic, 'A profile is from later offsets than the state: its user may be known there.');
  else audit.find(found(message, userId, 'a profile', 'no such user'));
}

async function lookAtLetter(audit: Audit, message: StoredMessage, seen: Set<string>): Promise<void> {
  const { topicPrefix, partition, positions } = audit.deps;
  const source = inputOfDeadLetterTopic(topicPrefix, message.topic);
  const reason = readDeadLetterReason(message.headers);
  const { offset } = reason;
  if (source === undefined || reason.topic !== fullTopicName(topicPrefix, source) || reason.partition !== partition || offset === null)
    return audit.find(found(message, null, 'nothing that tipstream writes', null));
  const userId = null;
  const events = [{ topic: source, offset }];
  const name = [source, offset, message.key?.toString('base64'), message.value?.toString('base64')].join(' ');
  if (seen.has(name)) return audit.find(found(message, userId, 'a dead letter', 'the same message before it', events));
  seen.add(name);
  const refused = audit.refusals.get(source);
  if (refused?.has(offset) === true) return refused.bury(offset);
  // Of a sample's others nothing was decoded.
  if (offset < (positions.get(reason.topic!) ?? 0) && message.key !== null && !audit.deps.includes(message.key.toString())) return;
  const verdict = await refusalAt(audit.deps, source, offset);
  if (verdict === 'lost') audit.cannotTell('outbox', message.topic, `The log does not hold the record of a dead letter any more.`);
  else if (verdict === undefined) audit.find(found(message, userId, 'a dead letter', 'a valid event', events));
  else if (verdict === 'never') audit.find(found(message, userId, 'a dead letter', 'no record', events));
}

function jsonOf({ value }: StoredMessage): object | undefined {
  try {
    const json = JSON.parse(value?.toString() ?? '') as unknown;
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}
