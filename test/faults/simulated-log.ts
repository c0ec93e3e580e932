/** The embedded log as one life of the service sees it: it refuses, loses acknowledgements, is slow, and is gone when the process is. */
import { TipstreamError } from '../../src/errors.js';
import type { Log, NewRecord, RecordAddress } from '../../src/log/port.js';
import { CuttableLog } from '../support/log/cuttable-log.js';

/**
 * refused: nothing is written. lost: everything is written, and the caller never learns it. Both come as an error that says to try
 * again, or as one that ends the partition. crash: the process dies before or after the write.
 */
export const APPEND_FAULTS = ['refused', 'lost', 'refused for good', 'lost for good', 'crash before', 'crash after'] as const;
export type AppendFault = (typeof APPEND_FAULTS)[number];

export interface LogEvents {
  appended(records: readonly NewRecord[], addresses: readonly RecordAddress[]): void;
  faulted(fault: AppendFault): void;
  /** Throws. */
  crash(where: string): never;
  turn(): Promise<void>;
}

export class SimulatedLog extends CuttableLog {
  readonly #events: LogEvents;
  #slowBy = 0;
  #fault: { after: number; readonly kind: AppendFault } | undefined;

  constructor(log: Log, events: LogEvents) {
    super(log);
    this.#events = events;
  }

  /** The append after the next `after` ones meets the fault. */
  arm(kind: AppendFault, after: number): void {
    this.#fault = { kind, after };
  }

  /** Appends take so many turns longer; meanwhile the workers commit on. */
  slow(turns: number): void {
    this.#slowBy = turns;
  }

  append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]> {
    const sent = this.#append(records);
    // Whoever dies while it is under way hears no more of it.
    sent.catch(() => undefined);
    return sent;
  }

  async #append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]> {
    for (let turn = 0; turn < this.#slowBy; turn++) await this.#events.turn();
    if (this.isCut) throw gone();
    const fault = this.#due();
    if (fault !== undefined) this.#events.faulted(fault);
    if (fault === 'crash before') this.#events.crash('before an append');
    if (fault === 'refused') throw new TipstreamError('log_unavailable', 'the simulated log refused');
    if (fault === 'refused for good') throw new TipstreamError('log_failed', 'the simulated log failed');
    const addresses = await this.log.append(records);
    if (this.isCut) throw gone();
    this.#events.appended(records, addresses);
    if (fault === 'crash after') this.#events.crash('after an append');
    if (fault === 'lost') throw new TipstreamError('log_unavailable', 'the simulated log lost the acknowledgement');
    if (fault === 'lost for good') throw new TipstreamError('log_failed', 'the simulated log lost the acknowledgement and failed');
    return addresses;
  }

  #due(): AppendFault | undefined {
    const fault = this.#fault;
    if (fault === undefined || fault.after-- > 0) return undefined;
    this.#fault = undefined;
    return fault.kind;
  }
}

const gone = () => new TipstreamError('log_failed', 'the process of this log is gone');
