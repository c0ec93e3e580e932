/** What the group coordinator knows of a group. */
import type { GroupDescription, GroupMemberFacts, Holder } from '../port.js';
import type { MemberDescription } from 'kafkajs';
import type { Connection } from './connection.js';
import { DESCRIBED_WITHIN_MS, retrying } from './retry.js';
import { decodeAssignment, decodeMember } from './co-partition.js';

const STABLE = 'Stable';
const DEAD = 'Dead';
/** What members of consumer groups call their protocol; others, as Connect's, say otherwise what each has. */
const CONSUMER = 'consumer';
/** Partitions are being dealt out. */
const REBALANCING = ['PreparingRebalance', 'CompletingRebalance'];

/** Again while a coordinator is being found: a broker that has just started, or that has given the group to another, is none yet. */
function asking<T>(connection: Connection, action: string, ask: () => Promise<T>): Promise<T> {
  return connection.attempt(action, () => retrying(ask, { withinMs: DESCRIBED_WITHIN_MS }));
}

/** partition -> committed next offset; partitions without one are absent. */
export function committedOffsets(connection: Connection, group: string, topic: string): Promise<ReadonlyMap<number, number>> {
  return asking(connection, `fetch the committed offsets of ${group}`, async () => {
    const [answer] = await connection.admin.fetchOffsets({ groupId: group, topics: [topic] });
    const committed = (answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
    // -1 is none; kafkajs commits -1 or -2 when it resets an offset, which says no more.
    return new Map(committed.filter(([, offset]) => offset >= 0).toSorted(([a], [b]) => a - b));
  });
}

/**
 * A group of whatever program. The broker calls a group that it does not know dead; so it calls those of Kafka's newer protocol of
 * consumer groups (KIP-848), whose members kafkajs cannot ask for: they are in its list of groups all the same.
 */
export function describeGroup(connection: Connection, group: string): Promise<GroupDescription | undefined> {
  return asking(connection, `describe group ${group}`, async () => {
    const { admin } = connection;
    const [described] = (await admin.describeGroups([group])).groups;
    const offsets = await admin.fetchOffsets({ groupId: group });
    const committed = new Map(
      offsets
        .map(({ topic, partitions }) => [topic, new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]))] as const)
        .map(([topic, ends]) => [topic, new Map([...ends].filter(([, offset]) => offset >= 0))] as const)
        .filter(([, ends]) => ends.size > 0),
    );
    if (described === undefined || described.state === DEAD) {
      const isListed = committed.size > 0 || (await admin.listGroups()).groups.some(({ groupId }) => groupId === group);
      return isListed ? { committed, members: null, isRebalancing: false } : undefined;
    }
    const isReadable = described.members.length === 0 || described.protocolType === CONSUMER;
    return {
      committed,
      members: isReadable ? described.members.map(memberFacts) : null,
      isRebalancing: REBALANCING.includes(described.state),
    };
  });
}

function memberFacts({ memberId, clientId, clientHost: host, memberAssignment }: MemberDescription): GroupMemberFacts {
  const partitions = [...decodeAssignment(memberAssignment)].filter(([, numbers]) => numbers.length > 0);
  return { memberId, clientId, host, partitions: new Map(partitions) };
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
