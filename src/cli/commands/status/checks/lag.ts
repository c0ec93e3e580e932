/** What waits, by the rules of `lag`. */
import type { Config } from '../../../../config.js';
import { LAG_STATUSES, NOT_RUNNING, type LagRow } from '../../../../log/lag.js';
import { counted } from '../../../output/words.js';
import { nextCommand } from '../../../output/next-command.js';
import type { Check } from '../check.js';
import { secondsText } from '../../../../log/seconds-text.js';

/** `held`: the partitions that members of the group hold: of those that are not assigned here, others know the lag. */
export function lagCheck(config: Config, rows: readonly LagRow[], held: ReadonlySet<number>): Check {
  const ours = rows.filter(({ status, partition }) => status !== 'unassigned' || !held.has(partition));
  // That nothing runs or has run is said of the partitions; here it matters where something waits.
  const isIdle = ({ rule, status }: LagRow) => rule === NOT_RUNNING || status === 'unassigned';
  const judged = ours.filter((row) => !isIdle(row) || row.lag_records > 0);
  const rank = ({ status }: LagRow) => LAG_STATUSES.indexOf(status);
  const [worst] = judged.toSorted((a, b) => rank(a) - rank(b) || b.lag_records - a.lag_records);
  const records = ours.reduce((sum, { lag_records: lag }) => sum + lag, 0);
  const ages = ours.flatMap(({ lag_records: lag, lag_seconds: age }) => (lag === 0 || age === null ? [] : [age]));
  const isUnknown = ours.some(({ lag_records: lag, lag_seconds: age }) => lag > 0 && age === null);
  const seconds = records === 0 ? 0 : ages.length === 0 ? null : Math.max(...ages);
  const age = seconds === null ? 'of unknown age' : `the oldest${isUnknown ? ' known' : ''} ${secondsText(seconds)} old`;
  const waits = records === 0 ? 'nothing waits' : `${counted(records, 'record waits', 'records wait')}, ${age}`;
  const numbers = {
    lag_records: records,
    lag_seconds: seconds,
    worst:
      worst === undefined
        ? null
        : { status: worst.status, topic: worst.topic, partition: worst.partition, rule: worst.rule, reason: worst.reason },
  };
  if (worst === undefined || worst.status === 'ok')
    return { name: 'lag', status: 'ok', summary: `${waits}${records === 0 ? '' : `: ${worst!.rule}`}`, ...numbers };
  const where = `${worst.status.toUpperCase()} ${worst.topic}/${worst.partition}`;
  const next = nextCommand(isIdle(worst) ? 'start' : 'lag --topics', config);
  return { name: 'lag', status: 'attention', summary: `${waits}; ${where}: ${worst.rule}`, next, ...numbers };
}
