/** The file that a receipt is written to: whether it can be is found out first. */
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { cannotWrite } from '../../errors.js';
import type { ForgetResult } from '../../forgetting/job.js';
import { PRIVATE_FILE_MODE } from '../../private-file.js';

export class ReceiptFile {
  readonly #path: string;

  /** Throws output_failed where it cannot be opened. What is there stays. */
  constructor(path: string) {
    this.#path = path;
    this.#guarded(() => closeSync(openSync(path, 'a', PRIVATE_FILE_MODE)));
  }

  /** The receipt. Where nothing was found there is none: the whole result, unless the file has an earlier receipt. Throws output_failed. */
  write(result: ForgetResult): void {
    this.#guarded(() => {
      if (result.receipt === null && statSync(this.#path).size > 0) return;
      writeFileSync(this.#path, `${JSON.stringify(result.receipt ?? result, null, 2)}\n`, { mode: PRIVATE_FILE_MODE, flush: true });
    });
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }
}
