/**
 * The group's assigner: partition p of every topic goes to the same member, members get equally many, and a member keeps what
 * it has where that is possible. Each member publishes its address and its partitions in its metadata, where the leader and
 * `owners()` find them.
 */
import kafkajs, { type Assigner, type GroupMember } from 'kafkajs';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const NAME = 'tipstream-co-partition';
const VERSION = 1;

export interface MemberState {
  readonly address: string | null;
  readonly partitions: readonly number[];
}

export interface Claim {
  readonly memberId: string;
  /** What it had before, as it says. */
  readonly partitions: readonly number[];
}

/**
 * Partitions 0 to `count - 1` over the members: as even as possible, with as little movement as that allows. The same answer
 * for the same input, whatever the members' order.
 */
export function assignPartitions(count: number, claims: readonly Claim[]): Map<string, number[]> {
  const members = claims.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const assigned = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  const free = new Set(Array.from({ length: count }, (_, partition) => partition));
  const least = Math.floor(count / members.length);
  /** How many members may have one more than the least. */
  let larger = count % members.length;
  // Those with the most keep the larger shares, or a partition would move for nothing.
  for (const { memberId, partitions } of members.toSorted((a, b) => b.partitions.length - a.partitions.length)) {
    const share = assigned.get(memberId)!;
    for (const partition of partitions) {
      if (share.length >= least + (larger > 0 ? 1 : 0)) break;
      if (free.delete(partition)) share.push(partition);
    }
    if (share.length > least) larger--;
  }
  for (const partition of free) {
    const shares = [...assigned.values()];
    const smallest = shares.reduce((a, b) => (b.length < a.length ? b : a));
    smallest.push(partition);
  }
  for (const share of assigned.values()) share.sort((a, b) => a - b);
  return assigned;
}

interface ClusterMetadata {
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
}

/**
 * @param state this member's, asked for whenever it joins
 * @param onJoin called, synchronously, whenever a join begins: from then on its partitions may go to another member
 * @param onAssign called, synchronously, in the leader alone, with everybody's partitions before anybody else knows them
 */
export function coPartitionAssigner(
  state: () => MemberState,
  onJoin: () => void,
  onAssign: (assigned: ReadonlyMap<string, readonly number[]>) => void,
) {
  return ({ cluster }: { cluster: ClusterMetadata }): Assigner => ({
    name: NAME,
    version: VERSION,
    protocol({ topics }) {
      onJoin();
      return { name: NAME, metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(state())) }) };
    },
    assign({ members, topics }) {
      const counts = new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
      const metadata = new Map(members.map(({ memberId, memberMetadata }) => [memberId, decodeMember(memberMetadata)]));
      const claims = members.map(({ memberId }) => ({ memberId, partitions: metadata.get(memberId)!.partitions }));
      const assigned = assignPartitions(Math.max(...counts.values()), claims);
      onAssign(assigned);
      return Promise.resolve(
        members.map(({ memberId }: GroupMember) => {
          const subscribed = metadata.get(memberId)!.topics.filter((topic) => counts.has(topic));
          const assignment = Object.fromEntries(
            subscribed.map((topic) => [topic, assigned.get(memberId)!.filter((partition) => partition < counts.get(topic)!)]),
          );
          return { memberId, memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) }) };
        }),
      );
    },
  });
}

/** What a member published when it joined; a stranger's metadata reads as a member without address and partitions. */
export function decodeMember(bytes: Buffer): MemberState & { readonly topics: readonly string[] } {
  const decoded = MemberMetadata.decode(bytes);
  const topics = decoded?.topics ?? [];
  try {
    const { address, partitions } = JSON.parse((decoded?.userData ?? Buffer.alloc(0)).toString('utf8')) as Partial<MemberState>;
    return {
      topics,
      address: typeof address === 'string' ? address : null,
      partitions: Array.isArray(partitions) ? partitions.filter(Number.isInteger) : [],
    };
  } catch {
    return { topics, address: null, partitions: [] };
  }
}

/** The partitions that the leader gave a member. */
export function decodeAssignment(bytes: Buffer): number[] {
  const decoded = bytes.length === 0 ? null : MemberAssignment.decode(bytes);
  return [...new Set(Object.values(decoded?.assignment ?? {}).flat())];
}
