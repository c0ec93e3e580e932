/** /admin/policies: the page without data, and the script that fills it from GET /v1/policies; its prompts are in prompts-script.ts. */
import { htmlPage } from './html-page.js';

export const policiesMarkup = htmlPage(
  {
    title: 'tipstream: policies',
    script: 'policies',
    heading: '<a href="/">tipstream</a>: policies',
    status: '  <p id="about" class="about"></p>',
    dataAt: '/v1/policies and /v1/prompts',
  },
  `<main id="content">
  <section class="card" aria-labelledby="policies-heading">
    <h2 id="policies-heading">Who is live</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="policies-heading">
      <table>
        <thead><tr><th scope="col">Policy</th><th scope="col" class="number">Live for</th><th scope="col">Shadow</th>
          <th scope="col" class="number">Decisions</th><th scope="col" class="number">Rewarded</th>
          <th scope="col">Mean reward</th><th scope="col">Hyperparameters</th></tr></thead>
        <tbody id="policies"></tbody>
      </table>
    </div>
    <p id="counted" class="hint"></p>
  </section>
  <section class="card" aria-labelledby="prompts-heading">
    <h2 id="prompts-heading">Prompt versions</h2>
    <div id="compare" class="compare" hidden><label for="against">Compared with</label><select id="against"></select></div>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="prompts-heading">
      <table>
        <thead><tr><th scope="col">Version</th><th scope="col" class="number">Served</th><th scope="col" class="number">Rewarded</th>
          <th scope="col">Mean reward</th><th scope="col">Missing as 0</th>
          <th scope="col" id="less-reward">Mean less the reference</th>
          <th scope="col" id="less-zero">Missing as 0 less the reference</th></tr></thead>
        <tbody id="prompts"></tbody>
      </table>
    </div>
    <div id="prompts-note" class="hint"></div>
  </section>
  <section class="card" aria-labelledby="history-heading">
    <h2 id="history-heading">History</h2>
    <div class="scroll tall" tabindex="0" role="region" aria-labelledby="history-heading">
      <table>
        <thead><tr><th scope="col">From</th><th scope="col">What</th><th scope="col">Policy</th>
          <th scope="col" class="number">Percent</th><th scope="col">Reason</th></tr></thead>
        <tbody id="history"></tbody>
      </table>
    </div>
  </section>
  <section class="card" aria-labelledby="cards-heading">
    <h2 id="cards-heading">Model cards</h2>
    <div id="cards"></div>
  </section>
</main>`,
);

export const policiesScript = String.raw`
import { get } from './api.js';
import { byId, element, emptyRow, number, percent, problem, show, timeElement } from './dom.js';
import { refreshPrompts } from './prompts.js';

const EVERY_MS = 5000;

async function refresh() {
  try {
    fill(await get('/v1/policies'));
    byId('notice').hidden = true;
  } catch (error) {
    byId('notice').hidden = false;
    byId('notice').replaceChildren(problem(error));
    if (error.code === 'unauthorized') byId('notice').append(element('a', { href: '/' }, 'Give the token on the first page, in this tab.'));
  }
  setTimeout(refresh, EVERY_MS);
}

function fill({ policies, settings, history, counted_at_ms: countedAtMs }) {
  const { epsilon, shadow, shadow_learning: learning } = settings;
  byId('about').textContent =
    'epsilon ' + epsilon + (shadow === null ? ', no shadow' : ', shadow ' + shadow + (learning ? ' (learning)' : ''));
  show(byId('policies'), policies.map(({ card, ...rest }) => rest), (rows) => rows.map(row));
  byId('counted').replaceChildren('Decisions and rewards were counted at ', timeElement(countedAtMs),
    ', and are again at most once a second: less often the longer it takes.');
  show(byId('history'), history, (events) => (events.length === 0 ? [emptyRow(5, 'Nothing was promoted yet.')] : events.map(event)));
  show(byId('cards'), policies.map(({ policy, card }) => [policy, card]), (cards) => cards.map(([policy, card]) =>
    element('details', {}, element('summary', {}, policy), card === null
      ? element('p', { class: 'hint' }, 'This installation has no card: tipstream policies card ' + policy)
      : element('pre', { class: 'scroll' }, card))));
}

const row = (one) => element('tr', {},
  element('th', { scope: 'row' }, one.policy),
  element('td', { class: 'number' }, one.live_percent === 0 ? '' : percent(one.live_percent / 100)),
  element('td', {}, one.shadow ? 'yes' : ''),
  element('td', { class: 'number' }, number(one.decisions)),
  element('td', { class: 'number' }, number(one.rewarded)),
  element('td', {}, one.mean_reward === null ? '' : estimate(one.mean_reward)),
  element('td', {}, Object.entries(one.hyperparameters).map(([name, value]) => name + ' ' + value).join(', ')));

const estimate = ({ mean, low, high }) => percent(mean) + ' (' + percent(low) + ' to ' + percent(high) + ')';

const EFFECTS = { repeats: ', a repeat', taken_back: ', taken back', nothing: ', changes nothing' };

const event = (one) => element('tr', {},
  element('td', {}, timeElement(one.effective_at_ms)),
  element('td', {}, (one.undo ? 'undo ' : '') + one.type + (EFFECTS[one.effect] || '')),
  element('td', {}, one.policy
    ? one.policy + (one.from ? ' from ' + one.from : '') + (one.train_from_replay ? ', trained' : '')
    : one.settings ? JSON.stringify(one.settings) : ''),
  element('td', { class: 'number' }, one.percent ?? ''),
  element('td', { class: 'why' }, one.reason ?? ''));

async function refreshPromptsAgain() {
  await refreshPrompts();
  setTimeout(refreshPromptsAgain, EVERY_MS);
}

refresh();
refreshPromptsAgain();
`;
