/**
 * Takes a promotion back by itself when the promoted policy has a surely lower reward than the one before it, on the partitions held here.
 * Several members may come to that at once: the rollback's id follows from the promotion's, so it happens once.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { COMPARED_AGES_MS, compareAtAge, tellingVerdict, type GuardrailVerdict } from '../../evaluation/guardrail.js';
import { GATE_THRESHOLDS } from '../../evaluation/thresholds.js';
import { isId } from '../../events/strings.js';
import { rolloutAt, type Share } from '../../policies/controls/rollout.js';
import type { TipProducer } from '../../producer/producer.js';
import type { ControlEvent } from '../../topics.js';
import type { ScoringOptions } from '../../consumers/fold/scorer.js';
import { newestOutcomes } from './newest-outcomes.js';

export interface GuardrailDeps {
  readonly producer: TipProducer;
  readonly scoring: ScoringOptions;
  /** Unix ms. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Paths of the state files held here. */
  readonly files: () => readonly string[];
  /** policy.control as a partition held here has it; undefined while none is. */
  readonly controls: () => readonly ControlEvent[] | undefined;
}

/** Begins the control_id of a rollback by the guardrail; the promotion's follows. */
export const GUARDRAIL_PREFIX = 'guardrail-';

/** The shares of dones that the last look compared, at the age that tells most. */
export type GuardrailState = Pick<GuardrailVerdict, 'ageMs' | 'promoted' | 'previous'>;

/** Decisions of each policy that are looked at. */
const NEWEST = 50_000;
/** The previous policy's decisions from so long before the promotion. */
const FORMER_MS = 30 * 86_400_000;

export class Guardrail {
  readonly #deps: GuardrailDeps;
  readonly #taken = new Set<string>();
  readonly #stopping = new AbortController();
  #state: GuardrailState | null = null;

  constructor(deps: GuardrailDeps) {
    this.#deps = deps;
  }

  /** null: no promotion stands that there is anything to compare with. */
  get state(): GuardrailState | null {
    return this.#state;
  }

  /** Ends a look under way, which rejects. */
  stop(): void {
    this.#stopping.abort(new Error('the service is stopping'));
  }

  /** Reads a piece at a time, between the service's answers. */
  async look(): Promise<void> {
    const { clock, logger, producer, files } = this.#deps;
    const shares = this.#shares();
    if (shares === undefined) return;
    const [newest, previous] = shares;
    if (newest?.controlId != null && this.#taken.has(newest.controlId)) return;
    const before = newest?.controlId == null ? undefined : (previous ?? this.#shares(newest.effectiveAtMs! - 1)?.[0]);
    if (newest === undefined || before === undefined || before.policy === newest.policy) {
      this.#state = null;
      return;
    }
    const wanted = [
      { policy: newest.policy, fromMs: newest.effectiveAtMs! },
      { policy: before.policy, fromMs: newest.effectiveAtMs! - FORMER_MS },
    ];
    const outcomes = await newestOutcomes(files(), wanted, NEWEST, this.#stopping.signal);
    const verdicts: GuardrailVerdict[] = [];
    for (const ageMs of COMPARED_AGES_MS) {
      verdicts.push(
        compareAtAge(
          outcomes.get(newest.policy)!,
          outcomes.get(before.policy)!,
          ageMs,
          clock(),
          GATE_THRESHOLDS.alpha / COMPARED_AGES_MS.length,
        ),
      );
      await setImmediate();
      this.#stopping.signal.throwIfAborted();
    }
    const verdict = tellingVerdict(verdicts);
    // Somebody may have taken it back meanwhile.
    if (this.#shares()?.[0]?.controlId !== newest.controlId) return;
    this.#state = verdict;
    if (!verdict.worse) return;
    const shown = ({ low, high, n }: { low: number; high: number; n: number }): string =>
      `${low.toFixed(3)} to ${high.toFixed(3)} over ${n} decisions`;
    const reason =
      `guardrail: of ${newest.policy}'s decisions ${shown(verdict.promoted)} are done within ${verdict.ageMs / 60_000} ` +
      `minutes, of ${before.policy}'s ${shown(verdict.previous)}`;
    const controlId = rollbackIdOf(newest.controlId!);
    await producer.send('policy.control', {
      control_id: controlId,
      type: 'rollback',
      effective_at_ms: clock(),
      takes_back: newest.controlId!,
      reason,
    });
    // As `tipstream rollback` does: the one that is live again is not its own shadow.
    if (newest.holdout !== null)
      await producer.send('policy.control', {
        control_id: `${controlId}-shadow`,
        type: 'configure',
        effective_at_ms: clock(),
        settings: { shadow: newest.policy },
        reason: 'shadow from its rollback on',
      });
    this.#taken.add(newest.controlId!);
    logger.error({ policy: newest.policy, promote: newest.controlId }, `rolled back by the ${reason}`);
  }

  /** Who is live for which share, now or at a time, the newest promote first; undefined while no partition is held. */
  #shares(atMs = this.#deps.clock()): readonly Share[] | undefined {
    const { scoring } = this.#deps;
    const controls = this.#deps.controls();
    return controls === undefined ? undefined : rolloutAt(controls, atMs, scoring.livePolicy, scoring.settings).shares;
  }
}

/** Follows from the promotion's. Of a promotion whose own id leaves no room for more, from a hash of it. */
function rollbackIdOf(promoteId: string): string {
  const controlId = `${GUARDRAIL_PREFIX}${promoteId}`;
  if (isId(`${controlId}-shadow`)) return controlId;
  return `${GUARDRAIL_PREFIX}${createHash('sha256').update(promoteId, 'utf8').digest('hex')}`;
}
