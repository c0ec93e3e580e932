/**
 * Takes a rollout back by itself when its users surely have less reward than those who are not in it, on the partitions held here. Users
 * are compared and not decisions, because chance placed users: see evaluation/rollouts. Several members may come to that at once: the
 * rollback's id follows from the promotion's, so it happens once.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { isIncomparable } from '../../evaluation/rollouts/rollout-looks.js';
import { outcomeOf, type AuditedChange } from '../../audit-trail/record.js';
import { ROLLOUT_THRESHOLDS } from '../../evaluation/rollouts/thresholds.js';
import { isId } from '../../events/strings.js';
import { rolloutHistory, type RolloutHistory } from '../../policies/controls/rollout-history.js';
import { standingRollouts } from '../../policies/controls/rollout.js';
import type { TipProducer } from '../../producer/producer.js';
import type { ControlEvent } from '../../topics.js';
import type { ScoringOptions } from '../../consumers/fold/scorer.js';
import { guardrailState, whyNotActed, type GuardrailState } from './guardrail-state.js';
import { RolloutWatch, type TakenLook } from './rollout-watch.js';

export interface GuardrailDeps {
  readonly producer: TipProducer;
  readonly scoring: Pick<ScoringOptions, 'livePolicy'>;
  /** Unix ms. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Paths of the state files held here. */
  readonly files: () => readonly string[];
  /** policy.control as a partition held here has it; undefined while none is. */
  readonly controls: () => readonly ControlEvent[] | undefined;
  /** How far the events held here have come, Unix ms; undefined while that cannot be told. */
  readonly streamTime: () => number | undefined;
  /** Of all partitions, the share that is held here, 0 to 1. */
  readonly share: () => number;
  readonly note?: ((change: AuditedChange) => void) | undefined;
}

/** Begins the control_id of a rollback by the guardrail; the promotion's follows. */
export const GUARDRAIL_PREFIX = 'guardrail-';

interface Watched {
  /** What the watch depends on besides decisions. */
  readonly key: string;
  readonly watch: RolloutWatch;
}

export class Guardrail {
  readonly #deps: GuardrailDeps;
  /** By the rollout's id. */
  #watched = new Map<string, Watched>();
  readonly #taken = new Set<string>();
  readonly #stopping = new AbortController();
  #states: readonly GuardrailState[] = [];

  constructor(deps: GuardrailDeps) {
    this.#deps = deps;
  }

  /** Of the rollouts that stand, the newest first. */
  get states(): readonly GuardrailState[] {
    return this.#states;
  }

  /** Ends a look under way, which rejects. */
  stop(): void {
    this.#stopping.abort(new Error('the service is stopping'));
  }

