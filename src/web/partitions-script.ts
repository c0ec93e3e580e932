/** The table of partitions: state, lag and positions; below a stopped one, why and what to do. */
export const partitionsScript = String.raw`
import { byId, element, emptyRow, number, pill, show } from './dom.js';

const KINDS = { running: 'good', restoring: 'wait', stopped: 'bad' };

export function showPartitions(partitions) {
  show(byId('partitions'), partitions, () =>
    (partitions.length === 0 ? [emptyRow(4, 'No partition is assigned to this process.')] : partitions.flatMap(rows)));
}

function rows(partition) {
  const row = element('tr', { class: partition.error === null ? undefined : 'explained' },
    element('th', { scope: 'row' }, partition.partition),
    element('td', {}, pill(KINDS[partition.state] ?? '', partition.state)),
    element('td', { class: 'number' }, number(partition.lag_records)),
    element('td', {}, offsets(partition.positions)));
  return partition.error === null ? [row] : [row, explanation(partition.error)];
}

function offsets(positions) {
  const list = Object.entries(positions).map(([topic, offset]) => element('span', {}, topic + ' ', element('b', {}, number(offset))));
  return list.length === 0 ? element('span', { class: 'muted' }, 'nothing applied yet') : element('div', { class: 'offsets' }, ...list);
}

function explanation(error) {
  const box = element('div', { class: 'error' }, element('p', {}, element('b', {}, error.code), ': ' + error.message));
  if (error.hint) box.append(element('p', {}, error.hint));
  return element('tr', { class: 'explains' }, element('td', { colspan: 4 }, box));
}
`;
