/**
 * `npm run study:look`: what one look of the guardrail costs the thread that answers, as a table. The users have a history, and all that a
 * last look computes is computed: harm, a gain, and whether the arms are what chance made of them.
 *
 *   npm run study:look -- --users 1000000
 */
import { parseArgs } from 'node:util';
import { epochsOf } from '../src/evaluation/rollouts/epochs.ts';
import { judgeLook } from '../src/evaluation/rollouts/judge-look.ts';
import { HORIZON_MS, looksOf } from '../src/evaluation/rollouts/looks.ts';
import { RELABELLINGS } from '../src/evaluation/rollouts/split.ts';
import { ROLLOUT_THRESHOLDS } from '../src/evaluation/rollouts/thresholds.ts';
import { RolloutUsers } from '../src/evaluation/rollouts/users.ts';
import { randomStream } from '../src/random.ts';

const { values } = parseArgs({ options: { users: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '3' } } });
const [count, rounds] = [values.users, values.rounds].map(Number);
const MOST_DECISIONS = 40;

function drawnUsers() {
  const random = randomStream(1, 'look');
  const users = new RolloutUsers();
  const some = (rate) => {
    const decisions = random.integer(0, MOST_DECISIONS);
    return { decisions, reward: Math.round(decisions * rate) };
  };
  for (let i = 0; i < count; i++) {
    const rate = random.next();
    const place = { u: random.next(), word: random.integer(0, 2 ** 32 - 1) };
    users.add({ place, before: some(rate), after: some(rate) });
  }
  return users;
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU time, which other processes do not make longer. The same work each time: what a piece took at least is its own. */
function costOf(users, percent) {
  const [epoch] = epochsOf('look', [{ atMs: 0, percent }], ROLLOUT_THRESHOLDS.alpha);
  const look = { ...looksOf({ rolloutStartMs: 0, startMs: 0, untilMs: HORIZON_MS }).at(-1), index: 0 };
  const pieces = [];
  let cpuSeconds = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = cpuMs();
    const steps = judgeLook({ epoch, look, users, state: null });
    for (let piece = 0, done = false; !done; piece++) {
      const started = cpuMs();
      done = steps.next().done === true;
      pieces[piece] = Math.min(pieces[piece] ?? Infinity, cpuMs() - started);
    }
    cpuSeconds = Math.min(cpuSeconds, (cpuMs() - before) / 1000);
  }
  return { cpuSeconds, pieces: pieces.length, longestMs: Math.max(...pieces) };
}

const users = drawnUsers();
console.log(`a look at ${count} users, ${RELABELLINGS} relabellings, the best of ${rounds}`);
console.log('TREATED  CPU s  PIECES  LONGEST ms');
for (const percent of [10, 50, 95]) {
  const { cpuSeconds, pieces, longestMs } = costOf(users, percent);
  console.log(
    [`${percent} %`.padEnd(7), cpuSeconds.toFixed(2).padStart(6), String(pieces).padStart(7), longestMs.toFixed(1).padStart(11)].join(' '),
  );
}
