/** What the group coordinator knows of a group. */
import type { Connection } from './connection.js';
import { decodeAssignment, decodeMember } from './co-partition.js';

/** partition -> committed next offset; partitions without one are absent. */
export function committedOffsets(connection: Connection, group: string, topic: string): Promise<ReadonlyMap<number, number>> {
  return connection.attempt(`fetch the committed offsets of ${group}`, async () => {
    const [answer] = await connection.admin.fetchOffsets({ groupId: group, topics: [topic] });
    const committed = (answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
    // -1 is none; kafkajs commits -1 or -2 when it resets an offset, which says no more.
    return new Map(committed.filter(([, offset]) => offset >= 0).toSorted(([a], [b]) => a - b));
  });
}

/** partition -> address that its member published; empty while the group rebalances. */
export function groupOwners(connection: Connection, group: string): Promise<ReadonlyMap<number, string>> {
  return connection.attempt(`describe group ${group}`, async () => {
    const { groups } = await connection.admin.describeGroups([group]);
    const owners = new Map<number, string>();
    for (const { memberMetadata, memberAssignment } of groups[0]?.members ?? []) {
      if (memberMetadata.length === 0) continue;
      const { address } = decodeMember(memberMetadata);
      if (address !== null) for (const partition of decodeAssignment(memberAssignment)) owners.set(partition, address);
    }
    return owners;
  });
}
