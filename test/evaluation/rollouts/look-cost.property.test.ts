/** What a look at many users costs. The bounds leave room for a slow and busy machine. */
import { describe, expect, it } from 'vitest';
import { judgeLook } from '../../../src/evaluation/rollouts/judge-look.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';
import { seededRandom } from '../../support/seeded-random.js';
import { lastLook, onlyEpoch } from './users-of.js';

const USERS = 100_000;
/** The thread answers others after each piece, so none may take longer. */
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

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** CPU time of each piece, which other processes do not make longer. */
function piecesOf(users: RolloutUsers): number[] {
  const steps = judgeLook({ epoch: onlyEpoch('rollout', 50), look: lastLook(), users, state: null });
  const pieces: number[] = [];
  for (let done = false; !done; ) {
    const startedMs = cpuMs();
    done = steps.next().done === true;
    pieces.push(cpuMs() - startedMs);
  }
  return pieces;
}

describe('a look at a hundred thousand users', () => {
  it('is done in small pieces, and in seconds', () => {
    const users = manyUsers();
    const [first, second] = [piecesOf(users), piecesOf(users)];
    // The same work again has the same pieces: what was long only once was a collection of garbage, or a compilation.
    expect(second.length).toBe(first.length);
    expect(Math.max(...first.map((ms, i) => Math.min(ms, second[i]!)))).toBeLessThan(LONGEST_PIECE_MS);
    const total = (pieces: readonly number[]): number => pieces.reduce((sum, ms) => sum + ms, 0);
    expect(Math.min(total(first), total(second))).toBeLessThan(MOST_CPU_MS);
  });
});
