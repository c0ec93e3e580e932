/** The lag table: what is not ok comes first, then by topic and partition as the service lists them. */
export const lagScript = String.raw`
import { byId, element, emptyRow, number, pill, problem, short, show } from './dom.js';

const KINDS = { ok: 'good', warn: 'wait', held: 'wait', stall: 'bad', stop: 'bad', rewind: 'bad', unassigned: '' };
const URGENCY = { stop: 0, rewind: 1, stall: 2, held: 3, warn: 4, unassigned: 5, ok: 6 };

export function showLag(rows) {
  const sorted = [...rows].sort((a, b) => (URGENCY[a.status] ?? 0) - (URGENCY[b.status] ?? 0));
  const records = rows.reduce((sum, row) => sum + row.lag_records, 0);
  const seconds = rows.reduce((most, row) => Math.max(most, row.lag_seconds ?? 0), 0);
  const notApplied = rows.some((row) => row.applied_offset !== row.high_watermark);
  byId('lag-summary').textContent = records === 0 && !notApplied
    ? 'Everything in the log has been applied.'
    : number(records) + ' records behind, the oldest ' + short(seconds) + ' s old.';
  show(byId('lag'), sorted, () => (sorted.length === 0 ? [emptyRow(9, 'No topic is read.')] : sorted.map(row)));
}

export function showLagProblem(error) {
  byId('lag-summary').replaceChildren(problem(error));
}

function row(lag) {
  return element('tr', {},
    element('th', { scope: 'row' }, lag.topic),
    element('td', { class: 'number' }, lag.partition),
    element('td', {}, pill(KINDS[lag.status] ?? '', lag.status)),
    element('td', { class: 'number' }, number(lag.lag_records)),
    element('td', { class: 'number' }, lag.lag_seconds === null ? 'unknown' : short(lag.lag_seconds)),
    element('td', { class: 'number' }, offset(lag.applied_offset)),
    element('td', { class: 'number' }, offset(lag.committed_offset)),
    element('td', { class: 'number' }, number(lag.log_end_offset)),
    element('td', { class: 'why' }, lag.reason));
}

const offset = (value) => (value === null ? 'none' : number(value));
`;
