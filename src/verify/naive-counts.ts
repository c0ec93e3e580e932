/** The counts behind /metrics as the log gives them: how many records of each topic are events, and what they amount to. */
import type { Audit } from '../audit/audit.js';
import { CONSUMED_TOPICS, type ScoredEvent } from '../topics.js';
import type { ReplayedTopic } from './replayed.js';

/** What a process met, and no log tells: requests that were answered before, and errors of the shadow. */
const OF_PROCESSES: ReadonlySet<string> = new Set(['candidates_repeated', 'shadow_failed']);

/** The topics that a count is made of. */
const MADE_OF: Readonly<Record<string, readonly ReplayedTopic[]>> = {
  controls: ['policy.control'],
  decisions: ['tip.scored'],
  decisions_repeated: ['tip.scored', 'tip.scored.shadow'],
  shadow_compared: ['tip.scored', 'tip.scored.shadow'],
  shadow_agreed: ['tip.scored', 'tip.scored.shadow'],
  pruned_tips: ['tip.served', 'tip.feedback'],
};

export class NaiveCounts {
  readonly #counts = new Map<string, number>(Object.keys(MADE_OF).map((name) => [name, 0]));
  /** Apart, because it is counted for every event. */
  readonly #applied = Object.fromEntries(CONSUMED_TOPICS.map((topic) => [topic, 0])) as Record<ReplayedTopic, number>;
  #distinct = 0;

  applied(topic: ReplayedTopic): void {
    this.#applied[topic]++;
  }

  refused(topic: ReplayedTopic, code: string): void {
    this.add(`rejected:${topic}:${code}`);
  }

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  /** Of one user: how many decisions the log has of each kind, however many records. */
  decided(decisions: number, shadowDecisions: number): void {
    this.#distinct += decisions + shadowDecisions;
    this.add('decisions', decisions);
  }

  /** Of one decision, of which there is one of each kind. */
  paired({ chosen_tip_id: chosen }: ScoredEvent, shadow: ScoredEvent): void {
    this.add('shadow_compared');
    if (chosen === shadow.chosen_tip_id) this.add('shadow_agreed');
  }

  /**
   * When all has been counted. Of a topic that has lost events the state may have counted more; so it has of one in which users were
   * forgotten, whose records it had counted before.
   */
  compare(
    live: ReadonlyMap<string, number>,
    { incomplete, forgottenIn }: { readonly incomplete: ReadonlySet<ReplayedTopic>; readonly forgottenIn: ReadonlySet<ReplayedTopic> },
    audit: Audit,
  ): void {
    for (const [topic, count] of Object.entries(this.#applied)) if (count > 0) this.add(`applied:${topic}`, count);
    this.add('decisions_repeated', this.#applied['tip.scored'] + this.#applied['tip.scored.shadow'] - this.#distinct);
    for (const name of [...new Set([...this.#counts.keys(), ...live.keys()])].sort()) {
      const [is, replayed] = [live.get(name) ?? 0, this.#of(name)];
      const topics = topicsOf(name);
      const differs = () => audit.find({ kind: 'count', userId: null, id: name, feature: 'count', live: is, replayed, events: [] });
      if (topics === undefined) {
        if (
          name === 'candidates_repeated' &&
          !incomplete.has('tip.candidates') &&
          !forgottenIn.has('tip.candidates') &&
          is > this.#applied['tip.candidates']
        )
          differs();
        else if (is !== 0) audit.cannotTell('count', null, `The log does not tell ${name}.`);
      } else {
        const lost = topics.find((topic) => incomplete.has(topic));
        if (lost === undefined && topics.some((topic) => forgottenIn.has(topic))) {
          if (is < replayed && name !== 'pruned_tips') differs();
          continue;
        }
        // A lost event can have kept a tip from being pruned; of everything else the state has counted as much as the log has, or more.
        if (lost === undefined ? is !== replayed : is < replayed && name !== 'pruned_tips') differs();
        else if (lost !== undefined && is !== replayed)
          audit.cannotTell('count', audit.nameOf(lost), `The log has lost records of ${audit.nameOf(lost)}, which the state has counted.`);
      }
    }
  }

  #of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}

/** undefined: it is not made of the log, or this version does not know of what. */
function topicsOf(name: string): readonly ReplayedTopic[] | undefined {
  if (OF_PROCESSES.has(name)) return undefined;
  const [kind, topic] = name.split(':');
  if (kind === 'applied' || kind === 'rejected') return [topic as ReplayedTopic];
  return Object.hasOwn(MADE_OF, name) ? MADE_OF[name] : undefined;
}
