/** The lag of the state in --data, and how another group stands. */
import { defaultGroup, type Config } from '../../../config.js';
import type { TipstreamError } from '../../../errors.js';
import { groupLag, holdersOf, withHolder, type GroupLagRow } from '../../../log/group-lag.js';
import type { LagRow } from '../../../log/lag.js';
import { LagHistory } from '../../../log/lag-history.js';
import type { GroupDescription, GroupMemberFacts, Log } from '../../../log/port.js';
import { lagRows } from '../../../log/read-lag.js';
import { isOwned } from '../../../store/directory/data-lock.js';
import { notedService } from '../../../store/directory/service-note.js';
import { silentPartitions } from '../../../store/directory/silent-partitions.js';
import { stoppedPartitions } from '../../../store/directory/stopped-partitions.js';
import { fullTopicName } from '../../../topics.js';
import { appliedPositions } from './applied-positions.js';
import { registryFor } from '../../state-source.js';

/** The group as whose member the service of this data directory runs, or would. */
export function ownGroup({ data, topicPrefix }: Config): string {
  return notedService(data)?.group ?? defaultGroup(topicPrefix);
}

export interface OwnLag {
  /** By topic and partition. */
  readonly rows: LagRow[];
  /** partition -> why its state file cannot be read. */
  readonly unreadable: ReadonlyMap<number, TipstreamError>;
}

export interface OwnLagOptions {
  /** Of earlier looks. */
  readonly history?: LagHistory;
  /** Whose commits are shown; ownGroup unless given. */
  readonly group?: string;
}

/**
 * Where the group seems to have gone beyond what is applied here, it looks twice: another member may have the partition now.
 * Throws state_mismatch, topic_not_found and log_unavailable.
 */
export async function readOwnLag(
  log: Log,
  config: Config,
  { history = new LagHistory(), group = ownGroup(config) }: OwnLagOptions = {},
): Promise<OwnLag> {
  const first = await lookOnce(log, config, history, group);
  const isBeyond = first.rows.some(({ applied_offset: applied, committed_offset: committed }) => (committed ?? 0) > (applied ?? Infinity));
  return log.kind === 'kafka' && isBeyond ? lookOnce(log, config, history, group) : first;
}

async function lookOnce(log: Log, config: Config, history: LagHistory, group: string): Promise<OwnLag> {
  const { applied, unreadable } = appliedPositions(config);
  const stopped = new Map([...stoppedPartitions(config.data)].map(([partition, { code, message }]) => [partition, `${message} (${code})`]));
  for (const [partition, { code, message }] of unreadable) stopped.set(partition, `${message} (${code})`);
  const topics = registryFor(config).topics.map((topic) => fullTopicName(config.topicPrefix, topic));
  const running = isOwned(config.data);
  const rows = await lagRows(log, {
    group,
    topics,
    applied,
    stopped,
    running,
    ...(running ? { silent: silentPartitions(config.data) } : {}),
    isShared: log.kind === 'kafka',
    nowMs: Date.now(),
    history,
  });
  return { rows, unreadable };
}

export interface NamedLag {
  readonly rows: readonly GroupLagRow[];
  readonly unreadable: ReadonlyMap<number, TipstreamError>;
  /** What the rows do not say. */
  readonly notes: readonly string[];
}

/** Of the group that was named: by what is applied where it is the group of this data directory, else by what it committed. */
export async function readNamedLag(log: Log, config: Config, history: LagHistory): Promise<NamedLag> {
  if (config.group !== ownGroup(config)) {
    const { rows, group, idle, gone } = await groupLag(log, { group: config.group, nowMs: Date.now(), history });
    return { rows, unreadable: new Map(), notes: [...notesOn(group, idle), ...gone.map((topic) => `${topic} does not exist any more`)] };
  }
  const { rows, unreadable } = await readOwnLag(log, config, { history });
  const group = await log.describeGroup(config.group);
  const holders = group === undefined ? new Map<string, never>() : holdersOf(group);
  const idle = (group?.members ?? []).filter(({ partitions }) => partitions.size === 0);
  return { rows: rows.map((row) => withHolder(row, holders)), unreadable, notes: group === undefined ? [] : notesOn(group, idle) };
}

function notesOn({ members, isRebalancing }: GroupDescription, idle: readonly GroupMemberFacts[]): string[] {
  if (members === null) return ['the log does not say who the members of the group are'];
  if (isRebalancing) return [`the group is dealing out its partitions among ${members.length} members`];
  return idle.map(({ memberId, clientId, host }) => `member ${memberId} (${clientId} at ${host}) has no partition`);
}
