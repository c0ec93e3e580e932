/** What is listed of letters: one row for each refused record, newest first, a page of them, and how many there are of each kind. Pure. */
import { TipstreamError } from '../errors.js';
import type { ConsumedTopic } from '../topics.js';
import type { KeptLetter, ReadPart } from './newest-letters.js';
import { sourceOf, type DeadLetterSummary } from './summary.js';

export interface LetterQuery {
  /** The input; absent: all. */
  readonly topic?: ConsumedTopic | undefined;
  readonly code?: string | undefined;
  /** Unix ms: those that failed then or later. */
  readonly sinceMs?: number | undefined;
  /** Rows. */
  readonly limit: number;
  /** Of the answer before: the rows behind it. */
  readonly cursor?: string | undefined;
}

/** Of one topic and code. */
export interface LetterGroup {
  /** The input that refused the records. */
  readonly topic: ConsumedTopic;
  readonly code: string | null;
  /** Refused records. */
  readonly records: number;
  /** Unix ms. */
  readonly oldest_failed_at_ms: number;
  readonly newest_failed_at_ms: number;
}

export interface LetterList {
  /** Newest first. */
  readonly letters: readonly DeadLetterSummary[];
  /** Where the next ones begin; null: there are none. */
  readonly next_cursor: string | null;
  /** Rows that the filters let through, on whatever page. */
  readonly matching: number;
  /** Those that failed then or later, Unix ms; null: whenever they did. */
  readonly since_ms: number | null;
  /** Of everything since then, whatever topic and code were asked for; the greatest first. */
  readonly groups: readonly LetterGroup[];
}

/** Dead letters of the whole log, as far as they have been read. */
export interface DeadLettersDocument extends LetterList {
  /** job_id of the redrive that runs in this service, a dry run too; null: none does. */
  readonly running_redrive: string | null;
  readonly read: {
    /** Whether the log has no others. */
    readonly is_whole: boolean;
    /** How many are known, those of one record counted each. */
    readonly letters: number;
    /** Partitions that were read in part: letters from `from` to `to` are known, of `low` to `end`. */
    readonly unread: readonly ReadPart[];
    /** Files of the folder dead-letters that were left out. */
    readonly files_omitted: number;
  };
}

interface Row {
  readonly summary: DeadLetterSummary;
  readonly failedAtMs: number;
  /** Orders rows of one moment. */
  readonly place: string;
  repeated: number;
}

const OFFSET_DIGITS = 16;

/** Letters come partition after partition, ascending by offset: of several of one record the first is the row. Throws invalid_argument. */
export function listLetters(letters: Iterable<KeptLetter>, { topic, code, sinceMs, limit, cursor }: LetterQuery): LetterList {
  const groups = new Groups();
  const rows = new Map<string, Row>();
  for (const { input, summary, failedAtMs } of letters) {
    if (sinceMs !== undefined && failedAtMs < sinceMs) continue;
    const place = placeOf(summary);
    const identity = sourceOf(summary) ?? place;
    groups.add(input, summary.code, identity, failedAtMs);
    if ((topic !== undefined && input !== topic) || (code !== undefined && summary.code !== code)) continue;
    const row = rows.get(identity);
    if (row === undefined) rows.set(identity, { summary, failedAtMs, place, repeated: 0 });
    else if (summary.offset !== null) row.repeated++;
  }
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const ordered = [...rows.values()].filter((row) => after === undefined || compare(after, row) < 0).sort(compare);
  const page = ordered.slice(0, limit);
  return {
    letters: page.map(({ summary, repeated }) => (repeated === 0 ? summary : { ...summary, repeated })),
    next_cursor: ordered.length > limit ? writeCursor(page.at(-1)!) : null,
    matching: rows.size,
    since_ms: sinceMs ?? null,
    groups: groups.list(),
  };
}

class Groups {
  readonly #groups = new Map<string, { topic: ConsumedTopic; code: string | null; records: Set<string>; oldest: number; newest: number }>();

  add(topic: ConsumedTopic, code: string | null, identity: string, failedAtMs: number): void {
    const key = `${topic} ${code}`;
    const group = this.#groups.get(key) ?? { topic, code, records: new Set<string>(), oldest: failedAtMs, newest: failedAtMs };
    this.#groups.set(key, group);
    group.records.add(identity);
    group.oldest = Math.min(group.oldest, failedAtMs);
    group.newest = Math.max(group.newest, failedAtMs);
  }

  list(): LetterGroup[] {
    return [...this.#groups.values()]
      .map(({ topic, code, records, oldest, newest }) => ({
        topic,
        code,
        records: records.size,
        oldest_failed_at_ms: oldest,
        newest_failed_at_ms: newest,
      }))
      .sort((a, b) => b.records - a.records || (`${a.topic} ${a.code}` < `${b.topic} ${b.code}` ? -1 : 1));
  }
}

function placeOf({ topic, partition, offset, kept }: DeadLetterSummary): string {
  return offset === null ? `${kept?.record}` : `${topic}/${partition}/${String(offset).padStart(OFFSET_DIGITS, '0')}`;
}

type Order = Pick<Row, 'failedAtMs' | 'place'>;

/** Newest first. */
function compare(a: Order, b: Order): number {
  return b.failedAtMs - a.failedAtMs || (a.place < b.place ? 1 : a.place > b.place ? -1 : 0);
}

function writeCursor({ failedAtMs, place }: Order): string {
  return Buffer.from(JSON.stringify([failedAtMs, place])).toString('base64url');
}

function readCursor(text: string): Order {
  try {
    const [failedAtMs, place] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (typeof failedAtMs === 'number' && typeof place === 'string') return { failedAtMs, place };
  } catch {
    // said below
  }
  throw new TipstreamError('invalid_argument', 'cursor: is none that an answer of this address gave', {
    hint: 'Give next_cursor of the answer before as it is, or leave cursor out to begin with the newest.',
  });
}
