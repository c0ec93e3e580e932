/**
 * Prunes the slow and obvious way: of one partition's events those are kept that no prune took, going through the prunes one after the
 * other. It imports nothing of src. A tip goes when the earliest time of each kind it has lies before the horizon; a decision that is
 * known by then and loses a serving keeps what it had earned.
 */
import { byCodePoint, oraclePromptVersion, oracleReward, type OracleEvent, type OracleWorth } from './policy.js';

export interface StagedEvent extends OracleEvent {
  userId: string;
  topic: string;
  offset: number;
}

export interface StagedDecision {
  userId: string;
  decisionId: string;
  topic: string;
  offset: number;
  /** tip_ids; of the shadow's records none are needed. */
  candidates: string[] | null;
  requestedAtMs: number;
}

export interface OraclePrune {
  horizonMs: number;
  afterUser: string;
  toUser: string | null;
  /** topic -> next offset */
  positions: Record<string, number>;
}

export type Earned = { tipId: string; reward: number } | null;

export interface Remains {
  events: StagedEvent[];
  /** `user decision` -> what it keeps. */
  closed: Map<string, Earned>;
  /** `user decision` -> the prompt version it keeps. */
  closedPrompts: Map<string, string | null>;
  /** Of each prune, how many tips it took. */
  taken: number[];
}

export function oracleRemains(
  events: readonly StagedEvent[],
  decisions: readonly StagedDecision[],
  prunes: readonly OraclePrune[],
  worthOf: (requestedAtMs: number, hasCome: (one: { topic: string; offset: number }) => boolean) => OracleWorth,
): Remains {
  let kept: StagedEvent[] = [];
  let coming = [...events];
  const closed = new Map<string, Earned>();
  const closedPrompts = new Map<string, string | null>();
  const taken: number[] = [];
  for (const prune of prunes) {
    const hasCome = (one: { topic: string; offset: number }) => one.offset < (prune.positions[one.topic] ?? 0);
    kept = [...kept, ...coming.filter(hasCome)];
    coming = coming.filter((event) => !hasCome(event));
    const inSlice = (userId: string) =>
      byCodePoint(userId, prune.afterUser) > 0 && (prune.toUser === null || byCodePoint(userId, prune.toUser) <= 0);
    const isOld = ({ userId, tipId }: StagedEvent) =>
      inSlice(userId) &&
      ['served', 'done', 'dismiss', 'snooze'].every((kind) => {
        const times = kept
          .filter((event) => event.userId === userId && event.tipId === tipId && event.kind === kind)
          .map(({ atMs }) => atMs);
        return times.length === 0 || Math.min(...times) < prune.horizonMs;
      });
    const going = kept.filter(isOld);
    for (const { userId, decisionId } of going) {
      const name = `${userId} ${decisionId}`;
      const known = decisions.filter((one) => one.userId === userId && one.decisionId === decisionId && hasCome(one));
      if (decisionId === undefined || closed.has(name) || known.length === 0) continue;
      const first = known.filter(({ candidates }) => candidates !== null).sort((a, b) => a.offset - b.offset)[0];
      const own = kept.filter((event) => event.userId === userId);
      closed.set(
        name,
        first === undefined ? null : oracleReward(decisionId, first.candidates!, own, worthOf(first.requestedAtMs, hasCome)),
      );
      closedPrompts.set(name, first === undefined ? null : oraclePromptVersion(decisionId, first.candidates!, own));
    }
    taken.push(new Set(going.map(({ userId, tipId }) => `${userId} ${tipId}`)).size);
    kept = kept.filter((event) => !going.includes(event));
  }
  return { events: [...kept, ...coming], closed, closedPrompts, taken };
}
