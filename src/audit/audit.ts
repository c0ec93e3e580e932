/**
 * How one partition's state file and the log account for each other: each request below the position has its decision, each decision its
 * record in tip.scored, each refused record its dead letter, each row that waits a reason to wait. Whoever reads the inputs tells what
 * they hold; `finish` looks at what the file has pending, and in the log only for what is still open then.
 *
 * It goes by positions, pending rows and the log, and by no note that the fold keeps of its own work.
 */
import type { DecodeRules } from '../events/decode.js';
import type { Log } from '../log/port.js';
import type { PendingAudit } from '../store/queries/pending-audit.js';
import { fullTopicName, type CandidatesEvent, type ConsumedTopic, type ScoredEvent } from '../topics.js';
import { acceptedSince } from './accepted-since.js';
import { offsetsWithLetters, settleDeadLetters } from './dead-letters.js';
import { decisionName, type Address, type AuditReport, type Finding, type FindingKind, type Untold } from './finding.js';
import { heldTopic } from './held.js';
import { lookAtOutbox } from './outbox.js';
import { RefusedRecords } from './refused.js';
import { readDecisions } from './scored.js';

export interface AuditDeps {
  readonly log: Log;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly rules: DecodeRules;
  readonly signal: AbortSignal;
  /** Where dead letters are kept that their topic did not take. */
  readonly deadLetterDirectory: string;
  /** In the snapshot that `positions` are of. */
  readonly state: PendingAudit;
  /** topic, with its prefix -> next offset */
  readonly positions: ReadonlyMap<string, number>;
  /** Whether this user is looked at. */
  readonly includes: (userId: string) => boolean;
}

/** What is wrong unless tip.scored holds a record of the decision beyond the position. */
export interface OpenQuestion {
  readonly finding: Finding;
  readonly decision: string;
}

export class Audit {
  readonly deps: AuditDeps;
  /** topic -> its refused records */
  readonly refusals = new Map<ConsumedTopic, RefusedRecords>();
  /** Decisions whose message waits in the outbox. */
  readonly waiting = new Set<string>();
  readonly #unanswered: OpenQuestion[] = [];
  readonly #open: OpenQuestion[] = [];
  readonly #findings: Finding[] = [];
  readonly #untold = new Map<string, Untold>();

  constructor(deps: AuditDeps) {
    this.deps = deps;
  }

