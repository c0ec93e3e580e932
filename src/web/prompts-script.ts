/** The prompt versions on /admin/policies, from GET /v1/prompts: the rewards of each, and how it differs from the one that is chosen. */
export const promptsScript = String.raw`
import { get } from './api.js';
import { byId, element, emptyRow, number, percent, pill, problem, show, timeElement } from './dom.js';

/** What the others are compared with; null: as the service has it. */
let against = null;
let asked = 0;

export async function refreshPrompts() {
  const turn = ++asked;
  try {
    const answer = await get('/v1/prompts' + (against === null ? '' : '?against=' + encodeURIComponent(against)));
    if (turn === asked) fill(answer);
  } catch (error) {
    if (turn !== asked) return;
    if (error.code === 'prompt_not_found' && against !== null) {
      against = null;
      return refreshPrompts();
    }
    if (error.code === 'unauthorized') return; // said above
    byId('prompts-note').replaceChildren(error.code === 'not_ready' ? error.message + '. ' + (error.hint ?? '') : problem(error));
  }
}

byId('against').addEventListener('change', () => {
  against = byId('against').value;
  void refreshPrompts();
});

function fill({ against: base, alpha, prompts, counted_at_ms: countedAtMs }) {
  const named = prompts.map((one) => one.prompt_version).filter((version) => version !== null);
  byId('compare').hidden = named.length < 2;
  show(byId('against'), named.filter(isAskable), (versions) =>
    versions.map((version) => element('option', { value: version }, shown(version))));
  if (base !== null && byId('against').value !== base) byId('against').value = base;
  const less = base === null ? 'the reference' : shown(base);
  byId('less-reward').textContent = 'Mean less ' + less;
  byId('less-zero').textContent = 'Missing as 0 less ' + less;
  show(byId('prompts'), [base, prompts], () => (prompts.length === 0 ? [emptyRow(7, NOTHING)] : prompts.map((one) => row(one, base))));
  byId('prompts-note').replaceChildren(
    'Counted at ', timeElement(countedAtMs), ', and again at most once a second: less often the longer it takes. ' +
      'The intervals hold with ' + percent(1 - alpha) + ', those of the differences together. ' +
      (prompts.length === 0 ? '' : advice(named)));
}

const NOTHING =
  'No decision was served yet under its decision_id. ' +
  'Put the decision_id and the prompt_version that POST /generate answers into tip.served: they are counted here from then on.';

function advice(named) {
  if (named.length === 0)
    return 'No serving names a version: put the prompt_version that POST /generate answers, or a name of your own, into tip.served.';
  if (named.length === 1) return 'Only one version was served: with several in --tip-prompt-version, chance chooses between them.';
  return "A difference is the prompt's doing only where chance chose the version.";
}

const shown = (version) => (version === null ? '(none)' : version === '' ? '(empty)' : version);

/** Half of a surrogate pair, which a name may have, cannot be in an address. */
function isAskable(version) {
  try {
    return encodeURIComponent(version) !== null;
  } catch {
    return false;
  }
}

const row = (one, base) => element('tr', {},
  element('th', { scope: 'row' }, shown(one.prompt_version)),
  element('td', { class: 'number' }, number(one.served)),
  element('td', { class: 'number' }, number(one.rewarded)),
  element('td', { class: 'nowrap' }, ...estimate(one.reward)),
  element('td', { class: 'nowrap' }, ...estimate(one.missing_as_zero)),
  ...(one.difference !== null
    ? [one.difference.reward, one.difference.missing_as_zero].map((each) => element('td', {}, ...difference(each)))
    : ['', ''].map(() =>
      element('td', { class: 'muted' }, one.prompt_version !== null && one.prompt_version === base ? 'the reference' : ''))));

const estimate = ({ mean, low, high }) =>
  (mean === null ? ['none yet'] : [percent(mean) + ' (' + percent(low) + ' to ' + percent(high) + ')']);

const signed = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2, signDisplay: 'exceptZero' });
const points = (share) => signed.format(share * 100);

function difference({ mean, low, high }) {
  if (mean === null) return ['none yet'];
  const text = points(mean) + ' points (' + points(low) + ' to ' + points(high) + ') ';
  return low > 0 ? [text, pill('good', 'surely more')] : high < 0 ? [text, pill('bad', 'surely less')] : [text];
}
`;
