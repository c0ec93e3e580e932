/** What calls of the gateway came to, how long they took and what they cost, since this process started. */
import { Counter, Histogram, type Registry } from 'prom-client';
import { TipstreamError } from '../../errors.js';
import type { Completion } from '../../gateway/completion.js';

/** All that there are, so that each is 0 before it is first met. `abandoned`: the caller of /generate went away. */
const OUTCOMES = [
  'ok',
  'gateway_unavailable',
  'gateway_rate_limited',
  'gateway_refused',
  'gateway_bad_answer',
  'gateway_timeout',
  'abandoned',
] as const;
const BUCKETS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];

export class GatewayMetrics {
  readonly #calls: Counter<'outcome'>;
  readonly #durations: Histogram;
  readonly #retries: Counter;
  readonly #tokens: Counter<'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#calls = new Counter({
      name: 'tipstream_gateway_calls_total',
      help: 'Calls of the gateway, each with all its attempts, by what came of them',
      labelNames: ['outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'tipstream_gateway_call_duration_seconds',
      help: 'Time of a call of the gateway, with all its attempts',
      buckets: BUCKETS_S,
      registers,
    });
    this.#retries = new Counter({ name: 'tipstream_gateway_retries_total', help: 'Attempts that followed a failed one', registers });
    this.#tokens = new Counter({
      name: 'tipstream_gateway_tokens_total',
      help: 'Tokens of successful calls, as far as the gateway says',
      labelNames: ['kind'],
      registers,
    });
    for (const outcome of OUTCOMES) this.#calls.inc({ outcome }, 0);
    for (const kind of ['prompt', 'completion']) this.#tokens.inc({ kind }, 0);
  }

  /** Throws what the call throws. @param signal aborts when the caller has gone */
  async called(call: (onRetry: () => void) => Promise<Completion>, signal?: AbortSignal): Promise<Completion> {
    const beganMs = performance.now();
    let outcome = 'ok';
    try {
      const completion = await call(() => this.#retries.inc());
      this.#tokens.inc({ kind: 'prompt' }, completion.usage?.prompt_tokens ?? 0);
      this.#tokens.inc({ kind: 'completion' }, completion.usage?.completion_tokens ?? 0);
      return completion;
    } catch (error) {
      outcome = signal?.aborted === true ? 'abandoned' : error instanceof TipstreamError ? error.code : 'internal';
      throw error;
    } finally {
      this.#calls.inc({ outcome });
      this.#durations.observe((performance.now() - beganMs) / 1000);
    }
  }
}
