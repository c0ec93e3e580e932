/**
 * The group's assigner (deal.ts says who gets what), and what its members tell each other. Each member publishes its address and its
 * partitions in its metadata, where the leader and `owners()` find them.
 */
import kafkajs, { type Assigner } from 'kafkajs';
import { dealAmongSubscribers, type Subscriber } from './deal.js';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const NAME = 'tipstream-co-partition';
const VERSION = 1;

export interface MemberState {
  readonly address: string | null;
  readonly partitions: readonly number[];
  /** How many partitions its topics have; 0 of a member that does not say. */
  readonly count: number;
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
    assign({ members, topics: ownTopics }) {
      const own = new Map(ownTopics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
      const subscribers = members.map(({ memberId, memberMetadata }): Subscriber => {
        const { topics, partitions, count } = decodeMember(memberMetadata);
        // The leader knows its own topics alone; of others each member says how many partitions they have.
        return { memberId, topics, partitions, count: Math.max(count, ...topics.map((topic) => own.get(topic) ?? 0)) };
      });
      const assigned = dealAmongSubscribers(subscribers);
      onAssign(assigned);
      return Promise.resolve(
        subscribers.map(({ memberId, topics }) => {
          const assignment = Object.fromEntries(topics.map((topic) => [topic, assigned.get(memberId)!]));
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
    const { address, partitions, count } = JSON.parse((decoded?.userData ?? Buffer.alloc(0)).toString('utf8')) as Partial<MemberState>;
    return {
      topics,
      address: typeof address === 'string' ? address : null,
      partitions: Array.isArray(partitions) ? partitions.filter(Number.isInteger) : [],
      count: Number.isInteger(count) ? count! : 0,
    };
  } catch {
    return { topics, address: null, partitions: [], count: 0 };
  }
}

/** topic -> the partitions of it that the leader gave a member. */
export function decodeAssignment(bytes: Buffer): ReadonlyMap<string, readonly number[]> {
  const decoded = bytes.length === 0 ? null : MemberAssignment.decode(bytes);
  return new Map(Object.entries(decoded?.assignment ?? {}));
}