  /** A valid request below the position. */
  requested({ user_id: userId, decision_id: decisionId }: CandidatesEvent, offset: number): void {
    if (this.deps.state.has('decision', userId, decisionId)) return;
    this.#unanswered.push({
      decision: decisionName(userId, decisionId),
      finding: {
        kind: 'request',
        userId,
        id: decisionId,
        feature: 'decision',
        live: null,
        replayed: 'one for this request',
        events: [{ topic: 'tip.candidates', offset }],
      },
    });
  }

  /** A record below the position that is no event. Ascending by offset within its topic. */
  refused(topic: ConsumedTopic, offset: number, code: string): void {
    let records = this.refusals.get(topic);
    if (records === undefined) this.refusals.set(topic, (records = new RefusedRecords()));
    records.add(offset, code);
  }

  find(finding: Finding): void {
    this.#findings.push(finding);
  }

  /** Found, unless tip.scored tells otherwise. */
  ask(question: OpenQuestion): void {
    this.#open.push(question);
  }

  cannotTell(kind: FindingKind, topic: string | null, reason: string): void {
    const name = JSON.stringify([kind, topic, reason]);
    const count = (this.#untold.get(name)?.count ?? 0) + 1;
    this.#untold.set(name, { partition: this.deps.partition, kind, topic, count, reason });
  }

  /** With the prefix. */
  nameOf(topic: ConsumedTopic): string {
    return fullTopicName(this.deps.topicPrefix, topic);
  }

  /** Once all inputs were read up to the positions. */
  async finish(): Promise<AuditReport> {
    await lookAtOutbox(this);
    this.#lookAtShadowJobs();
    this.#lookAtUnreadDecisions();
    await this.#askTheLog();
    await settleDeadLetters(this);
    return { findings: this.#findings, untold: [...this.#untold.values()], acceptedSince: await acceptedSince(this) };
  }

  #lookAtShadowJobs(): void {
    const { state, includes } = this.deps;
    const seen = new Set<string>();
    for (const { seq, job } of state.shadowJobs()) {
      const { user_id: userId, decision_id: decisionId } = job?.candidates ?? {};
      const found = (feature: string, live: unknown, replayed: unknown): Finding => ({
        kind: 'shadow_pending',
        userId: userId ?? null,
        id: String(seq),
        feature,
        live,
        replayed,
        events: inputOf(job?.input, this.nameOf('tip.candidates')),
      });
      if (userId === undefined || decisionId === undefined) {
        this.find(found('job', 'no request', null));
        continue;
      }
      if (!includes(userId)) continue;
      const decision = decisionName(userId, decisionId);
      if (seen.has(decision)) this.find(found('job', decisionId, 'the same job before it'));
      else if (state.has('shadow_decision', userId, decisionId)) this.find(found('job', decisionId, 'scored by the shadow already'));
      else if (!state.has('decision', userId, decisionId)) this.ask({ decision, finding: found('decision', decisionId, null) });
      seen.add(decision);
    }
  }

  #lookAtUnreadDecisions(): void {
    const { state, includes } = this.deps;
    for (const { userId, decisionId, record } of state.unreadDecisions()) {
      const decision = decisionName(userId, decisionId);
      if (this.waiting.has(decision) || !includes(userId)) continue;
      const { input } = JSON.parse(record) as { input?: Input };
      this.ask({
        decision,
        finding: {
          kind: 'decision',
          userId,
          id: decisionId,
          feature: 'message',
          live: 'neither in the outbox nor in tip.scored',
          replayed: null,
          events: inputOf(input, this.nameOf('tip.candidates')),
        },
      });
    }
  }

  /** Decisions whose records lie beyond the position were published, or came from elsewhere, and are still to be read. */
  async #askTheLog(): Promise<void> {
    const { log, partition, positions } = this.deps;
    const unanswered = this.#unanswered.filter(({ decision }) => !this.waiting.has(decision));
    const open = [...this.#open, ...unanswered];
    if (open.length === 0) return;
    const scored = await heldTopic(log, this.nameOf('tip.scored'), partition);
    const left = new Set(open.map(({ decision }) => decision));
    const found = ({ user_id: userId, decision_id: decisionId }: ScoredEvent) => left.delete(decisionName(userId, decisionId));
    const { topic, low, end } = scored;
    const position = Math.min(end, Math.max(low, positions.get(topic) ?? 0));
    await readDecisions(this.deps, topic, { from: position, to: end }, found);
    // Those that the state has lost are below its position; that it lost them is for others to say.
    if (left.size > 0) await readDecisions(this.deps, topic, { from: low, to: position }, found);
    const why = scored.lost ?? scored.hidden;
    // A request that was refused when it came, under other options or by another version, was never to be answered.
    const refusedOnce = unanswered.some(({ decision }) => left.has(decision)) ? await offsetsWithLetters(this, 'tip.candidates') : NONE;
    for (const { decision, finding } of open) {
      if (!left.has(decision) || (finding.kind === 'request' && refusedOnce.has(finding.events[0]!.offset))) continue;
      if (why === undefined) this.find(finding);
      else this.cannotTell(finding.kind, scored.topic, `${why} The decision may be there.`);
    }
  }
}

const NONE: ReadonlySet<number> = new Set();

type Input = { readonly topic: string; readonly partition: number; readonly offset: number } | null;

/** A request that came through the log. */
function inputOf(input: Input | undefined, candidates: string): Address[] {
  return input?.topic === candidates ? [{ topic: 'tip.candidates', offset: input.offset }] : [];
}
