/** The profile search: a user's features as of a time, each as the API gives it and as a person reads it. */
export const profileScript = String.raw`
import { get } from './api.js';
import { byId, element, number, percent, problem, short } from './dom.js';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
let asked = 0;

export function startProfileSearch(onUnauthorized) {
  byId('profile-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void search(byId('user').value, byId('as-of').value.trim(), onUnauthorized);
  });
}

export function openProfile(userId) {
  byId('user').value = userId;
  byId('profile-form').requestSubmit();
  byId('user').focus({ preventScroll: true });
  byId('profile-heading').scrollIntoView({ block: 'center' });
}

async function search(userId, asOf, onUnauthorized) {
  const turn = ++asked;
  const place = byId('profile');
  let content;
  try {
    const query = asOf === '' ? '' : '?as_of_ms=' + encodeURIComponent(asOf);
    content = profile(await get('/v1/profiles/' + encodeURIComponent(userId.toWellFormed()) + query));
  } catch (error) {
    if (error.code === 'unauthorized') return onUnauthorized();
    content = [failure(error)];
  }
  if (turn === asked) place.replaceChildren(...content);
}

const USER_NOT_FOUND = 'A user is known while one of their events lies in the 30 days before the time asked for.';

function failure(error) {
  const { code, message } = error;
  if (code === 'user_not_found') return problem({ message, hint: error.hint ?? USER_NOT_FOUND });
  if (code === 'not_owner' && error.owner) return problem({ message, code, hint: 'Ask the process at ' + error.owner + '.' });
  return problem(error);
}

function profile(document) {
  const rows = Object.entries(document.features).map(([name, value]) => element('tr', {},
    element('th', { scope: 'row' }, name),
    element('td', { class: 'value' }, value === null ? element('span', { class: 'muted' }, 'null') : String(value)),
    element('td', { class: 'muted' }, reading(name, value))));
  const head = element('thead', {}, element('tr', {},
    element('th', { scope: 'col' }, 'Feature'),
    element('th', { scope: 'col', class: 'number' }, 'Value'),
    element('th', { scope: 'col' }, 'Reads as')));
  const applied = Object.entries(document.positions).map(([topic, partitions]) =>
    topic + ' ' + Object.entries(partitions).map(([partition, offset]) => '[' + partition + '] ' + number(offset)).join(', '));
  return [
    element('p', {}, element('b', {}, document.user_id), ' as of ', element('time', {}, new Date(document.as_of_ms).toISOString())),
    element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Features' },
      element('table', {}, head, element('tbody', {}, ...rows))),
    element('p', { class: 'facts' },
      'Feature set ' + document.feature_set + (applied.length === 0 ? '' : '. Next offsets: ' + applied.join('; '))),
  ];
}

function reading(name, value) {
  if (value === null) return 'empty';
  if (typeof value !== 'number') return '';
  if (name.includes('_rate_')) return percent(value);
  if (name.includes('_ms')) return duration(value);
  if (name === 'preferred_hour') return String(value).padStart(2, '0') + ':00 local';
  if (name === 'preferred_weekday') return WEEKDAYS[value] ?? '';
  return '';
}

function duration(ms) {
  if (ms < 1000) return short(ms) + ' ms';
  if (ms < 60000) return short(ms / 1000) + ' s';
  if (ms < 3600000) return short(ms / 60000) + ' min';
  return ms < 86400000 ? short(ms / 3600000) + ' h' : short(ms / 86400000) + ' d';
}
`;
