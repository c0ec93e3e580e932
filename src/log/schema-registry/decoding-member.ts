/**
 * A group member whose handler is given records with their payloads. A partition that has met a schema which the registry does not answer
 * waits as a whole: what is fetched of it meanwhile is kept in order, a delivery of each topic at most, and says what it waits for.
 */
import type { Delivery, GroupMember, GroupOptions, Log, PartitionHandler } from '../port.js';
import { schemaText } from '../../events/wire-format.js';
import { runOf } from '../record-run.js';
import type { Payloads, Waiting } from './payloads.js';

export interface MemberDeps {
  readonly payloads: Payloads;
  readonly log: LogLine;
  /** How many partitions wait. */
  readonly onWaiting: (change: 1 | -1) => void;
}

export type LogLine = (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void;

const WARNS_EVERY_MS = 10_000;

/** A partition of which something is kept back. */
class Held {
  readonly over = new AbortController();
  readonly deliveries: Delivery[] = [];
  /** Why it waits, once an attempt has failed. */
  why: string | undefined;
  warnedAtMs = -Infinity;
}

export async function joinDecoding(log: Pick<Log, 'join'>, options: GroupOptions, deps: MemberDeps): Promise<GroupMember> {
  const member = new DecodingMember(options.handler, deps);
  member.inner = await log.join({ ...options, handler: member.handler() });
  return member.outer();
}

class DecodingMember {
  inner: GroupMember | undefined;
  readonly #handler: PartitionHandler;
  readonly #deps: MemberDeps;
  readonly #held = new Map<number, Held>();

  constructor(handler: PartitionHandler, deps: MemberDeps) {
    this.#handler = handler;
    this.#deps = deps;
  }

  handler(): PartitionHandler {
    const handler = this.#handler;
    return {
      positions: (partition) => {
        this.#drop(partition);
        return handler.positions(partition);
      },
      ready: (partition, ranges) => handler.ready(partition, ranges),
      deliver: (delivery) => this.#deliver(delivery),
      revoked: (partition) => {
        this.#drop(partition);
        handler.revoked(partition);
      },
      ...(handler.rejoining === undefined ? {} : { rejoining: () => handler.rejoining!() }),
      ...(handler.joined === undefined ? {} : { joined: () => handler.joined!() }),
      failed: (error, partition) => {
        if (partition === undefined) this.#dropAll();
        else this.#drop(partition);
        handler.failed(error, partition);
      },
    };
  }

  outer(): GroupMember {
    const member = this.inner!;
    return {
      commit: (partition, positions) => member.commit(partition, positions),
      resume: (topic, partition) => {
        // What is kept of the topic comes first.
        if (!this.#keeps(topic, partition)) member.resume(topic, partition);
      },
      stopPartition: (partition) => {
        this.#drop(partition);
        member.stopPartition(partition);
      },
      restart: (partition) => member.restart(partition),
      silent: () => this.#silent(member),
      owners: () => member.owners(),
      holders: () => member.holders(),
      stop: () => {
        this.#dropAll();
        return member.stop();
      },
    };
  }

  #deliver(delivery: Delivery): boolean {
    const held = this.#held.get(delivery.partition);
    if (held !== undefined) {
      held.deliveries.push(delivery);
      return false;
    }
    const plain = [...delivery.records];
    const records = this.#deps.payloads.attach(plain);
    if (records !== undefined) return this.#handler.deliver(records === plain ? delivery : { ...delivery, records: runOf(records) });
    const waits = new Held();
    waits.deliveries.push(delivery);
    this.#held.set(delivery.partition, waits);
    void this.#work(delivery.partition, waits);
    return false;
  }

  /** Hands over what is kept, in the order in which it came. */
  async #work(partition: number, held: Held): Promise<void> {
    const { signal } = held.over;
    try {
      for (let delivery = held.deliveries[0]; delivery !== undefined; delivery = held.deliveries[0]) {
        const { topic } = delivery;
        const onWait = (waiting: Waiting): void => this.#waits(partition, held, topic, waiting);
        const records = await this.#deps.payloads.resolve([...delivery.records], { signal, onWait });
        if (signal.aborted) return;
        this.#goesOn(partition, held);
        held.deliveries.shift();
        const goOn = this.#handler.deliver({ ...delivery, records: runOf(records) });
        // The handler may have given it up just now.
        if (signal.aborted) return;
        if (held.deliveries.length === 0) this.#held.delete(partition);
        if (goOn) this.inner?.resume(topic, partition);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#drop(partition);
      this.#handler.failed(error as Error, partition);
    }
  }

  #waits(partition: number, held: Held, topic: string, { error, schema, attempt }: Waiting): void {
    if (held.why === undefined) this.#deps.onWaiting(1);
    held.why = `a record of ${topic} waits for ${schemaText(schema)}: ${error.message}`;
    if (performance.now() - held.warnedAtMs < WARNS_EVERY_MS) return;
    held.warnedAtMs = performance.now();
    this.#deps.log('warn', `partition ${partition} waits for the Schema Registry; trying again`, {
      partition,
      topic,
      schema: schemaText(schema),
      attempt,
      code: error.code,
      reason: error.message,
      hint: error.hint,
    });
  }

  #goesOn(partition: number, held: Held): void {
    if (held.why === undefined) return;
    held.why = undefined;
    this.#deps.onWaiting(-1);
    this.#deps.log('info', `partition ${partition} goes on: the Schema Registry answered`, { partition });
  }

  #keeps(topic: string, partition: number): boolean {
    return this.#held.get(partition)?.deliveries.some((delivery) => delivery.topic === topic) === true;
  }

  #drop(partition: number): void {
    const held = this.#held.get(partition);
    if (held === undefined) return;
    this.#held.delete(partition);
    held.over.abort();
    if (held.why !== undefined) this.#deps.onWaiting(-1);
  }

  #dropAll(): void {
    for (const partition of [...this.#held.keys()]) this.#drop(partition);
  }

  #silent(member: GroupMember): ReadonlyMap<number, string> {
    const silent = new Map(member.silent?.());
    for (const [partition, { why }] of this.#held) if (why !== undefined) silent.set(partition, why);
    return silent;
  }
}
