/**
 * A client of an OpenAI-compatible gateway: POST {url}/chat/completions. One call is one answer within `timeoutMs`, whatever attempts
 * that takes: connection errors, 408, 429 and 5xx are tried again, after the Retry-After that the gateway asks for or a back-off that
 * doubles.
 *
 * Neither the key nor any text of the prompt or of the gateway's error is put into messages, details or causes: they reach logs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs, GATEWAY } from '../back-off.js';
import { TipstreamError } from '../errors.js';
import type { ChatMessage } from '../prompts/prompt.js';
import { readCompletion, type Completion } from './completion.js';
import { readText } from '../read-text.js';
import { retryAfterMs } from './retry-after.js';

export interface GatewayOptions {
  /** Without /chat/completions, and without a slash at its end: https://gateway.example/v1 */
  readonly url: string;
  /** Sent as bearer token; absent: none is. */
  readonly key?: string | undefined;
  readonly model: string;
  /** Of a call with all its attempts. */
  readonly timeoutMs: number;
  /** How many attempts may follow the first. */
  readonly retries: number;
}

export interface CompletionRequest {
  readonly messages: readonly ChatMessage[];
  /** Absent: the gateway's own limit. */
  readonly maxTokens?: number | undefined;
}

/** Far more than any tip. */
const MAX_ANSWER_BYTES = 1_048_576;
const RETRIED_STATUS: ReadonlySet<number> = new Set([408, 425, 429]);

interface Failure {
  readonly error: TipstreamError;
  /** Asked for by the gateway. */
  readonly waitMs?: number | undefined;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #endpoint: string;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#endpoint = `${options.url}/chat/completions`;
  }

  /**
   * Throws gateway_timeout, gateway_unavailable, gateway_rate_limited (details.retry_after: as the gateway said it), gateway_refused,
   * gateway_bad_answer; invalid_argument when `signal` aborts, as the caller has gone.
   *
   * @param onRetry called before every attempt but the first
   */
  async complete(request: CompletionRequest, signal?: AbortSignal, onRetry?: () => void): Promise<Completion> {
    const { timeoutMs, retries } = this.#options;
    const deadline = performance.now() + timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const ends = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    try {
      for (let attempt = 1; ; attempt++) {
        const outcome = await this.#attempt(request, ends);
        if (!('error' in outcome)) return outcome;
        const waitMs = outcome.waitMs ?? pauseMs(attempt);
        // Waiting for longer than the caller does would only turn this error into a time-out.
        if (attempt > retries || performance.now() + waitMs >= deadline) throw afterAttempts(outcome.error, attempt);
        await sleep(waitMs, undefined, { signal: ends });
        onRetry?.();
      }
    } catch (error) {
      if (signal?.aborted === true) throw new TipstreamError('invalid_argument', 'the caller went away before the gateway had answered');
      if (timeout.aborted) {
        throw new TipstreamError('gateway_timeout', `the gateway gave no answer within ${timeoutMs} ms`, {
          hint: 'Try again; or give it longer with --gateway-timeout-ms.',
        });
      }
      throw error;
    }
  }

  /** Answers failures that may be tried again, and throws those that may not. */
  async #attempt({ messages, maxTokens }: CompletionRequest, signal: AbortSignal): Promise<Completion | Failure> {
    const { key, model } = this.#options;
    let response: Response;
    let text: string | undefined;
    try {
      response = await fetch(this.#endpoint, {
        method: 'POST',
        signal,
        // Neither the key nor the prompt follows a redirect to somewhere else.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({ model, messages, stream: false, ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }) }),
      });
      text = await readText(response, MAX_ANSWER_BYTES);
    } catch (error) {
      if (signal.aborted) throw error;
      const code = causeCode(error);
      return {
        error: new TipstreamError('gateway_unavailable', `the gateway cannot be reached${code === undefined ? '' : ` (${code})`}`, {
          hint: 'Check --gateway-url, and that the gateway runs.',
          details: code === undefined ? {} : { cause: code },
        }),
      };
    }
    const { status, headers } = response;
    if (status >= 500 || RETRIED_STATUS.has(status)) {
      const retryAfter = headers.get('retry-after');
      return { error: failure(status, gatewayCode(text, key), retryAfter), waitMs: retryAfterMs(retryAfter, Date.now()) };
    }
    if (status < 200 || status > 299) throw refusal(status, gatewayCode(text, key));
    return readCompletion(text, model);
  }
}

function failure(status: number, said: string | undefined, retryAfter: string | null): TipstreamError {
  const details = { status, ...(said === undefined ? {} : { gateway_code: said }) };
  if (status !== 429)
    return new TipstreamError('gateway_unavailable', `the gateway failed (${described(status, said)})`, {
      hint: 'Try again later.',
      details,
    });
  // What cannot be read is passed on to nobody.
  const isTime = retryAfterMs(retryAfter, Date.now()) !== undefined;
  return new TipstreamError('gateway_rate_limited', `the gateway asks to be called less often (${described(status, said)})`, {
    hint: isTime ? 'Wait as long as the header Retry-After says.' : 'Try again later, and call less often.',
    details: { ...details, ...(isTime ? { retry_after: retryAfter!.trim() } : {}) },
  });
}

function refusal(status: number, said: string | undefined): TipstreamError {
  const details = { status, ...(said === undefined ? {} : { gateway_code: said }) };
  if (status === 401 || status === 403) {
    return new TipstreamError('gateway_refused', `the gateway does not accept the key (${described(status, said)})`, {
      hint: 'Set TIPSTREAM_GATEWAY_KEY to a key that it knows, and that may use the model.',
      details,
    });
  }
  if (status < 400)
    return new TipstreamError('gateway_refused', `the gateway wants to be asked elsewhere (${described(status, said)})`, {
      hint: 'Give --gateway-url as it is without a redirect.',
      details,
    });
  return new TipstreamError('gateway_refused', `the gateway refused the request (${described(status, said)})`, {
    hint: 'Check --gateway-url and --gateway-model: a 404 often is a wrong path or an unknown model.',
    details,
  });
}

function described(status: number, said: string | undefined): string {
  return said === undefined ? `HTTP ${status}` : `HTTP ${status}, ${said}`;
}

/** `error.code` or `error.type` of the answer, when it is a word; messages may repeat the key or the prompt. */
function gatewayCode(text: string | undefined, key: string | undefined): string | undefined {
  let error: unknown;
  try {
    error = (JSON.parse(text ?? '') as { error?: unknown } | null)?.error;
  } catch {
    return undefined;
  }
  const { code, type } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; type?: unknown };
  return [code, type].find(
    (word): word is string => typeof word === 'string' && /^[a-z][a-z_]{1,63}$/.test(word) && (key === undefined || !word.includes(key)),
  );
}

function afterAttempts(error: TipstreamError, attempts: number): TipstreamError {
  if (attempts === 1) return error;
  return new TipstreamError(error.code, `${error.message}, also after ${attempts} attempts`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: { ...error.details, attempts },
  });
}

/** Of a fetch that failed: ECONNREFUSED and the like. */
function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined;
}

/** The upper half of the pause is random, so that callers that failed together do not return together. */
function pauseMs(attempt: number): number {
  return backOffMs(GATEWAY, attempt) * (0.5 + Math.random() / 2);
}
