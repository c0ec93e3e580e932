/**
 * Who gets which partitions: partition p of every topic goes to the same member, members get equally many, and a member keeps what it has
 * where that is possible. A partition goes only to a member that subscribes to its topics.
 */
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

export interface Subscriber extends Claim {
  readonly topics: readonly string[];
  /** How many partitions its topics have. */
  readonly count: number;
}

/**
 * Members with the same topics share the partitions of these. Where sets of topics overlap, the largest is dealt out, and members with
 * another get nothing: else the partition of a user would be in two places, or in halves. Every member has an entry.
 */
export function dealAmongSubscribers(members: readonly Subscriber[]): Map<string, number[]> {
  const assigned = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  const dealt = new Set<string>();
  for (const { topics, subscribers } of setsOfTopics(members)) {
    if (topics.some((topic) => dealt.has(topic))) continue;
    for (const topic of topics) dealt.add(topic);
    const shares = assignPartitions(Math.max(...subscribers.map(({ count }) => count)), subscribers);
    for (const [memberId, share] of shares) assigned.set(memberId, share);
  }
  return assigned;
}

/** The largest first; of equal ones, in the order of their names. */
function setsOfTopics(members: readonly Subscriber[]): { readonly topics: readonly string[]; readonly subscribers: Subscriber[] }[] {
  const sets = new Map<string, { readonly topics: readonly string[]; readonly subscribers: Subscriber[] }>();
  for (const member of members) {
    const topics = [...new Set(member.topics)].sort();
    const name = topics.join(' ');
    const set = sets.get(name) ?? { topics, subscribers: [] };
    set.subscribers.push(member);
    sets.set(name, set);
  }
  return [...sets].sort(([a, x], [b, y]) => y.topics.length - x.topics.length || (a < b ? -1 : 1)).map(([, set]) => set);
}
