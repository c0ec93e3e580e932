/** A partition handler for Kafka's own tests: collects what it is given, keeps positions, and lets a test wait for it. */
import type { Delivery, LogRecord, OffsetRange, PartitionHandler } from '../../../src/log/port.js';

const PATIENCE_MS = 60_000;

export class CollectingHandler implements PartitionHandler {
  readonly deliveries: Delivery[] = [];
  readonly failures: Error[] = [];
  readonly assigned: number[] = [];
  readonly #positions = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  onReady: (partition: number, ranges: ReadonlyMap<string, OffsetRange>) => void = () => undefined;
  /** Answers whether to go on. */
  onDeliver: (delivery: Delivery) => boolean = () => true;
  onRejoining: () => Promise<void> = () => Promise.resolve();
  onJoined: () => void = () => undefined;

  /** topic/partition -> where to start. */
  constructor(starts: Readonly<Record<string, number>> = {}) {
    for (const [name, offset] of Object.entries(starts)) this.#positions.set(name, offset);
  }

  get records(): LogRecord[] {
    return this.deliveries.flatMap((delivery) => [...delivery.records]);
  }

  position(topic: string, partition: number): number | undefined {
    return this.#positions.get(`${topic}/${partition}`);
  }

  positions(partition: number): ReadonlyMap<string, number> {
    this.assigned.push(partition);
    const own = [...this.#positions].filter(([name]) => name.endsWith(`/${partition}`));
    return new Map(own.map(([name, offset]) => [name.slice(0, name.lastIndexOf('/')), offset]));
  }

  ready(partition: number, ranges: ReadonlyMap<string, OffsetRange>): void {
    this.onReady(partition, ranges);
    this.#changed();
  }

  deliver(delivery: Delivery): boolean {
    const name = `${delivery.topic}/${delivery.partition}`;
    const position = this.#positions.get(name);
    if (position !== undefined && position !== delivery.fromOffset)
      this.failures.push(new Error(`${name}: delivered from ${delivery.fromOffset} at ${position}`));
    this.#positions.set(name, delivery.nextOffset);
    this.deliveries.push(delivery);
    const goOn = this.onDeliver(delivery);
    this.#changed();
    return goOn;
  }

  revoked(partition: number): void {
    this.assigned.splice(this.assigned.indexOf(partition), 1);
    this.#changed();
  }

  rejoining(): Promise<void> {
    return this.onRejoining();
  }

  joined(): void {
    this.onJoined();
    this.#changed();
  }

  failed(error: Error): void {
    this.failures.push(error);
    this.#changed();
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let check = (): void => undefined;
    await new Promise<void>((resolve, reject) => {
      check = () => condition() && resolve();
      timer = setTimeout(
        () => reject(new Error(`waited for ${what}; ${this.records.length} records, failures: ${this.failures.join()}`)),
        PATIENCE_MS,
      );
      this.#waiting.add(check);
      check();
    }).finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  #changed(): void {
    for (const check of [...this.#waiting]) check();
  }
}
