/** What the group coordinator knows of a group. */
import type { Holder } from '../port.js';
import type { Connection } from './connection.js';
import { decodeAssignment, decodeMember } from './co-partition.js';

const STABLE = 'Stable';
/** Partitions are being dealt out. */
const REBALANCING = ['PreparingRebalance', 'CompletingRebalance'];

/** partition -> committed next offset; partitions without one are absent. */
export function committedOffsets(connection: Connection, group: string, topic: string): Promise<ReadonlyMap<number, number>> {
  return connection.attempt(`fetch the committed offsets of ${group}`, async () => {
    const [answer] = await connection.admin.fetchOffsets({ groupId: group, topics: [topic] });
    const committed = (answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
    // -1 is none; kafkajs commits -1 or -2 when it resets an offset, which says no more.
    return new Map(committed.filter(([, offset]) => offset >= 0).toSorted(([a], [b]) => a - b));
  });
}

/** The member that asks. */
export interface Asking {
  readonly memberId: string | null;
  /** Full names. */
  readonly topics: readonly string[];
}

/** partition -> who was given it of these topics; undefined while the group rebalances. */
export function groupHolders(
  connection: Connection,
  group: string,
  { memberId: self, topics }: Asking,
): Promise<ReadonlyMap<number, Holder> | undefined> {
  return connection.attempt(`describe group ${group}`, async () => {
    const { groups } = await connection.admin.describeGroups([group]);
    const described = groups[0];
    if (described === undefined || REBALANCING.includes(described.state)) return undefined;
    const holders = new Map<number, Holder>();
    if (described.state !== STABLE) return holders;
    for (const { memberId, memberMetadata, memberAssignment } of described.members) {
      if (memberMetadata.length === 0) continue;
      const { address, topics: subscribed } = decodeMember(memberMetadata);
      const holder = { address, isSelf: memberId === self };
      for (const partition of partitionsOfTopics(decodeAssignment(memberAssignment), subscribed, topics)) holders.set(partition, holder);
    }
    return holders;
  });
}

/**
 * The partitions that a member has of these topics: of all that both subscribe to. During an upgrade that adds topics, one of the two
 * versions reads the topics of the other and more; members whose topics only overlap cannot share a partition.
 */
export function partitionsOfTopics(
  assignment: ReadonlyMap<string, readonly number[]>,
  subscribed: readonly string[],
  topics: readonly string[],
): readonly number[] {
  const shared = topics.filter((topic) => subscribed.includes(topic));
  const [first, ...rest] = shared;
  if (first === undefined || shared.length < Math.min(subscribed.length, topics.length)) return [];
  return (assignment.get(first) ?? []).filter((partition) => rest.every((topic) => assignment.get(topic)?.includes(partition) === true));
}
