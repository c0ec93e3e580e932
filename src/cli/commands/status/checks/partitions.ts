/** Whether somebody works on every partition, and each has its state. */
import type { Config } from '../../../../config.js';
import type { TipstreamError } from '../../../../errors.js';
import type { DataOwner } from '../../../../store/directory/data-lock.js';
import type { WhyStopped } from '../../../../store/directory/stopped-partitions.js';
import { counted } from '../../../output/words.js';
import { nextCommand } from '../../../output/next-command.js';
import type { Check } from '../check.js';

export interface PartitionFacts {
  /** How many the topics have; undefined: neither the log nor the state says. */
  readonly partitions: number | undefined;
  /** Partitions whose state files can be read here. */
  readonly readable: readonly number[];
  /** partition -> why its file cannot be read, or is not there. */
  readonly unreadable: ReadonlyMap<number, TipstreamError>;
  readonly stopped: ReadonlyMap<number, WhyStopped>;
  /** partition -> why nothing of it comes to the process that runs here. */
  readonly silent: ReadonlyMap<number, string>;
  /** Whether a process runs workers on the directory. */
  readonly running: boolean;
  /** What that process, or one that was killed, says of itself. */
  readonly owner: DataOwner | undefined;
  /** Partitions that members of the group hold; undefined: it could not be asked. */
  readonly held: ReadonlySet<number> | undefined;
  /** Another log's, or what else makes the directory unreadable as a whole. */
  readonly refused?: TipstreamError | undefined;
}

export function partitionsCheck(config: Config, facts: PartitionFacts): Check {
  const { partitions, readable, unreadable, stopped, silent, running, held, refused } = facts;
  const owner = running ? facts.owner : undefined;
  const all = Array.from({ length: partitions ?? 0 }, (_, partition) => partition);
  const missing = all.filter((partition) => !readable.includes(partition) && !unreadable.has(partition));
  const nobodys = missing.filter((partition) => held?.has(partition) !== true);
  const numbers = {
    running,
    pid: owner?.pid ?? null,
    http: owner?.http ?? null,
    partitions: partitions ?? null,
    state_files: readable.length,
    partitions_missing: missing,
    partitions_elsewhere: held === undefined ? null : missing.filter((partition) => held.has(partition)),
    partitions_stopped: Object.fromEntries(stopped),
    partitions_silent: running ? Object.fromEntries(silent) : {},
    partitions_unreadable: Object.fromEntries([...unreadable].map(([partition, { code, message }]) => [partition, { code, message }])),
  };
  const check = (status: Check['status'], summary: string, next?: string): Check => ({
    name: 'partitions',
    status,
    summary,
    ...(next === undefined ? {} : { next: nextCommand(next, config) }),
    ...numbers,
  });

  if (refused !== undefined) return check('attention', `${refused.message} [${refused.code}]`, 'lag');
  const [stop] = [...stopped];
  if (stop !== undefined)
    return check('attention', `partition ${stop[0]} stopped${more(stopped.size)}: ${stop[1].message} [${stop[1].code}]`, 'lag');
  const [broken] = [...unreadable];
  if (broken !== undefined)
    return check(
      'attention',
      `${broken[1].message} [${broken[1].code}]${more(unreadable.size)}`,
      broken[1].code === 'state_incomplete' ? 'start' : 'lag',
    );
  const here =
    partitions === undefined ? counted(readable.length, 'state file') : `state of ${readable.length} of ${partitions} partitions`;
  if (!running) return check('attention', `${readable.length === 0 ? 'no state yet' : here}, and no process runs here`, 'start');
  const runs = `${owner === undefined ? 'a process' : `process ${owner.pid}`} runs${owner?.http == null ? '' : ` at ${owner.http}`}`;
  const [quiet] = [...silent];
  if (quiet !== undefined) return check('attention', `nothing comes of partition ${quiet[0]}${more(silent.size)}: ${quiet[1]}`, 'lag');
  if (missing.length > 0 && held === undefined) return check('could_not_tell', `${runs}; ${here}, and the group could not be asked`);
  if (nobodys.length > 0) return check('attention', `${runs}; nobody has ${listed(nobodys)}`, 'lag --topics');
  return check('ok', `${runs}; ${here}${missing.length === 0 ? '' : '; other members have the others'}`);
}

const more = (count: number) => (count > 1 ? ` (and ${count - 1} more)` : '');

function listed(partitions: readonly number[]): string {
  const [first, rest] = [partitions.slice(0, 5), partitions.length - 5];
  return `partition${partitions.length === 1 ? '' : 's'} ${first.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
