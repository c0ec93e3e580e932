/**
 * A table whose rows are patched by their keys, so that focus, selection and scroll position stay while it refreshes. It is sorted by its
 * headings, with the order in the address, and of a long one only the rows in sight are in the document.
 */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useNavigation } from '../state/location.js';
import { useKeptFocus } from './kept-focus.js';
import { nextSorting, sorted, sortingIn, type SortValue } from './sorting.js';
import { WHOLE_UP_TO, windowOfRows } from './window-of-rows.js';

export interface Column<Row> {
  readonly name: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly kind?: 'number' | 'id' | 'nowrap' | 'why';
  /** Given: the table can be sorted by it. */
  readonly sortBy?: (row: Row) => SortValue;
  /** Names the row for those who hear it. */
  readonly isHeader?: boolean;
}

export interface DataTableProps<Row> {
  /** What it is a table of, for those who hear it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** In place of rows when there are none. */
  readonly empty: ComponentChildren;
  /** Where the order is in the address; absent: the rows stay in theirs. */
  readonly sortParameter?: string;
  /** Scrolls inside itself. */
  readonly isTall?: boolean;
}

const GUESSED_ROW_HEIGHT = 33;

export function DataTable<Row>({ label, columns, rows, keyOf, empty, sortParameter, isTall = false }: DataTableProps<Row>) {
  const { address } = useNavigation();
  const body = useRef<HTMLTableSectionElement>(null);
  const sorting =
    sortParameter === undefined
      ? undefined
      : sortingIn(
          address.query[sortParameter],
          columns.map(({ name }) => name),
        );
  const ordered = useMemo(() => {
    const sortBy = columns.find(({ name }) => name === sorting?.column)?.sortBy;
    return sorting === undefined || sortBy === undefined ? rows : sorted(rows, sortBy, sorting.isDown);
  }, [rows, sorting?.column, sorting?.isDown]);
  const isLong = ordered.length > WHOLE_UP_TO;
  const { scroller, shown, above, below } = useWindow(ordered.length, body);
  useKeptFocus(body);
  return (
    <div
      ref={scroller}
      class={`scroll${isTall || isLong ? ' tall' : ''}${isLong ? ' long' : ''}`}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table aria-rowcount={isLong ? ordered.length + 1 : undefined}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.name} column={column} sortParameter={sortParameter} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {above > 0 ? <Space key="above" columns={columns.length} height={above} /> : null}
          {ordered.slice(shown.from, shown.to).map((row, index) => (
            <tr key={`row ${keyOf(row)}`} aria-rowindex={isLong ? shown.from + index + 2 : undefined}>
              {columns.map((column) => (
                <Cell key={column.name} column={column} row={row} />
              ))}
            </tr>
          ))}
          {below > 0 ? <Space key="below" columns={columns.length} height={below} /> : null}
          {rows.length === 0 ? (
            <tr key="none">
              <td class="none" colSpan={columns.length}>
                {empty}
              </td>
            </tr>
          ) : null}
        </tbody>
      </table>
    </div>
  );
}

function Heading<Row>({ column, sortParameter }: { readonly column: Column<Row>; readonly sortParameter: string | undefined }) {
  const { address, change } = useNavigation();
  const named = column.kind === 'number' ? 'number' : undefined;
  if (sortParameter === undefined || column.sortBy === undefined)
    return (
      <th scope="col" class={named}>
        {column.title}
      </th>
    );
  const sorting = sortingIn(address.query[sortParameter], [column.name]);
  const next = nextSorting(sorting, column.name, column.kind === 'number');
  return (
    <th scope="col" class={named} aria-sort={sorting === undefined ? undefined : sorting.isDown ? 'descending' : 'ascending'}>
      <button type="button" class="sort" onClick={() => change({ [sortParameter]: next })}>
        {column.title}
        <span aria-hidden="true">{sorting === undefined ? '' : sorting.isDown ? ' ↓' : ' ↑'}</span>
      </button>
    </th>
  );
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }) {
  const content = column.cell(row);
  return column.isHeader ? (
    <th scope="row" class={column.kind}>
      {content}
    </th>
  ) : (
    <td class={column.kind}>{content}</td>
  );
}

function Space({ columns, height }: { readonly columns: number; readonly height: number }) {
  return (
    <tr aria-hidden="true" class="space">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

/** Follows what is in sight of the scrolled element. */
function useWindow(rows: number, body: { readonly current: HTMLTableSectionElement | null }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ scrollTop: 0, height: 600, rowHeight: GUESSED_ROW_HEIGHT });
  const isLong = rows > WHOLE_UP_TO;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || !isLong) return;
    const look = () => {
      const rowHeight = body.current?.querySelector('tr:not(.space)')?.getBoundingClientRect().height ?? GUESSED_ROW_HEIGHT;
      setSight((before) => {
        const now = { scrollTop: element.scrollTop, height: element.clientHeight, rowHeight: rowHeight || before.rowHeight };
        const isSame = now.scrollTop === before.scrollTop && now.height === before.height && now.rowHeight === before.rowHeight;
        return isSame ? before : now;
      });
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      sizes.disconnect();
    };
  }, [isLong]);
  const shown = isLong ? windowOfRows({ rows, ...sight }) : { from: 0, to: rows };
  return { scroller, shown, above: shown.from * sight.rowHeight, below: isLong ? (rows - shown.to) * sight.rowHeight : 0 };
}
