/** What a look at many users costs. The bounds leave room for a slow and busy machine. */
import { describe, expect, it } from 'vitest';
import { judgeLook } from '../../../src/evaluation/rollouts/judge-look.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';
import { seededRandom } from '../../support/seeded-random.js';
import { lastLook, onlyEpoch } from './users-of.js';

const USERS = 100_000;
/** The thread answers others after each piece: no longer than this, ms. */
const LONGEST_PIECE_MS = 50;
const MOST_CPU_MS = 4_000;

function manyUsers(): RolloutUsers {
  const random = seededRandom(1);
  const users = new RolloutUsers();
  const some = (rate: number) => {
    const decisions = Math.floor(40 * random());
    return { decisions, reward: Math.floor(decisions * rate) };
  };
  for (let i = 0; i < USERS; i++) {
    const rate = random();
    users.add({ place: { u: random(), word: Math.floor(random() * 2 ** 32) }, before: some(rate), after: some(rate) });
  }
  return users;
}

/** Of each piece, ms, and CPU time of all. */
function timed(users: RolloutUsers): { readonly pieces: readonly number[]; readonly cpuMs: number } {
  const started = process.cpuUsage();
  const steps = judgeLook({ epoch: onlyEpoch('rollout', 50), look: lastLook(), users, state: null });
  const pieces: number[] = [];
  for (let done = false; !done; ) {
    const startedMs = performance.now();
    done = steps.next().done === true;
    pieces.push(performance.now() - startedMs);
  }
  const { user, system } = process.cpuUsage(started);
  return { pieces, cpuMs: (user + system) / 1_000 };
}

describe('a look at a hundred thousand users', () => {
  it('is done in small pieces, and in seconds', () => {
    const users = manyUsers();
    const runs = [timed(users), timed(users)];
    const [first, second] = runs.map(({ pieces }) => pieces) as [readonly number[], readonly number[]];
    // The same work again has the same pieces: what was slow only once was another process's turn.
    expect(second.length).toBe(first.length);
    expect(Math.max(...first.map((ms, i) => Math.min(ms, second[i]!)))).toBeLessThan(LONGEST_PIECE_MS);
    expect(Math.min(...runs.map(({ cpuMs }) => cpuMs))).toBeLessThan(MOST_CPU_MS);
  });
});
