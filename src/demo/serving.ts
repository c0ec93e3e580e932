/**
 * One serving, as the upstream producers tell of it: the request to score its candidates, the tip that was shown, the reactions.
 * What is told and when it arrives are two things: phones are offline for days (late feedback), a batching producer is overtaken by a
 * fast one (feedback before its serving), retries repeat events, some never come, and some are broken.
 */
import type { CandidatesEvent, FeedbackEvent, ServedEvent } from '../topics.js';
import { drawCandidates, serveOneOf } from './candidates.js';
import { habitsOn, type SimulatedUser } from './cast.js';
import { faultyRecord } from './faults.js';
import type { Random } from '../random.js';
import { react, type Reaction } from './reactions.js';
import type { SimulatedRecord } from './record.js';

const HOUR_MS = 3_600_000;
/** Shares of what can happen to an event on its way. */
export const MIX = {
  /** Feedback that arrives hours to days after it happened. */
  late: 0.08,
  /** Servings that arrive after their first feedback. */
  early: 0.03,
  /** Of those: the feedback's clock is behind, so that it also says an earlier time than its serving. */
  earlyByClock: 0.5,
  /** Events that arrive again, half of them soon and half of them hours later. */
  duplicated: 0.03,
  /** Servings that nobody hears of; their feedback stays an orphan. */
  lost: 0.005,
  /** Servings without a request to score: another channel chose the tip. */
  unasked: 0.03,
  /** Broken events, for each valid one. */
  broken: 0.005,
} as const;

export interface ServingPlan {
  /** Unique per user and decision. */
  readonly decisionId: string;
  readonly requestedAtMs: number;
  /** Days of the simulation that have passed. */
  readonly day: number;
  /** 1 in event time; less makes reactions and delays that much shorter. */
  readonly timeScale: number;
}

type Topic = SimulatedRecord['topic'];

/** Everything that one serving causes, in no particular order; nothing arrives before `requestedAtMs`. */
export function composeServing(user: SimulatedUser, plan: ServingPlan): SimulatedRecord[] {
  const { random, userId } = user;
  const offset = user.utcOffsetMin !== 0 || user.sendsZeroOffset ? { utc_offset_min: user.utcOffsetMin } : {};
  const asked = !random.chance(MIX.unasked);
  const candidates: CandidatesEvent = {
    decision_id: plan.decisionId,
    user_id: userId,
    requested_at_ms: plan.requestedAtMs,
    candidates: drawCandidates(plan.decisionId, habitsOn(user.persona, plan.day), random),
    ...offset,
  };
  const chosen = serveOneOf(candidates.candidates, random);
  const { source, category, tip_id } = chosen;
  const servedAtMs = plan.requestedAtMs + random.integer(200, 1_500);
  const served: ServedEvent = {
    tip_id,
    user_id: userId,
    served_at_ms: servedAtMs,
    ...(asked ? { decision_id: plan.decisionId, policy: 'upstream-rule' } : {}),
    prompt_version: 'p3',
    source,
    ...(category === undefined ? {} : { category }),
    ...offset,
  };
  const reactions = react(user, { candidate: chosen, servedAtMs, day: plan.day, timeScale: plan.timeScale });
  const overtaken = reactions.length > 0 && random.chance(MIX.early);
  if (overtaken && random.chance(MIX.earlyByClock)) reactions[0] = { ...reactions[0]!, atMs: servedAtMs - random.integer(1_000, 90_000) };
  const feedback = (reaction: Reaction, number: number): FeedbackEvent => ({
    tip_id,
    user_id: userId,
    action: reaction.action,
    reacted_at_ms: reaction.atMs,
    feedback_id: `${tip_id}.f${number}`,
    ...offset,
  });

  const delivery = new Delivery(userId, random, plan.timeScale);
  if (asked) delivery.send('tip.candidates', candidates, plan.requestedAtMs + random.integer(10, 150));
  let firstFeedbackMs = servedAtMs;
  reactions.forEach((reaction, index) => {
    const sentMs = Math.max(plan.requestedAtMs + 200, reaction.atMs + random.integer(30, 1_000));
    const arrivesMs = random.chance(MIX.late) ? sentMs + delivery.lateness() : sentMs;
    if (index === 0) firstFeedbackMs = arrivesMs;
    delivery.send('tip.feedback', feedback(reaction, index + 1), arrivesMs);
  });
  if (!random.chance(MIX.lost)) {
    delivery.send(
      'tip.served',
      served,
      overtaken ? firstFeedbackMs + random.integer(500, 600_000) * plan.timeScale : servedAtMs + random.integer(20, 500),
    );
  }
  delivery.breakSome({ candidates, served, feedback: feedback(reactions[0] ?? { action: 'done', atMs: servedAtMs }, 1) });
  return delivery.records;
}

/** The way from a producer to the log, with its repetitions and accidents. */
class Delivery {
  readonly records: SimulatedRecord[] = [];

  constructor(
    private readonly userId: string,
    private readonly random: Random,
    private readonly timeScale: number,
  ) {}

  send(topic: Topic, value: object, arrivesMs: number): void {
    this.put(topic, value, arrivesMs);
    if (!this.random.chance(MIX.duplicated)) return;
    this.put(topic, value, arrivesMs + (this.random.chance(0.5) ? this.random.integer(200, 5_000) : this.lateness()));
  }

  /** From one hour to three days. */
  lateness(): number {
    return this.random.integer(HOUR_MS, 72 * HOUR_MS) * this.timeScale;
  }

  breakSome(sample: Parameters<typeof faultyRecord>[0]): void {
    for (const { timestampMs } of [...this.records]) {
      if (this.random.chance(MIX.broken)) this.records.push(faultyRecord(sample, this.random, timestampMs));
    }
  }

  private put(topic: Topic, value: object, arrivesMs: number): void {
    this.records.push({ topic, key: this.userId, value, timestampMs: Math.round(arrivesMs), fault: null });
  }
}
