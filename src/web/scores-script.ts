/** The newest decisions, and whether the shadow policy would have chosen the same tip. */
export const scoresScript = String.raw`
import { byId, element, emptyRow, number, pill, show, timeElement } from './dom.js';

export function showScores(scores, openProfile) {
  show(byId('scores'), scores, () =>
    (scores.length === 0 ? [emptyRow(7, 'No decision yet.')] : scores.map((score) => row(score, openProfile))));
}

function row(score, openProfile) {
  const user = element('button', { type: 'button', class: 'link', title: 'Show the profile' }, score.user_id);
  user.addEventListener('click', () => openProfile(score.user_id));
  return element('tr', {},
    element('td', { class: 'nowrap' }, timeElement(score.scored_at_ms)),
    element('td', { class: 'id' }, user),
    element('td', { class: 'nowrap' }, score.policy),
    element('td', { class: 'id', title: 'decision ' + score.decision_id }, score.chosen_tip_id),
    element('td', { class: 'id' }, ...shadow(score)),
    element('td', { class: 'nowrap' }, score.explored ? pill('wait', 'explored') : element('span', { class: 'muted' }, 'best')),
    element('td', { class: 'number' }, number(score.candidates)));
}

function shadow(score) {
  if (score.shadow_tip_id === null) return [element('span', { class: 'muted' }, 'none')];
  if (score.shadow_tip_id === score.chosen_tip_id) return [pill('good', 'agrees')];
  return [pill('', 'differs'), ' ', score.shadow_tip_id];
}
`;
