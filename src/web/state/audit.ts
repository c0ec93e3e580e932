/** What the page of changes asks for and says, as its address has it. Pure. */
import type { AuditDocument, TrailEntry } from '../../service/application.js';

export interface AuditFilter {
  readonly actor?: string | undefined;
  /** The first word of actions. */
  readonly action?: string | undefined;
  /** As somebody typed it: the service reads it. */
  readonly since?: string | undefined;
  readonly rows?: string | undefined;
}

/** The first word of an action -> what it is about. */
export const ACTIONS: Readonly<Record<string, string>> = {
  policy: 'policies',
  events: 'events appended',
  dead_letters: 'dead letters',
  profile: 'rebuilds of one user',
  state: 'rebuilds of all',
  topics: 'topics',
  user: 'users forgotten',
};

const ROWS = 100;
export const MOST_ROWS = 1_000;

export function rowsIn(text: string | undefined): number {
  return text === String(MOST_ROWS) ? MOST_ROWS : ROWS;
}

export function auditPath({ actor, action, since, rows }: AuditFilter): string {
  const query = { actor, action, since_ms: since, last: String(rowsIn(rows)) };
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/v1/audit?${new URLSearchParams(given).toString()}`;
}

export function whoText({ kind, name, host }: TrailEntry['actor']): string {
  if (kind === 'command') return `${name ?? 'somebody'}${host == null ? '' : ` on ${host}`}`;
  if (kind === 'loopback') return 'somebody on this machine';
  return name ?? kind;
}

/** How, in words: by a token of which role, by a command. */
export function byText({ kind, role }: TrailEntry['actor']): string {
  const of = role == null ? '' : `, role ${role}`;
  return { token: `token${of}`, loopback: `HTTP without a token${of}`, command: 'command', service: 'the service itself' }[kind];
}

/** Why it was refused or failed, else the details that the entry has, each as name and value. */
export function moreText({ error, details }: TrailEntry): string {
  if (error != null) return `${error.message} (${error.code})`;
  return Object.entries(details ?? {})
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}

/** What the rows leave out; none: nothing. */
export function leftOutText({ more, complete, unreadable }: AuditDocument, shown: number): readonly string[] {
  return [
    ...(complete ? [] : ['Older entries were not read in time. `npx tipstream audit` reads them all.']),
    ...(complete && more ? [`The newest ${shown} are shown. There are older ones.`] : []),
    ...(unreadable > 0 ? [`${unreadable} records of the topic are no entries: something else than tipstream wrote them.`] : []),
  ];
}