  /** Takes the looks that are due. Reads and computes a piece at a time, between the service's answers. */
  async look(): Promise<void> {
    const { clock, controls: controlsNow, streamTime, share, files } = this.#deps;
    const controls = controlsNow();
    if (controls === undefined) return;
    const standing = standingHistories(controls, clock());
    const alpha = ROLLOUT_THRESHOLDS.alpha * share();
    const watched = new Map<string, Watched>();
    for (const history of standing) {
      const key = JSON.stringify([history.steps, files(), alpha]);
      const known = this.#watched.get(history.id);
      watched.set(history.id, known?.key === key ? known : { key, watch: new RolloutWatch(history, alpha) });
    }
    this.#watched = watched;
    const watermarkMs = streamTime();
    // A clock of a producer that is ahead must not bring looks forward.
    const nowMs = watermarkMs === undefined ? undefined : Math.min(watermarkMs, clock());
    const states: GuardrailState[] = [];
    for (const history of standing) {
      const { watch } = watched.get(history.id)!;
      if (!this.#taken.has(history.id)) await this.#lookAt(history, watch, nowMs, controls);
      states.push(guardrailState(history, watch, nowMs, alpha));
      this.#states = [...states, ...this.#states.filter(({ rolloutId }) => !states.some((one) => one.rolloutId === rolloutId))];
    }
    this.#states = states;
  }

  async #lookAt(history: RolloutHistory, watch: RolloutWatch, nowMs: number | undefined, controls: readonly ControlEvent[]): Promise<void> {
    if (nowMs === undefined || isIncomparable(watch.epochs)) return;
    const { files, scoring } = this.#deps;
    let harmful: TakenLook | undefined;
    await watch.take(nowMs, { files: files(), controls, defaultPolicy: scoring.livePolicy }, this.#stopping.signal, (look) => {
      if (look.verdict.rollback.now && whyNotActed(look.verdict) === null) harmful = look;
      return harmful !== undefined;
    });
    if (harmful !== undefined) await this.#takeBack(history, reasonOf(history, harmful));
  }

  /**
   * All promotes of the rollout that stand: a policy that does harm to half of the users does harm to a tenth of them. Where that is cut
   * short, whoever looks next takes the same looks and comes to the same.
   */
  async #takeBack({ id, policy }: RolloutHistory, reason: string): Promise<void> {
    const { clock, producer, logger, controls, note } = this.#deps;
    const nowMs = clock();
    // Somebody may have taken it back meanwhile.
    const rollout = standingHistories(controls() ?? [], nowMs).find((one) => one.id === id);
    const stands = standingRollouts(controls() ?? [], nowMs).find((one) => one.policy === rollout?.policy && one.split === rollout.split);
    if (rollout === undefined || stands === undefined) return;
    const newestFirst = [...stands.promotes].reverse();
    const events: ControlEvent[] = newestFirst.map(({ control_id: promote }) => ({
      control_id: rollbackIdOf(promote),
      type: 'rollback',
      effective_at_ms: nowMs,
      takes_back: promote,
      reason,
    }));
    // As `tipstream rollback` does: the one that is live again is not its own shadow.
    const [newest] = newestFirst;
    if ((newest!.percent ?? 100) === 100)
      events.push({
        control_id: `${rollbackIdOf(newest!.control_id)}-shadow`,
        type: 'configure',
        effective_at_ms: nowMs,
        settings: { shadow: policy },
        reason: 'shadow from its rollback on',
      });
    const change = {
      actor: { kind: 'service', name: 'guardrail' },
      action: 'policy.rollback',
      target: { kind: 'policy', id: policy },
      details: { rollout_id: id, control_ids: events.map(({ control_id: controlId }) => controlId), reason },
    } as const;
    try {
      await producer.sendAll(events.map((event) => ({ topic: 'policy.control', event })));
    } catch (error) {
      note?.({ ...change, ...outcomeOf(error) });
      throw error;
    }
    note?.({ ...change, outcome: 'done' });
    this.#taken.add(id);
    logger.error({ policy, rollout: id, promotes: newestFirst.map(({ control_id: promote }) => promote) }, `rolled back by the ${reason}`);
  }
}

/** The rollouts that cover somebody, that with the newest step first. */
function standingHistories(controls: readonly ControlEvent[], nowMs: number): RolloutHistory[] {
  return rolloutHistory(controls, nowMs)
    .filter(({ steps }) => steps.at(-1)!.percent > 0)
    .sort((a, b) => b.steps.at(-1)!.atMs - a.steps.at(-1)!.atMs);
}

function reasonOf({ policy }: RolloutHistory, { epoch, verdict: { look, rollback } }: TakenLook): string {
  const shown = ({ users, decisions, reward }: typeof rollback.treated): string =>
    `${reward!.toFixed(3)} in the ${decisions} decisions of ${users} users`;
  return (
    `guardrail: the users of ${policy} have less reward within ${look.ageMs / 60_000} minutes of the request: ` +
    `on average ${shown(rollback.treated)}, and ${shown(rollback.control)} who are not in the rollout; ` +
    `adjusted difference ${rollback.difference!.toFixed(3)}, look after ${look.elapsedMs / 3_600_000} hours, alpha ${epoch.alpha}`
  );
}

/** Follows from the promotion's. Of a promotion whose own id leaves no room for more, from a hash of it. */
function rollbackIdOf(promoteId: string): string {
  const controlId = `${GUARDRAIL_PREFIX}${promoteId}`;
  if (isId(`${controlId}-shadow`)) return controlId;
  return `${GUARDRAIL_PREFIX}${createHash('sha256').update(promoteId, 'utf8').digest('hex')}`;
}
