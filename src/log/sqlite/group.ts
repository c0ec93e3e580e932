/**
 * One consumer group within this process: who its members are and which partitions each owns. Partition p of every topic goes to the
 * same member; members own consecutive partitions, in the order in which they joined, and a rebalance moves no others.
 */
import { TipstreamError } from '../../errors.js';
import type { Holder } from '../port.js';
import type { Topic } from './topic-table.js';

export interface Assignee {
  readonly address: string | undefined;
  assign(partition: number): void;
  revoke(partition: number): void;
}

export class Group {
  readonly #partitions: number;
  readonly #owners = new Map<number, Assignee>();
  #members: readonly Assignee[] = [];
  #isBalancing = false;
  #mustBalanceAgain = false;

  /** @throws invalid_argument unless all topics have the same number of partitions */
  constructor(
    readonly name: string,
    private readonly topics: readonly Topic[],
    private readonly whenEmpty: () => void,
  ) {
    const counts = new Set(topics.map((topic) => topic.partitions));
    if (counts.size !== 1) {
      throw new TipstreamError('invalid_argument', `group ${name} cannot read topics of different partition counts`, {
        hint: 'Give topics that are read together the same number of partitions.',
        details: { group: name, partitions: Object.fromEntries(topics.map((topic) => [topic.name, topic.partitions])) },
      });
    }
    this.#partitions = topics[0]!.partitions;
  }

  checkTopics(topics: readonly Topic[]): void {
    const names = (of: readonly Topic[]) =>
      of
        .map((topic) => topic.name)
        .sort()
        .join(' ');
    if (names(topics) === names(this.topics)) return;
    throw new TipstreamError('invalid_argument', `group ${this.name} reads other topics`, {
      hint: 'Choose another group: all members of a group read the same topics.',
      details: { group: this.name, topics: this.topics.map((topic) => topic.name) },
    });
  }

  join(member: Assignee): void {
    this.#members = [...this.#members, member];
    this.#balance();
  }

  leave(member: Assignee): void {
    this.#members = this.#members.filter((each) => each !== member);
    this.#balance();
    if (this.#members.length === 0) this.whenEmpty();
  }

  /** partition -> address, of the members that have one. */
  owners(): Map<number, string> {
    const addresses = new Map<number, string>();
    for (const [partition, { address }] of this.#owners) if (address !== undefined) addresses.set(partition, address);
    return addresses;
  }

  /** As `member` sees them. */
  holders(member: Assignee): Map<number, Holder> {
    return new Map(
      [...this.#owners].map(([partition, owner]) => [partition, { address: owner.address ?? null, isSelf: owner === member }]),
    );
  }

  /** A member may leave while it is being told of its partitions; then what it got is dealt out again. */
  #balance(): void {
    this.#mustBalanceAgain = true;
    if (this.#isBalancing) return;
    this.#isBalancing = true;
    while (this.#mustBalanceAgain) {
      this.#mustBalanceAgain = false;
      this.#deal(assignRanges(this.#partitions, this.#members));
    }
    this.#isBalancing = false;
  }

  /** Takes everything away before it gives anything. */
  #deal(wanted: readonly (Assignee | undefined)[]): void {
    for (const [partition, owner] of [...this.#owners]) {
      if (wanted[partition] === owner) continue;
      this.#owners.delete(partition);
      owner.revoke(partition);
    }
    for (const [partition, member] of wanted.entries()) {
      if (member === undefined || this.#owners.has(partition)) continue;
      this.#owners.set(partition, member);
      member.assign(partition);
    }
  }
}

/** The member for each partition: the first members get one more when the partitions do not divide evenly. */
export function assignRanges<Member>(partitions: number, members: readonly Member[]): (Member | undefined)[] {
  if (members.length === 0) return new Array<undefined>(partitions).fill(undefined);
  const [each, more] = [Math.floor(partitions / members.length), partitions % members.length];
  return members.flatMap((member, index) => new Array<Member>(each + (index < more ? 1 : 0)).fill(member));
}
