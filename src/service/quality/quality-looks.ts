/**
 * Data quality of the partitions held here, looked at every few minutes and when somebody asks: in pieces of some milliseconds, so that
 * what the service does besides is never held up. What was found last stands until the next look.
 */
import type { Logger } from 'pino';
import { TipstreamError } from '../../errors.js';
import type { Log } from '../../log/port.js';
import { usableBaseline } from '../../monitoring/baseline.js';
import type { QualityDocument, Untold } from '../../monitoring/documents.js';
import { qualityReport } from '../../monitoring/quality-report.js';
import type { Registry } from '../../projections/registry.js';
import { Turns } from '../../provenance/turns.js';
import { FirstBaseline } from './first-baseline.js';

/** Of each topic. */
const MOST_RECORDS = 2_000;
/** What was found less long ago is found again. */
const FRESH_MS = 60_000;

/** As QualityDocument; null: nothing has been looked at yet. */
export type LookedQuality = Omit<QualityDocument, 'as_of_ms'> & { readonly as_of_ms: number | null };

export interface QualityLooksDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: {
    readonly dataDirectory: string;
    readonly topicPrefix: string;
    readonly clock: () => number;
    readonly logger: Logger;
    readonly automaticBaseline?: boolean | undefined;
  };
  /** partition -> state file, of those held here. */
  readonly files: () => ReadonlyMap<number, string>;
  /** Of the topics. */
  readonly partitionCount: () => number;
}

export class QualityLooks {
  readonly #deps: QualityLooksDeps;
  readonly #stop = new AbortController();
  readonly #first: FirstBaseline;
  #looking: Promise<void> | undefined;
  #last: QualityDocument | undefined;
  /** Why the last look came to nothing. */
  #failure: TipstreamError | undefined;
  /** By the clock, Unix ms. */
  #lookedMs = -Infinity;

  constructor(deps: QualityLooksDeps) {
    this.#deps = deps;
    this.#first = new FirstBaseline(deps);
  }

  /** What was found last; undefined: nothing yet. */
  get last(): QualityDocument | undefined {
    return this.#last;
  }

  /** Who asks while a look is under way waits for that one. A look that fails is said in what `found` answers. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Looks again unless that was done a moment ago, and waits for it for so long at most. Never rejects. */
  async found(withinMs: number): Promise<LookedQuality> {
    // A clock that was set back does not make what was found young.
    if (Math.abs(this.#deps.options.clock() - this.#lookedMs) > FRESH_MS || this.#last === undefined) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
      await Promise.race([this.look(), patience]).finally(() => clearTimeout(timer));
    }
    const { registry } = this.#deps;
    const last = this.#last ?? nothing(registry);
    const untold: Untold[] = [];
    if (this.#failure !== undefined) untold.push({ about: 'the last look', reason: this.#failure.message });
    else if (this.#last === undefined) untold.push({ about: 'the first look', reason: 'it is not finished' });
    if (untold.length === 0) return last;
    return { ...last, verdict: last.verdict === 'alert' ? 'alert' : 'could_not_tell', could_not_tell: [...untold, ...last.could_not_tell] };
  }

  /** What is under way ends. */
  stop(): void {
    this.#stop.abort(new TipstreamError('closed', 'the service has stopped'));
  }

  /** What keeps it from being stored keeps nobody from the rest. */
  async #storeFirst(files: ReadonlyMap<number, string>, turns: Turns): Promise<void> {
    const { options, registry } = this.#deps;
    const { baseline, refused } = usableBaseline(options.dataDirectory, registry);
    if (baseline !== undefined || refused !== undefined) return;
    try {
      const stored = await this.#first.store(files, turns);
      if (stored === undefined) return;
      const { users, as_of_ms: asOfMs } = stored;
      options.logger.info(
        { users, as_of: new Date(asOfMs).toISOString() },
        'stored the first baseline of data quality; `tipstream quality baseline` stores another one',
      );
    } catch (error) {
      if (this.#stop.signal.aborted) throw error;
      options.logger.warn({ err: error }, 'the first baseline of data quality could not be stored');
    }
  }

  async #look(): Promise<void> {
    const { log, registry, options, files: filesHeld, partitionCount } = this.#deps;
    const { signal } = this.#stop;
    const files = filesHeld();
    if (files.size === 0 || signal.aborted) {
      this.#last = undefined;
      return;
    }
    const turns = new Turns(signal);
    const turn = (): Promise<void> => (turns.isOver ? turns.next() : Promise.resolve());
    try {
      if (options.automaticBaseline === true) await this.#storeFirst(files, turns);
      const { baseline, refused } = usableBaseline(options.dataDirectory, registry);
      const report = await qualityReport({
        log,
        registry,
        dataDirectory: options.dataDirectory,
        topicPrefix: options.topicPrefix,
        files,
        partitions: partitionCount(),
        asOfMs: options.clock(),
        mostRecords: MOST_RECORDS,
        signal,
        baseline,
        turn,
        run: (steps) => turns.run(steps),
      });
      this.#last =
        refused === undefined
          ? report
          : { ...report, could_not_tell: [{ about: 'drift', reason: refused.message }, ...report.could_not_tell] };
      this.#failure = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = error instanceof TipstreamError ? error : new TipstreamError('internal', String(error), { cause: error });
      options.logger.warn({ err: error }, 'data quality could not be looked at; what was found before stands');
    } finally {
      this.#lookedMs = options.clock();
    }
  }
}

function nothing({ featureSet }: Registry): LookedQuality {
  return {
    verdict: 'could_not_tell',
    as_of_ms: null,
    feature_set: featureSet,
    users: 0,
    positions: {},
    partitions_missing: [],
    baseline: null,
    features: [],
    skipped: [],
    topics: [],
    skew: null,
    alerts: [],
    could_not_tell: [],
  };
}
