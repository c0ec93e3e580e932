/** To a record of the log, named as the commands name it: TOPIC/PARTITION/OFFSET. */
import type { RecordAddress } from '../../log/record-address.js';
import { pathTo } from '../state/address.js';
import { Link } from './link.js';

export const recordPath = ({ topic, partition, offset }: RecordAddress): string =>
  pathTo('/admin/events/{topic}/{partition}/{offset}', { topic, partition, offset });

const textOf = ({ topic, partition, offset }: RecordAddress): string => `${topic}/${partition}/${offset}`;

/** Without a record, `instead` says why there is none. */
export function RecordLink({ record, instead }: { readonly record: RecordAddress | null; readonly instead: string }) {
  if (record === null) return <span class="muted">{instead}</span>;
  return (
    <Link to={recordPath(record)} class="nowrap">
      {textOf(record)}
    </Link>
  );
}

/** To the view of a record in a topic of dead letters. */
export function DeadLetterLink({ letter: { topic, partition, offset } }: { readonly letter: RecordAddress }) {
  return (
    <Link to={pathTo('/admin/dead-letters/{topic}/{partition}/{offset}', { topic, partition, offset })} class="nowrap">
      {textOf({ topic, partition, offset })}
    </Link>
  );
}
