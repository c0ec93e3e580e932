/**
 * Whether every partition of the topics has an owner in the group. A member that is given nothing looks idle, and so it is, as long as
 * somebody else has what it has not: a partition that nobody was given is read by nobody, and no other sign of that would be seen.
 */
import type { Logger } from 'pino';
import { TipstreamError } from '../errors.js';
import type { Holder } from '../log/port.js';
import { pause } from '../back-off.js';

export interface OwnershipDeps {
  readonly group: string;
  readonly logger: Logger;
  /** How many partitions the topics have. */
  readonly partitionCount: () => number;
  /** undefined: partitions are being dealt out at this moment. */
  readonly holders: () => Promise<ReadonlyMap<number, Holder> | undefined>;
}

/** Longer than a rebalance takes. */
const DEALT_WITHIN_MS = 25_000;
const LOOKS_AGAIN_MS = 500;

export class GroupOwnership {
  readonly #deps: OwnershipDeps;
  #holders: ReadonlyMap<number, Holder> | undefined;

  constructor(deps: OwnershipDeps) {
    this.#deps = deps;
  }

  /** Whether the group has told who owns what, since it was joined. */
  get isKnown(): boolean {
    return this.#holders !== undefined;
  }

  /** Partitions that nobody reads, ascending, as of the last look; none before the first. */
  get unowned(): readonly number[] {
    const holders = this.#holders;
    if (holders === undefined) return [];
    return Array.from({ length: this.#deps.partitionCount() }, (_, partition) => partition).filter((partition) => !holders.has(partition));
  }

  /** Asks the group, and says when a partition has lost its last owner, or all have one again. Throws log_unavailable. */
  async look(): Promise<void> {
    const { group, logger, holders } = this.#deps;
    const before = this.unowned;
    this.#holders = (await holders()) ?? this.#holders;
    const now = this.unowned;
    if (before.join() === now.join()) return;
    if (now.length === 0) return logger.info({ group }, 'every partition has an owner again');
    const error = noOwner(now, group);
    logger.error({ group, partitions: now, code: error.code, hint: error.hint }, error.message);
  }

  /** Resolves when every partition has an owner. Throws not_ready when some have none for longer than a rebalance takes. */
  async untilOwned(check: () => void): Promise<void> {
    const deadlineMs = performance.now() + DEALT_WITHIN_MS;
    for (;;) {
      check();
      await this.look();
      const { unowned } = this;
      if (this.isKnown && unowned.length === 0) return;
      if (performance.now() > deadlineMs) throw noOwner(unowned, this.#deps.group);
      await pause(LOOKS_AGAIN_MS);
    }
  }

  /** Says which partitions other members hold: nothing is known here of how far they have come. */
  sayElsewhere(): void {
    const { group, logger } = this.#deps;
    const elsewhere = [...(this.#holders ?? [])].filter(([, { isSelf }]) => !isSelf).sort(([a], [b]) => a - b);
    if (elsewhere.length === 0) return;
    const owners = Object.fromEntries(elsewhere.map(([partition, { address }]) => [partition, address]));
    const numbers = elsewhere.map(([partition]) => partition);
    logger.warn(
      { group, partitions: numbers, owners },
      `caught up with the partitions held here; other members of the group hold ${named(numbers)} and catch up by themselves`,
    );
  }
}

/** As an error and in a log line. */
export function noOwner(partitions: readonly number[], group: string): TipstreamError {
  const which = partitions.length === 0 ? 'the partitions' : named(partitions);
  return new TipstreamError('not_ready', `nobody reads ${which}: no member of the group ${group} was given ${them(partitions)}`, {
    hint:
      'A member with other topics, of another program or of an older version shares the group and deals out its partitions. ' +
      'Give this service a group of its own with --group, or stop that member.',
    details: { group, partitions },
  });
}

function them(partitions: readonly number[]): string {
  return partitions.length === 1 ? 'it' : 'them';
}

/** `partition 3`, `partitions 0, 2 and 5` */
function named(partitions: readonly number[]): string {
  const last = partitions.at(-1)!;
  return partitions.length === 1 ? `partition ${last}` : `partitions ${partitions.slice(0, -1).join(', ')} and ${last}`;
}
