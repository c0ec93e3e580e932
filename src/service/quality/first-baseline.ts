/**
 * With --automatic-baseline, the first baseline is stored by the service, as `tipstream quality baseline --automatic` does it: as of the
 * first Monday on which windows are full, or as of now where too few users were known then. One that is there is never replaced.
 */
import { writeFirstBaseline, type BaselineFacts } from '../../monitoring/baseline.js';
import { firstFullWindowMs } from '../../monitoring/periods.js';
import { surveyCandidates, surveyState } from '../../monitoring/state-survey.js';
import { DAY_MS } from '../../projections/window.js';
import type { Turns } from '../../provenance/turns.js';
import type { QualityLooksDeps } from './quality-looks.js';

/** With fewer, chance moves a distribution more than an upstream that changes. */
export const LEAST_USERS = 100;

export class FirstBaseline {
  readonly #deps: Omit<QualityLooksDeps, 'log'>;
  /** Before then there is nothing to look for. */
  #notBeforeMs = -Infinity;

  constructor(deps: Omit<QualityLooksDeps, 'log'>) {
    this.#deps = deps;
  }

  /**
   * undefined: it is not time yet, another one is there, or other members hold some of the partitions. Throws what reading state files and
   * writing throws, and as Turns.next.
   */
  async store(files: ReadonlyMap<number, string>, turns: Turns): Promise<BaselineFacts | undefined> {
    const { registry, options, partitionCount } = this.#deps;
    const nowMs = options.clock();
    if (files.size < partitionCount() || nowMs < this.#notBeforeMs) return undefined;
    const { tips } = await turns.run(surveyState(files, registry, nowMs));
    const fullMs = firstFullWindowMs(tips.firstMs);
    if (fullMs > nowMs) {
      this.#notBeforeMs = Number.isFinite(fullMs) ? fullMs : -Infinity;
      return undefined;
    }
    for (const asOfMs of [fullMs, nowMs]) {
      const survey = await turns.run(surveyState(files, registry, asOfMs));
      if (survey.users < LEAST_USERS) continue;
      const candidates = await turns.run(surveyCandidates(files, registry, asOfMs));
      const { featureSet } = registry;
      return writeFirstBaseline(options.dataDirectory, survey, { featureSet, madeAtMs: nowMs, missing: [], candidates });
    }
    this.#notBeforeMs = nowMs + DAY_MS;
    return undefined;
  }
}
