/** A user's rows against the replay: the tips, their time index, and the user's own row. */
import type { AuditedTip, AuditedUser } from '../store/queries/state-audit.js';
import type { Report, ReplayedAddress } from './difference.js';
import { naiveTip, type NaiveTip } from './naive-profile.js';
import { topicOf, type EventKind, type ReplayedEvent } from './replayed.js';

const COLUMNS: readonly (readonly [column: string, kind: EventKind, value: (tip: Omit<NaiveTip, 'tipId'>) => number | string | null])[] = [
  ['served_at_ms', 'served', (tip) => tip.served],
  ['served_category', 'served', (tip) => tip.category],
  ['done_at_ms', 'done', (tip) => tip.done],
  ['done_utc_offset_min', 'done', (tip) => tip.doneOffset],
  ['dismiss_at_ms', 'dismiss', (tip) => tip.dismiss],
  ['snooze_at_ms', 'snooze', (tip) => tip.snooze],
];

/** Reports every column that differs, rows too many and rows missing; answers the ids of tips with a difference. */
export function compareTips(tips: ReadonlyMap<string, readonly ReplayedEvent[]>, rows: readonly AuditedTip[], report: Report): Set<string> {
  const differing = new Set<string>();
  const byId = new Map(rows.map((row) => [row.tipId, row]));
  for (const row of rows) {
    if (tips.has(row.tipId)) continue;
    differing.add(row.tipId);
    report({ kind: 'tip', id: row.tipId, feature: 'row', live: timesOf(row), replayed: null });
  }
  for (const [tipId, events] of tips) {
    const row = byId.get(tipId);
    const replayed = naiveTip(tipId, events);
    if (row === undefined) {
      differing.add(tipId);
      report({ kind: 'tip', id: tipId, feature: 'row', live: null, replayed: timesOf(replayed), events: addressesOf(events) });
      continue;
    }
    for (const [column, kind, value] of COLUMNS) {
      if (value(row) === value(replayed)) continue;
      differing.add(tipId);
      report({
        kind: 'tip',
        id: tipId,
        feature: column,
        live: value(row),
        replayed: value(replayed),
        events: addressesOf(events.filter((event) => event.kind === kind)),
      });
    }
    const naming = events.filter(({ decisionId }) => decisionId !== null);
    if (row.linked !== naming.length > 0)
      report({ kind: 'tip', id: tipId, feature: 'linked', live: row.linked, replayed: naming.length > 0, events: addressesOf(naming) });
  }
  return differing;
}

/** The user's count of tips, which decides whether rows are looked for at all, and the time index of those that have one. */
export function compareUserRow(
  user: AuditedUser,
  tips: ReadonlyMap<string, readonly ReplayedEvent[]>,
  times: readonly { readonly atMs: number; readonly tipId: string }[],
  report: Report,
): void {
  if (user.tips !== tips.size) report({ kind: 'user', feature: 'tips', live: user.tips, replayed: tips.size });
  const expected = new Set<string>();
  if (user.timeIndexed) {
    for (const [tipId, events] of tips) {
      const { served, done, dismiss, snooze } = naiveTip(tipId, events);
      for (const at of [served, done, dismiss, snooze]) if (at !== null) expected.add(`${at} ${tipId}`);
    }
  }
  const behind = (tipId: string, atMs: number) => addressesOf((tips.get(tipId) ?? []).filter((event) => event.atMs === atMs));
  for (const { atMs, tipId } of times)
    if (!expected.delete(`${atMs} ${tipId}`)) report({ kind: 'time_index', id: tipId, feature: 'at_ms', live: atMs, replayed: null });
  for (const entry of expected) {
    const space = entry.indexOf(' ');
    const [atMs, tipId] = [Number(entry.slice(0, space)), entry.slice(space + 1)];
    report({ kind: 'time_index', id: tipId, feature: 'at_ms', live: null, replayed: atMs, events: behind(tipId, atMs) });
  }
}

export function addressesOf(events: readonly ReplayedEvent[]): ReplayedAddress[] {
  return events.map(({ kind, offset }) => ({ topic: topicOf(kind), offset }));
}

function timesOf(tip: Omit<NaiveTip, 'tipId'>): Record<string, number | string | null> {
  return Object.fromEntries(COLUMNS.map(([column, , value]) => [column, value(tip)]));
}
