/**
 * Days of a rehearsal on a log that a service follows: users ask, the live policy decides, what it chose is shown, and they react. A
 * quarter of a day at a time, so decisions learn from the quarters before them.
 */
import type { Log, NewRecord, OffsetRange } from '../../log/port.js';
import { fullTopicName, type ScoredEvent, type TopicName } from '../../topics.js';
import { answerTo, candidatesOf } from './answer.js';
import { DAY_MS, type People, type Question } from './people.js';

export const ROUND_MS = DAY_MS / 4;
const DELIVERED_AFTER_MS = 50;

export interface Rehearsal {
  readonly log: Log;
  readonly topicPrefix: string;
  readonly people: People;
  /** Between two rounds it ends early. */
  readonly signal: AbortSignal;
  /** Resolves when what was appended is applied and published. */
  caughtUp(): Promise<void>;
  /** Before a round: where tip.scored ends, by partition. A round that was broken off is begun again from there. */
  beforeRound(fromMs: number, scoredEnds: ReadonlyMap<number, number>): void;
  /** After a round that ended at `untilMs`. */
  afterRound(untilMs: number, outcome: RoundOutcome): Promise<void>;
}

/** Of each policy in one round: decisions, and how many of them were done. */
export type RoundOutcome = ReadonlyMap<string, { readonly decisions: number; readonly dones: number }>;

export interface Span {
  /** A multiple of ROUND_MS after the start. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Where the first round began in tip.scored, if it was begun before and did not end. */
  readonly begunAt?: ReadonlyMap<number, number>;
}

/** Throws the reason of the service, and an Error when a decision is not in the log although the service is caught up. */
export async function rehearse(rehearsal: Rehearsal, { fromMs, untilMs, begunAt }: Span): Promise<void> {
  const { log, topicPrefix, people, signal } = rehearsal;
  const scored = fullTopicName(topicPrefix, 'tip.scored');
  people.questionsUntil(fromMs); // answered before
  for (let roundMs = fromMs; roundMs < untilMs && !signal.aborted; roundMs += ROUND_MS) {
    const ends = roundMs === fromMs && begunAt !== undefined ? begunAt : endsOf(await log.offsets(scored));
    rehearsal.beforeRound(roundMs, ends);
    const questions = people.questionsUntil(roundMs + ROUND_MS);
    if (questions.length > 0) {
      await log.append(questions.map((question) => record(topicPrefix, 'tip.candidates', candidatesOf(question), question)));
      await rehearsal.caughtUp();
      const decided = await decisionsSince(log, scored, ends);
      const answers = questions.map((question) => {
        const decision = decided.get(question.decisionId);
        if (decision === undefined) throw new Error(`the service did not decide ${question.decisionId}`);
        return { question, decision, answer: answerTo(question, decision) };
      });
      await log.append(
        answers
          .flatMap(({ question, answer: { served, feedback } }) => [
            record(topicPrefix, 'tip.served', served, question, served.served_at_ms),
            ...(feedback === undefined ? [] : [record(topicPrefix, 'tip.feedback', feedback, question, feedback.reacted_at_ms)]),
          ])
          .sort((a, b) => a.timestampMs! - b.timestampMs!),
      );
      await rehearsal.caughtUp();
      await rehearsal.afterRound(roundMs + ROUND_MS, outcomeOf(answers));
    } else await rehearsal.afterRound(roundMs + ROUND_MS, new Map());
  }
}

function record(prefix: string, topic: TopicName, event: object, { userId, decision }: Question, atMs = decision.requestedAtMs): NewRecord {
  return {
    topic: fullTopicName(prefix, topic),
    key: Buffer.from(userId),
    value: Buffer.from(JSON.stringify(event)),
    timestampMs: atMs + DELIVERED_AFTER_MS,
  };
}

type Scored = Pick<ScoredEvent, 'decision_id' | 'chosen_tip_id' | 'policy'>;

async function decisionsSince(log: Log, topic: string, ends: ReadonlyMap<number, number>): Promise<Map<string, Scored>> {
  const decisions = new Map<string, Scored>();
  for (const [partition, { low, end }] of await log.offsets(topic)) {
    for await (const records of log.read({ topic, partition, from: ends.get(partition) ?? low, to: end })) {
      for (const { value } of records) {
        if (value === null) continue;
        const scored = JSON.parse(value.toString()) as Scored;
        if (!decisions.has(scored.decision_id)) decisions.set(scored.decision_id, scored);
      }
    }
  }
  return decisions;
}

function endsOf(offsets: ReadonlyMap<number, OffsetRange>): Map<number, number> {
  return new Map([...offsets].map(([partition, { end }]) => [partition, end]));
}

function outcomeOf(answers: readonly { readonly decision: Scored; readonly answer: ReturnType<typeof answerTo> }[]): RoundOutcome {
  const outcome = new Map<string, { decisions: number; dones: number }>();
  for (const { decision, answer } of answers) {
    let of = outcome.get(decision.policy);
    if (of === undefined) outcome.set(decision.policy, (of = { decisions: 0, dones: 0 }));
    of.decisions++;
    if (answer.feedback?.action === 'done') of.dones++;
  }
  return outcome;
}
