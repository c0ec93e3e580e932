/** A log that breaks on command: what a partition worker sees of a crash, a lost acknowledgement or a disk that fails. */
import { TipstreamError } from '../../../src/errors.js';
import type { GroupMember, GroupOptions, NewRecord, ReadRange, RecordAddress } from '../../../src/log/port.js';
import { CuttableLog } from '../log/cuttable-log.js';

/** refused: nothing is written. unacknowledged: everything is written, and the caller never learns it. */
export type AppendFault = 'refused' | 'unacknowledged';

export class FaultyLog extends CuttableLog {
  #turns = 0;
  #hanging: Promise<void> = Promise.resolve();
  readonly #refusals: Error[] = [];
  #withheld: ReadonlySet<number> = new Set();
  #fault: { readonly after: number; readonly kind: AppendFault } | undefined;

  /** The append after the next `after` ones fails, and so does every later one. */
  failAppends(after: number, kind: AppendFault): void {
    this.#fault = { after, kind };
  }

  /** Appends take so many turns of the event loop longer; meanwhile the worker commits on. */
  slowAppends(turns: number): void {
    this.#turns = turns;
  }

  /** The next appends fail with these, one each; then all is well again. */
  refuseAppends(...errors: readonly Error[]): void {
    this.#refusals.push(...errors);
  }

  /** Nothing that is asked of the log is answered until the function that this answers is called. */
  hang(): () => void {
    let answer: () => void = () => undefined;
    this.#hanging = new Promise((resolve) => (answer = resolve));
    return answer;
  }

  /** Every question is refused until the function that this answers is called. */
  refuse(): () => void {
    this.#hanging = Promise.reject(new TipstreamError('log_unavailable', 'the test keeps the log away'));
    this.#hanging.catch(() => undefined);
    return () => {
      this.#hanging = Promise.resolve();
    };
  }

  /** The group gives these partitions to nobody, as far as it says, until they are given back. */
  withholdOwners(...partitions: readonly number[]): void {
    this.#withheld = new Set(partitions);
  }

  override async join(options: GroupOptions): Promise<GroupMember> {
    const member = await super.join(options);
    const holders = async () => new Map([...((await member.holders()) ?? [])].filter(([partition]) => !this.#withheld.has(partition)));
    return new Proxy(member, {
      get: (target, name) => (name === 'holders' ? holders : (Reflect.get(target, name, target) as unknown)),
    });
  }

  override async describeTopics(names: readonly string[]) {
    await this.#hanging;
    return this.log.describeTopics(names);
  }

  override async offsets(topic: string) {
    await this.#hanging;
    return this.log.offsets(topic);
  }

  override async highWatermarks(topic: string) {
    await this.#hanging;
    return this.log.highWatermarks(topic);
  }

  override async *read(range: ReadRange) {
    await this.#hanging;
    yield* this.log.read(range);
  }

  override async committed(group: string, topic: string) {
    await this.#hanging;
    return this.log.committed(group, topic);
  }

  async append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]> {
    await this.#hanging;
    for (let turn = 0; turn < this.#turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.isCut) throw broken();
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) throw refusal;
    const fault = this.#fault;
    if (fault === undefined) return this.log.append(records);
    if (fault.after > 0) {
      this.#fault = { ...fault, after: fault.after - 1 };
      return this.log.append(records);
    }
    this.cut();
    if (fault.kind === 'unacknowledged') await this.log.append(records);
    throw broken();
  }
}

function broken(): TipstreamError {
  return new TipstreamError('log_failed', 'the test broke the log here');
}
