/**
 * Distributions by day, week or month, when somebody asks: one answer at a time, in pieces of some milliseconds, within the patience of a
 * request. Asking for the same within a minute gets the same answer.
 */
import { TipstreamError } from '../../errors.js';
import { factsOf, usableBaseline, type BaselineFacts } from '../../monitoring/baseline.js';
import type { Untold } from '../../monitoring/documents.js';
import { historyOf, type HistoryDocument } from '../../monitoring/history.js';
import { spansBefore, type Period } from '../../monitoring/periods.js';
import { OneAtATime } from '../../one-at-a-time.js';
import { Turns } from '../../provenance/turns.js';
import { logTimeoutOf } from '../request-deadline.js';
import type { QualityLooksDeps } from './quality-looks.js';

export const MOST_PERIODS = 31;
const FRESH_MS = 60_000;

export interface QualityHistoryQuestion {
  readonly by: Period;
  /** How many, at most MOST_PERIODS. */
  readonly last: number;
  /** Those that ended by then, Unix ms; now unless given. */
  readonly asOfMs?: number | undefined;
}

export interface QualityHistoryDocument extends HistoryDocument {
  readonly by: Period;
  /** Those held here: nothing is said of others. */
  readonly partitions: readonly number[];
  readonly partitions_missing: readonly number[];
  readonly baseline: BaselineFacts | null;
  readonly could_not_tell: readonly Untold[];
}

export interface QualityHistoryDeps extends Omit<QualityLooksDeps, 'log' | 'options'> {
  readonly options: Pick<QualityLooksDeps['options'], 'dataDirectory' | 'clock'> & { readonly logTimeoutMs?: number | undefined };
}

export class QualityHistory {
  readonly #deps: QualityHistoryDeps;
  readonly #one = new OneAtATime();
  readonly #stop = new AbortController();
  #last: { readonly key: string; readonly answeredMs: number; readonly document: QualityHistoryDocument } | undefined;

  constructor(deps: QualityHistoryDeps) {
    this.#deps = deps;
  }

  /** Throws timeout, closed when the service stops, and what reading state files throws. */
  history(question: QualityHistoryQuestion): Promise<QualityHistoryDocument> {
    const limitMs = logTimeoutOf(this.#deps.options);
    const late = AbortSignal.timeout(limitMs);
    return this.#one.run(async () => {
      try {
        return await this.#history(question, AbortSignal.any([this.#stop.signal, late]));
      } catch (error) {
        if (!late.aborted || this.#stop.signal.aborted) throw error;
        throw new TipstreamError('timeout', `the history of ${question.last} periods took longer than ${limitMs / 1_000} s`, {
          hint: 'Ask for fewer periods, or run `tipstream quality history`, which takes as long as it takes.',
          details: { timeout_ms: limitMs },
        });
      }
    });
  }

  /** What is under way ends. */
  stop(): void {
    this.#stop.abort(new TipstreamError('closed', 'the service has stopped'));
  }

  async #history({ by, last, asOfMs }: QualityHistoryQuestion, signal: AbortSignal): Promise<QualityHistoryDocument> {
    const { registry, options, files: filesHeld, partitionCount } = this.#deps;
    const files = filesHeld();
    const nowMs = options.clock();
    const spans = spansBefore(by, asOfMs ?? nowMs, last);
    const key = JSON.stringify([by, spans, [...files]]);
    if (this.#last?.key === key && Math.abs(nowMs - this.#last.answeredMs) < FRESH_MS) return this.#last.document;
    signal.throwIfAborted();
    const { baseline, refused } = usableBaseline(options.dataDirectory, registry);
    const found = await new Turns(signal).run(historyOf(files, registry, spans, baseline));
    const partitions = [...files.keys()].sort((a, b) => a - b);
    const document = {
      by,
      partitions,
      partitions_missing: Array.from({ length: partitionCount() }, (_, at) => at).filter((at) => !files.has(at)),
      baseline: baseline === undefined ? null : factsOf(baseline),
      ...found,
      could_not_tell: refused === undefined ? [] : [{ about: 'drift', reason: refused.message }],
    };
    this.#last = { key, answeredMs: nowMs, document };
    return document;
  }
}
