/** Work that needs a partition for itself: it waits here and runs between two batches. */
import type { TipstreamError } from '../../errors.js';

interface Job {
  readonly run: () => void;
  readonly fail: (error: TipstreamError) => void;
}

export class BetweenBatches {
  readonly #jobs: Job[] = [];
  readonly #asTipstreamError: (error: unknown) => TipstreamError;

  constructor(asTipstreamError: (error: unknown) => TipstreamError) {
    this.#asTipstreamError = asTipstreamError;
  }

  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          const reported = this.#asTipstreamError(error);
          reject(reported);
          // An error of one request leaves the partition as it was; any other says that the state file or the code is at fault.
          if (reported.code !== 'policy_not_found' && reported.code !== 'invalid_argument') throw reported;
        }
      };
      this.#jobs.push({ run, fail: reject });
    });
  }

  /** Throws when the partition itself is at fault. */
  run(): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) job.run();
  }

  fail(error: TipstreamError): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) job.fail(error);
  }
}
