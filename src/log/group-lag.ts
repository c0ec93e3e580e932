/**
 * How any consumer group stands, by the offsets that it committed: a row for each partition that it committed an offset for or was given,
 * with the member that has it. What a group applied, only its own state could tell.
 */
import { TipstreamError } from '../errors.js';
import { lagRow, type LagRow, type LagVerdict, type OffsetsSeen } from './lag.js';
import type { LagHistory } from './lag-history.js';
import type { GroupDescription, GroupMemberFacts, Log } from './port.js';
import { oldestOf, type LagLog } from './read-lag.js';

/** What is asked of the log. */
export type GroupLog = LagLog & Pick<Log, 'describeGroup'>;

/** Who has a partition; null where nobody has, or it is not known who. */
export interface HolderOfRow {
  readonly member_id: string | null;
  readonly client_id: string | null;
  readonly host: string | null;
}

/** As a row of ours, but that nothing is known of a member that has committed nothing. */
export type GroupLagRow = Omit<LagRow, 'lag_records'> & HolderOfRow & { readonly lag_records: number | null };

export interface GroupLag {
  /** By topic and partition. */
  readonly rows: readonly GroupLagRow[];
  readonly group: GroupDescription;
  /** Members that have no partition. */
  readonly idle: readonly GroupMemberFacts[];
  /** Topics that it committed offsets for and that do not exist any more. */
  readonly gone: readonly string[];
}

export interface GroupLagOptions {
  readonly group: string;
  readonly nowMs: number;
  /** Of earlier looks, which this one is added to. */
  readonly history?: LagHistory | undefined;
}

const NOBODY: HolderOfRow = { member_id: null, client_id: null, host: null };

/** Where a member that has committed nothing begins, is its own affair. */
const UNKNOWN_LAG = { lag_records: null, lag_seconds: null, catch_up_seconds: null };

/** Throws group_not_found, log_unavailable and log_failed. */
export async function groupLag(log: GroupLog, options: GroupLagOptions): Promise<GroupLag> {
  const group = await describedGroup(log, options.group);
  const holders = holdersOf(group);
  const topics = [...new Set([...group.committed.keys(), ...[...holders.keys()].map((place) => place.slice(0, place.lastIndexOf('/')))])];
  const gone: string[] = [];
  const perTopic = await Promise.all(
    topics.sort().map(async (topic) => {
      try {
        return await rowsOf(log, { options, topic, group, holders });
      } catch (error) {
        if (!(error instanceof TipstreamError) || error.code !== 'topic_not_found') throw error;
        gone.push(topic);
        return [];
      }
    }),
  );
  return { rows: perTopic.flat(), group, idle: (group.members ?? []).filter(({ partitions }) => partitions.size === 0), gone };
}

/** topic/partition -> the member that has it. */
export function holdersOf({ members }: GroupDescription): ReadonlyMap<string, HolderOfRow> {
  return new Map(
    (members ?? []).flatMap(({ memberId, clientId, host, partitions }) =>
      [...partitions].flatMap(([topic, numbers]) =>
        numbers.map((partition) => [`${topic}/${partition}`, { member_id: memberId, client_id: clientId, host }] as const),
      ),
    ),
  );
}

/** Who has the partition of a row of ours. */
export function withHolder(row: LagRow, holders: ReadonlyMap<string, HolderOfRow>): GroupLagRow {
  return { ...row, ...(holders.get(`${row.topic}/${row.partition}`) ?? NOBODY) };
}

async function describedGroup(log: GroupLog, name: string): Promise<GroupDescription> {
  const group = await log.describeGroup(name);
  if (group !== undefined) return group;
  throw new TipstreamError('group_not_found', `the log knows no consumer group ${JSON.stringify(name)}`, {
    hint: 'Check the name: a group is known once a member has joined it or an offset was committed.',
    details: { group: name },
  });
}

interface OfTopic {
  readonly options: GroupLagOptions;
  readonly topic: string;
  readonly group: GroupDescription;
  readonly holders: ReadonlyMap<string, HolderOfRow>;
}

async function rowsOf(log: GroupLog, { options, topic, group, holders }: OfTopic): Promise<GroupLagRow[]> {
  const committed = group.committed.get(topic) ?? new Map<number, number>();
  // The high watermark first: a transaction is open when readers stop before what was there already.
  const highWatermarks = await log.highWatermarks(topic);
  const ranges = await log.offsets(topic);
  const partitions = [...ranges].filter(([partition]) => committed.has(partition) || holders.has(`${topic}/${partition}`));
  return Promise.all(
    partitions
      .sort(([a], [b]) => a - b)
      .map(async ([partition, { low, end }]) => {
        const position = committed.get(partition) ?? null;
        const now: OffsetsSeen = {
          atMs: options.nowMs,
          applied: position,
          committed: position,
          low,
          lastStable: end,
          highWatermark: Math.max(end, highWatermarks.get(partition) ?? end),
        };
        const holder = holders.get(`${topic}/${partition}`);
        const row = lagRow({
          nowMs: options.nowMs,
          group: options.group,
          topic,
          partition,
          seen: options.history?.add(topic, partition, now) ?? [now],
          ...(position === null ? { oldestMs: null } : await oldestOf(log, topic, partition, now)),
          by: 'committed',
          unread: holder === undefined ? unreadBecause(group) : undefined,
          running: true,
        });
        return { ...row, ...(holder ?? NOBODY), ...(position === null ? UNKNOWN_LAG : {}) };
      }),
  );
}

/** Of a partition that no member has; undefined where it cannot be known who reads it. */
function unreadBecause({ members, isRebalancing }: GroupDescription): LagVerdict | undefined {
  if (members === null || isRebalancing) return undefined;
  if (members.length === 0)
    return { status: 'stop', rule: 'the group has no members', reason: 'Nobody reads it: the group has no members.' };
  return { status: 'unassigned', rule: 'no member of the group has the partition', reason: 'No member of the group reads it.' };
}
