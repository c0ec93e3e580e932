/**
 * Takes a promotion back by itself when the promoted policy earns surely less than the one before it, on the partitions held here. Several members may come to
 * that at once: the rollback's id follows from the promotion's, so it happens once.
 */
import type { Logger } from 'pino';
import { compareLive, type GuardrailVerdict } from '../evaluation/guardrail.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import { rolloutAt } from '../policies/rollout.js';
import type { TipProducer } from '../producer/producer.js';
import { rewardsOf } from '../store/policy-stats.js';
import type { ControlEvent } from '../topics.js';
import type { ScoringOptions } from './fold/scorer.js';

export interface GuardrailSetting {
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

/** The mean rewards that the last look compared. */
export type GuardrailState = Omit<GuardrailVerdict, 'worse'>;

/** Decisions of each policy that are looked at. */
const NEWEST = 50_000;
/** The former policy's decisions from so long before the promotion. */
const FORMER_MS = 30 * 86_400_000;

export class Guardrail {
  readonly #setting: GuardrailSetting;
  readonly #taken = new Set<string>();
  #state: GuardrailState | null = null;

  constructor(setting: GuardrailSetting) {
    this.#setting = setting;
  }

  /** null: no promotion stands that there is anything to compare with. */
  get state(): GuardrailState | null {
    return this.#state;
  }

  async look(): Promise<void> {
    const { scoring, clock, logger, producer } = this.#setting;
    const nowMs = clock();
    const controls = this.#setting.controls();
    if (controls === undefined) return;
    const [newest, former] = rolloutAt(controls, nowMs, scoring.livePolicy, scoring.settings).shares;
    if (newest?.controlId != null && this.#taken.has(newest.controlId)) return;
    this.#state = null;
    if (newest?.controlId == null) return;
    const before = former ?? rolloutAt(controls, newest.effectiveAtMs! - 1, scoring.livePolicy, scoring.settings).shares[0]!;
    if (before.policy === newest.policy) return;
    const verdict = compareLive(this.#rewards(newest.policy, newest.effectiveAtMs!), this.#rewards(before.policy, newest.effectiveAtMs! - FORMER_MS), GATE_THRESHOLDS.alpha);
    this.#state = verdict;
    if (!verdict.worse) return;
    const shown = ({ low, high, n }: { low: number; high: number; n: number }): string => `${low.toFixed(3)} to ${high.toFixed(3)} over ${n} decisions`;
    const reason = `guardrail: ${newest.policy} earns ${shown(verdict.promoted)}, ${before.policy} ${shown(verdict.former)}`;
    await producer.send('policy.control', { control_id: `${GUARDRAIL_PREFIX}${newest.controlId}`, type: 'rollback', effective_at_ms: nowMs, reason });
    this.#taken.add(newest.controlId);
    logger.error({ policy: newest.policy, promote: newest.controlId }, `rolled back by the ${reason}`);
  }

  #rewards(policy: string, fromMs: number): number[] {
    const all = this.#setting.files().flatMap((path) => rewardsOf(path, policy, fromMs, NEWEST));
    return all.sort((a, b) => a.requestedAtMs - b.requestedAtMs).slice(-NEWEST).map(({ reward }) => reward);
  }
}
