/** Asks for the status every two seconds while the page is visible, and says so when no answer comes or a token is needed. */
export const mainScript = String.raw`
import { get, hasToken, setToken } from './api.js';
import { byId, number, percent, timeOfDay } from './dom.js';
import { showLag, showLagProblem } from './lag.js';
import { showPartitions } from './partitions.js';
import { openProfile, startProfileSearch } from './profile.js';
import { showScores } from './scores.js';

const REFRESH_MS = 2000;
let timer;
let running = false;
let answeredAt = null;

async function refresh() {
  clearTimeout(timer);
  if (running) return;
  running = true;
  const [status, lag] = await Promise.allSettled([get('/v1/status'), get('/v1/lag')]);
  running = false;
  if (status.status === 'rejected') {
    if (status.reason.code === 'unauthorized') return askForToken();
    showFailure(status.reason);
  } else {
    showStatus(status.value);
    if (lag.status === 'fulfilled') showLag(lag.value);
    else showLagProblem(lag.reason);
  }
  schedule();
}

function schedule() {
  if (!document.hidden) timer = setTimeout(refresh, REFRESH_MS);
}

function showStatus(status) {
  answeredAt = Date.now();
  byId('gate').hidden = true;
  byId('content').hidden = false;
  byId('content').classList.remove('stale');
  setState(status.ready ? 'good' : 'wait', status.ready ? 'Ready' : 'Not ready');
  notice(readiness(status), 'wait');
  byId('about').textContent = status.live_policy + (status.shadow_policy === null ? '' : ', shadow ' + status.shadow_policy)
    + ' · ' + (status.log === 'kafka' ? 'Kafka' : 'embedded log') + ' · group ' + status.group;
  byId('updated').textContent = 'Updated ' + timeOfDay(answeredAt);
  const counts = status.counts;
  for (const name of ['applied', 'users', 'rejected', 'decisions']) byId(name).textContent = number(counts[name]);
  byId('agreement').textContent = counts.shadow_compared === 0 ? '–' : percent(counts.shadow_agreed / counts.shadow_compared);
  byId('agreement-of').textContent = counts.shadow_compared === 0
    ? (status.shadow_policy === null ? 'no shadow policy' : 'nothing compared yet')
    : number(counts.shadow_agreed) + ' of ' + number(counts.shadow_compared);
  showPartitions(status.partitions);
  showScores(status.newest_scores, openProfile);
}

function readiness(status) {
  const count = (state) => status.partitions.filter((partition) => partition.state === state).length;
  const stopped = count('stopped');
  const restoring = count('restoring');
  const parts = [];
  if (stopped > 0) parts.push(number(stopped) + (stopped === 1 ? ' partition has' : ' partitions have') + ' stopped: see below for why.');
  if (restoring > 0) parts.push(number(restoring) + (restoring === 1 ? ' partition is' : ' partitions are') + ' restoring.');
  const silent = number(Math.round(status.log_silent_ms / 1000)) + ' s';
  if (!status.log_reachable) parts.push('The log has not answered for ' + silent + ': lag is as of then.');
  const unowned = status.partitions_unowned;
  if (unowned.length > 0) parts.push('No member of the group was given partitions ' + unowned.join(', ') + '.');
  if (parts.length === 0 && !status.ready) parts.push('The service is starting.');
  return parts.join(' ');
}

function showFailure(error) {
  setState('bad', error.code === 'unreachable' ? 'Unreachable' : 'Failing');
  byId('content').classList.add('stale');
  const since = answeredAt === null ? '' : ' What is shown is from ' + timeOfDay(answeredAt) + '.';
  notice(error.message + (error.hint ? ' ' + error.hint + '.' : '') + since + ' Trying again every ' + REFRESH_MS / 1000 + ' s.', '');
}

function askForToken() {
  clearTimeout(timer);
  setState('', 'Token needed');
  notice('', '');
  byId('content').hidden = true;
  byId('gate').hidden = false;
  byId('token-error').textContent = hasToken() ? 'The service did not accept this token.' : '';
  setToken(null);
  byId('token').value = '';
  byId('token').focus();
}

/** Written only when it changes, since a screen reader reads every change aloud. */
function setState(kind, text) {
  const state = byId('state');
  if (state.textContent !== text) state.textContent = text;
  state.className = 'pill ' + kind;
}

function notice(text, kind) {
  const place = byId('notice');
  if (place.textContent !== text) place.textContent = text;
  place.className = 'notice ' + kind;
  place.hidden = text === '';
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const given = byId('token').value.trim();
  // Anything else cannot travel in a header, and no service has such a token.
  if (!/^[!-~]+$/.test(given)) {
    byId('token-error').textContent = 'A token consists of visible ASCII characters without spaces.';
    return;
  }
  setToken(given);
  void refresh();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else if (byId('gate').hidden) void refresh();
});
startProfileSearch(askForToken);
void refresh();
`;
