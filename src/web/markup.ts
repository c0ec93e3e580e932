/** The page without data: headings, empty tables, two forms. Scripts fill it; the ids are what they look for. */
import { htmlPage } from './html-page.js';

const STATUS = `  <p id="state" class="pill" role="status">Connecting</p>
  <p id="about" class="about"></p>
  <p id="updated" class="updated"></p>`;

export const markup = htmlPage(
  { title: 'tipstream', script: 'main', heading: 'tipstream', status: STATUS, dataAt: '/v1/status and /v1/lag' },
  `
<main id="gate" class="gate" hidden>
  <form id="token-form" class="card">
    <h2>Token</h2>
    <p>This service was started with a token. It stays in this tab until the tab is closed.</p>
    <label for="token">Token</label>
    <div class="row">
      <input id="token" type="password" autocomplete="off" spellcheck="false" required aria-describedby="token-error">
      <button type="submit">Open</button>
    </div>
    <p id="token-error" class="problem" role="alert"></p>
  </form>
</main>

<main id="content">
  <section aria-label="Counters">
    <dl class="tiles">
      <div title="Valid events of producers (candidates, served, feedback) and controls, since the state files were made.
        Decisions that were read back are not counted."><dt>Events applied</dt><dd id="applied">&ndash;</dd></div>
      <div><dt>Users</dt><dd id="users">&ndash;</dd></div>
      <div><dt>Rejected</dt><dd id="rejected">&ndash;</dd></div>
      <div><dt>Decisions</dt><dd id="decisions">&ndash;</dd></div>
      <div><dt>Shadow agreement</dt><dd id="agreement">&ndash;</dd><dd id="agreement-of" class="of"></dd></div>
    </dl>
  </section>

  <div class="pair">
    <section class="card" aria-labelledby="partitions-heading">
      <h2 id="partitions-heading">Partitions</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="partitions-heading">
        <table>
          <thead><tr><th scope="col">#</th><th scope="col">State</th>
            <th scope="col" class="number">Lag</th><th scope="col">Next offsets</th></tr></thead>
          <tbody id="partitions"></tbody>
        </table>
      </div>
    </section>

    <section class="card" aria-labelledby="profile-heading">
      <h2 id="profile-heading">Profile</h2>
      <form id="profile-form" class="search">
        <div><label for="user">User id</label><input id="user" required maxlength="256" autocomplete="off" spellcheck="false"></div>
        <div><label for="as-of">As of</label>
          <input id="as-of" autocomplete="off" spellcheck="false" placeholder="now" aria-describedby="as-of-help"></div>
        <button type="submit">Show</button>
        <p id="as-of-help" class="hint">Unix ms or ISO 8601 in UTC, such as 2026-01-31T18:00. Empty: now.</p>
      </form>
      <div id="profile" aria-live="polite"></div>
    </section>
  </div>

  <section class="card" aria-labelledby="scores-heading">
    <h2 id="scores-heading">Newest decisions</h2>
    <div class="scroll tall" tabindex="0" role="region" aria-labelledby="scores-heading">
      <table>
        <thead><tr>
          <th scope="col">Scored</th><th scope="col">User</th><th scope="col">Policy</th><th scope="col">Chosen tip</th>
          <th scope="col">Shadow's choice</th><th scope="col">Kind</th><th scope="col" class="number">Of</th>
        </tr></thead>
        <tbody id="scores"></tbody>
      </table>
    </div>
  </section>

  <section class="card" aria-labelledby="lag-heading">
    <h2 id="lag-heading">Lag</h2>
    <p id="lag-summary" class="hint"></p>
    <div class="scroll tall" tabindex="0" role="region" aria-labelledby="lag-heading">
      <table>
        <thead><tr>
          <th scope="col">Topic</th><th scope="col" class="number">Partition</th><th scope="col">Status</th>
          <th scope="col" class="number">Records</th><th scope="col" class="number">Seconds</th><th scope="col" class="number">Applied</th>
          <th scope="col" class="number">Committed</th><th scope="col" class="number">End</th><th scope="col">Why</th>
        </tr></thead>
        <tbody id="lag"></tbody>
      </table>
    </div>
  </section>
</main>`,
);
