/** What the page of dead letters asks for and says, as its address has it. Pure. */
import type { RecordAddress } from '../../log/record-address.js';
import type { DeadLettersDocument, DeadLetterSummary, LetterGroup, WholeLetter } from '../../service/application.js';
import { count, counted } from '../format/numbers.js';
import type { RedriveChoice } from './redrive.js';

export interface LetterFilter {
  readonly topic?: string | undefined;
  readonly code?: string | undefined;
  /** As somebody typed it: the service reads it. */
  readonly since?: string | undefined;
  /** Rows. */
  readonly rows?: string | undefined;
}

const ROWS = 200;
export const MOST_ROWS = 10_000;

export function rowsIn(text: string | undefined): number {
  const rows = Number(text);
  return Number.isInteger(rows) && rows > ROWS ? Math.min(rows, MOST_ROWS) : ROWS;
}

export const moreRows = (rows: number): number => Math.min(MOST_ROWS, rows * 5);

export function listPath({ topic, code, since, rows }: LetterFilter): string {
  const query = { topic, code, since_ms: since, limit: String(rowsIn(rows)) };
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/v1/dead-letters?${new URLSearchParams(given).toString()}`;
}

/** TOPIC/PARTITION/OFFSET of the letter; of one that is in a file only, the name of the file. */
export function addressOf({ topic, partition, offset, kept }: DeadLetterSummary): string {
  return offset === null ? (kept?.record ?? topic) : `${topic}/${partition}/${offset}`;
}

/** Of the refused record; null: the letter does not say. */
export function sourceAddress({
  source_topic: topic,
  source_partition: partition,
  source_offset: offset,
}: DeadLetterSummary): RecordAddress | null {
  return topic === null || partition === null || offset === null ? null : { topic, partition, offset };
}

/** TOPIC/PARTITION/OFFSET, as a redrive names letters; topics have no slash. */
export function addressIn(text: string): RecordAddress {
  const [topic = '', partition, offset] = text.split('/');
  return { topic, partition: Number(partition), offset: Number(offset) };
}

export function keyText(key: DeadLetterSummary['key']): string {
  return key === null ? 'none' : typeof key === 'string' ? key : `base64 ${key.base64}`;
}

/** How many there are, of how much of the log, and what is not in it. */
export function sumText({ matching, letters, read, groups }: DeadLettersDocument): string {
  const all = groups.reduce((sum, { records }) => sum + records, 0);
  const known = read.is_whole ? '' : ' known';
  const what =
    matching === all
      ? `${counted(matching, `refused record${known}`, `refused records${known}`)}`
      : `${count(matching)} of ${counted(all, `refused record${known}`, `refused records${known}`)} match`;
  return letters.length < matching ? `${what}. The newest ${count(letters.length)} are shown.` : `${what}.`;
}

/** What the numbers leave out; none: nothing. */
export function unreadText({ read: { is_whole: isWhole, letters, unread, files_omitted: files } }: DeadLettersDocument): readonly string[] {
  if (isWhole) return [];
  const older = unread.reduce((sum, { low, from }) => sum + from - low, 0);
  const newer = unread.reduce((sum, { to, end }) => sum + end - to, 0);
  return [
    ...(older > 0
      ? [
          `The log holds older dead letters, at ${counted(older, 'offset')} that were not read: the newest ${count(letters)} are known. ` +
            '`npx tipstream dead-letters list` reads them all.',
        ]
      : []),
    ...(newer > 0 ? [`${counted(newer, 'newer offset was', 'newer offsets were')} not read in time: the next answer has them.`] : []),
    ...(files > 0 ? [`${counted(files, 'file of the folder dead-letters is', 'files of the folder dead-letters are')} left out.`] : []),
  ];
}

/** The codes of the groups of a topic, for a choice, with how many records each has; what is chosen is among them even without any. */
export function choices(
  groups: readonly LetterGroup[],
  of: 'topic' | 'code',
  chosen: string | undefined,
): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>(chosen === undefined ? [] : [[chosen, 0]]);
  for (const group of groups) {
    const name = group[of];
    if (name !== null) sums.set(name, (sums.get(name) ?? 0) + group.records);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What a redrive of the shown list takes. */
export function requestOf({ topic, code }: LetterFilter, { since_ms: since }: Pick<DeadLettersDocument, 'since_ms'>): RedriveChoice {
  return {
    ...(topic === undefined ? {} : { topic: topic as RedriveChoice['topic'] }),
    ...(code === undefined ? {} : { code }),
    ...(since === null ? {} : { since_ms: since }),
  };
}

export interface HeaderRow {
  /** A name may come several times. */
  readonly name: string;
  readonly at: number;
  readonly value: string;
}

export function headerRows(headers: WholeLetter['headers']): readonly HeaderRow[] {
  return Object.entries(headers).flatMap(([name, given]) =>
    (Array.isArray(given) ? (given as HeaderValue[]) : [given as HeaderValue]).map((value, at) => ({ name, at, value: headerText(value) })),
  );
}

type HeaderValue = DeadLetterSummary['key'];

const headerText = (value: HeaderValue): string => (value === null ? 'no value' : keyText(value));
