/** The first columns of a table of topics: which, and how many of its records were looked at. */
import { count } from '../../format/numbers.js';
import type { Column } from '../../view/data-table.js';
import { Pill } from '../../view/small.js';

interface LookedAt {
  readonly topic: string;
  readonly records: number;
  readonly read: { readonly is_whole: boolean };
}

export const LOOKED_AT: readonly Column<LookedAt>[] = [
  { name: 'topic', title: 'Topic', isHeader: true, cell: ({ topic }) => topic },
  {
    name: 'records',
    title: 'Looked at',
    kind: 'number',
    cell: ({ records, read }) => (
      <>
        {read.is_whole ? null : <Pill tone="wait">in part</Pill>} {count(records)}
      </>
    ),
  },
];
