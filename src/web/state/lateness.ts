/** What an answer about lateness is of, in a sentence. */
import type { DataQualityDocument } from '../../service/application.js';
import { counted } from '../format/numbers.js';

export function readText({ partitions, lateness }: Pick<DataQualityDocument, 'partitions' | 'lateness'>): string {
  if (partitions.length === 0) return 'No partition is held here, so nothing was looked at. Another member of the group may hold them all.';
  const of = partitions.length === 1 ? `partition ${partitions[0]}` : `the ${partitions.length} partitions held here`;
  const text = `Of the newest records of ${of}.`;
  const parts = lateness.flatMap(({ topic, read }) => {
    const unread = read.partitions.reduce((sum, { to, end }) => sum + end - to, 0);
    return unread === 0 ? [] : [`${topic} at ${counted(unread, 'offset')}`];
  });
  return parts.length === 0 ? text : `${text} Not read in time: ${parts.join(', ')}.`;
}
