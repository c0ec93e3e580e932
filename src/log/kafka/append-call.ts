/** One call of `append` and its records on their way: the call answers when each record has an address or an error. */
import { TipstreamError } from '../../errors.js';
import type { RecordAddress } from '../port.js';
import { recordBytes, type StampedRecord } from './record-encoding.js';

export class AppendCall {
  readonly answer: Promise<readonly RecordAddress[]>;
  readonly waiting: PendingRecord[];
  #resolve!: (addresses: readonly RecordAddress[]) => void;
  #reject!: (error: Error) => void;
  readonly #addresses: RecordAddress[];
  #unsettled: number;
  #error: Error | undefined;

  constructor(records: readonly StampedRecord[]) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#addresses = new Array<RecordAddress>(records.length);
    this.#unsettled = records.length;
    this.waiting = records.map((record, index) => new PendingRecord(this, record, index));
  }

  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** Rejects when the signal aborts; records that are not on their way then are abandoned. */
  endWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const giveUp = (): void => {
      this.#error ??= new TipstreamError('log_unavailable', 'the log did not take the records in time', { cause: signal.reason });
      this.#reject(this.#error);
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    const done = (): void => signal.removeEventListener('abort', giveUp);
    this.answer.then(done, done);
  }

  settle(index: number, outcome: RecordAddress | Error): void {
    if (outcome instanceof Error) this.#error ??= outcome;
    else this.#addresses[index] = outcome;
    if (--this.#unsettled > 0) return;
    if (this.#error === undefined) this.#resolve(this.#addresses);
    else this.#reject(this.#error);
  }
}

export class PendingRecord {
  /** Upper bound of what it takes in a batch. */
  readonly bytes: number;

  constructor(
    readonly call: AppendCall,
    readonly record: StampedRecord,
    readonly index: number,
  ) {
    this.bytes = recordBytes(record);
  }

  /** Whether an earlier record of the same call failed: the rest of a failed call is not written. */
  get abandoned(): boolean {
    return this.call.failed;
  }

  written(address: RecordAddress): void {
    this.call.settle(this.index, address);
  }

  failed(error: Error): void {
    this.call.settle(this.index, error);
  }
}
