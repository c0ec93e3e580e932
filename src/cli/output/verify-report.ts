/** What `verify` found, for a terminal of 80 columns: the differences, a table of the partitions, and the verdict as the last line. */
import type { Difference, EventAddress } from '../../verify/difference.js';
import type { PartitionRow } from '../../verify/partition-row.js';
import type { VerifyDocument } from '../../verify/verify.js';
import { printable } from './output.js';
import { counted, fitted } from './words.js';

const WIDTH = 80;
/** How many differences, and users that cannot be proven, a person reads. */
const LISTED = 20;
/** Of what stands before the addresses of events. */
const INDENT = 12;

/** Each line without its line end. */
export function differenceLines({ differences, difference_count: count }: VerifyDocument): string[] {
  const lines = differences.slice(0, LISTED).flatMap(linesOf);
  if (count > LISTED) lines.push(`and ${number(count - LISTED)} more differences: --json lists the first ${number(differences.length)}`);
  return lines;
}

export function unprovenLines({ unproven_users: users, unproven_count: count }: VerifyDocument): string[] {
  const lines = users
    .slice(0, LISTED)
    .map(({ user_id: user, partition, topics }) =>
      fitted(`${printable(user)}: cannot be proven, because partition ${partition} has lost events of ${topics.join(', ')}`, WIDTH),
    );
  if (count > LISTED)
    lines.push(`and ${number(count - LISTED)} more users who cannot be proven: --json lists the first ${number(users.length)}`);
  return lines;
}

export const PARTITION_HEADINGS = ['PARTITION', 'RECORDS', 'EVENTS', 'USERS', 'RESULT'] as const;

export function partitionCells(row: PartitionRow): (string | number)[] {
  const counts = row.result === 'missing' ? ['-', '-', '-'] : [row.records, row.events, row.verified_users].map(number);
  return [row.partition, ...counts, resultOf(row)];
}

function resultOf({
  result,
  difference_count: differences,
  differing_users: users,
  unproven_count: unproven,
  could_not_tell: untold,
}: PartitionRow): string {
  switch (result) {
    case 'equal':
      return 'equal';
    case 'differs':
      return `differs: ${counted(differences, 'difference')}${users > 0 ? ` of ${counted(users, 'user')}` : ''}`;
    case 'unproven':
      return doubtOf(unproven, untold);
    case 'missing':
      return 'no state file here';
  }
}

export function verdictLine(document: VerifyDocument): string {
  const { equal, difference_count: differences, differing_users: users, partitions_missing: missing, unproven_count: unproven } = document;
  if (differences > 0) return `differs: ${counted(differences, 'difference')}, ${counted(users, 'user')}`;
  const here = document.partitions.length - missing.length;
  if (!equal) return `cannot tell: nothing is proven of ${missing.length} of ${counted(document.partitions.length, 'partition')}`;
  const what =
    document.sample === null ? counted(document.verified_users, 'user') : `a sample of ${counted(document.verified_users, 'user')}`;
  const where = missing.length === 0 ? counted(here, 'partition') : `${here} of ${counted(document.partitions.length, 'partition')}`;
  const untold = document.partitions.reduce((sum, { could_not_tell: items }) => sum + items, 0);
  const doubt = unproven + untold === 0 ? '' : `; ${doubtOf(unproven, untold)}`;
  return `equal: ${what}, ${where}, as of ${new Date(document.as_of_ms).toISOString()}${doubt}`;
}

function doubtOf(users: number, items: number): string {
  const parts = [users === 0 ? [] : [counted(users, 'user')], items === 0 ? [] : [counted(items, users === 0 ? 'item' : 'other item')]];
  return `cannot tell of ${parts.flat().join(' and ')}`;
}

function linesOf({ user_id: user, partition, kind, id, feature, live, replayed, events, events_total: total }: Difference): string[] {
  const whose = user === null ? `partition ${partition}` : printable(user);
  const what = [kind, ...(id === null ? [] : [printable(id)]), printable(feature)].join(' ');
  const behind = events.length === 0 ? [] : [`    events  ${addressesOf(events, total)}`];
  return [`${whose}: ${what}`, `    state   ${shown(live)}`, `    replay  ${shown(replayed)}`, ...behind].map((line) =>
    fitted(line, WIDTH),
  );
}

/** As many as fit beside how many more there are. */
function addressesOf(events: readonly EventAddress[], total: number): string {
  const addresses = events.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`);
  const text = (shown: number): string => addresses.slice(0, shown).join(' ') + (total > shown ? ` and ${number(total - shown)} more` : '');
  let shown = 1;
  while (shown < addresses.length && text(shown + 1).length <= WIDTH - INDENT) shown++;
  return text(shown);
}

function shown(value: unknown): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));
}

function number(value: number): string {
  return value.toLocaleString('en');
}
