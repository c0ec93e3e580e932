/** Why the service is not ready, one sentence each. */
import type { PartitionStatus, ServiceStatus } from './application.js';

type HealthFacts = Pick<ServiceStatus, 'group' | 'partitions' | 'partitions_unowned' | 'log_reachable' | 'log_silent_ms'>;

/** What is wrong; empty when nothing is, and while the service starts. */
export function troubles(health: HealthFacts): string[] {
  const { group, partitions, partitions_unowned: unowned, log_reachable: reachable, log_silent_ms: silentMs } = health;
  const found = partitions.flatMap(troubleOf);
  if (!reachable) found.push(`the log has not answered for ${Math.round(silentMs / 1000)} s`);
  if (unowned.length > 0)
    found.push(`no member of the group ${group} was given partition${unowned.length === 1 ? '' : 's'} ${unowned.join(', ')}`);
  return found;
}

function troubleOf({ partition, state, error, lag_records: lag, silent }: PartitionStatus): string[] {
  if (state === 'restoring') return [`partition ${partition} is restoring, ${lag} records to go`];
  if (state === 'stopped') return [`partition ${partition} stopped${error === null ? '' : ` (${error.code})`}`];
  return silent === null ? [] : [`nothing comes of partition ${partition}: ${silent}`];
}
