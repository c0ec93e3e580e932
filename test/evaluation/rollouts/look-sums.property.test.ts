/** Sums of several looks from one pass over decisions in any order are what counting each look by itself gives. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DONE_OR_NOT } from '../../../src/evaluation/rollouts/rewards.js';
import { LookSums, placeInRollout, type CountedDecision, type CountedPiece } from '../../../src/evaluation/rollouts/look-sums.js';
import { dueLooks, nextLook, rolloutEpochs } from '../../../src/evaluation/rollouts/rollout-looks.js';
import { rolloutHistory } from '../../../src/policies/controls/rollout-history.js';
import { covers, rolloutPlace, userPercentile } from '../../../src/policies/placement.js';
import type { ControlEvent } from '../../../src/topics.js';
import { finished } from '../../support/finished.js';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const START_MS = 1_795_000_000_000;
const promote = (id: string, atMs: number, percent: number, over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: id,
  type: 'promote',
  effective_at_ms: atMs,
  policy: 'egreedy-v2',
  percent,
  rollout_id: 'p1',
  ...over,
});
const CONTROLS = [promote('p1', START_MS, 30), promote('p2', START_MS + 5 * HOUR_MS, 60)];
const USERS = ['ana', 'bo', 'chidi', 'dana', 'emre'];

const decision: fc.Arbitrary<CountedDecision> = fc.record({
  userId: fc.constantFrom(...USERS),
  requestedAtMs: fc.integer({ min: START_MS - 15 * DAY_MS, max: START_MS + 2 * DAY_MS }),
  policy: fc.constantFrom('egreedy-v1', 'egreedy-v2'),
  reactions: fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 2 * HOUR_MS }), reward: fc.constant(1) }), { maxLength: 1 }),
});
const many = fc.oneof(
  fc.array(decision, { maxLength: 60 }),
  fc.array(
    decision.map((one) => ({ ...one, requestedAtMs: START_MS + (one.requestedAtMs % (12 * HOUR_MS)) })),
    { maxLength: 60 },
  ),
);

const [history] = rolloutHistory(CONTROLS, Infinity);
const epochs = rolloutEpochs(history!, 0.05);

/** As a file has them, in pieces of three. */
function piecesOf(decisions: readonly CountedDecision[], known: readonly ControlEvent[]): CountedPiece[] {
  const all = decisions.map((one, key) => ({ ...one, key, uid: 1 + USERS.indexOf(one.userId) }));
  const starts = [...all.keys()].filter((i) => i % 3 === 0);
  return starts.map((from) => ({ decisions: all.slice(from, from + 3), controlsKnownTo: () => known }));
}

describe('the sums of looks', () => {
  it('count each decision in the windows that it lies in, and each done by the age of the look', () => {
    const looks = dueLooks(epochs, START_MS + 2 * DAY_MS);
    fc.assert(
      fc.property(many, (decisions) => {
        const sums = new LookSums(
          looks.map(({ look }) => look),
          { controls: CONTROLS, defaultPolicy: 'egreedy-v1' },
        );
        finished(sums.addPieces(piecesOf(decisions, CONTROLS)));
        for (const [i, { look }] of looks.entries()) {
          const users = finished(sums.users(i, placeInRollout(history!)));
          const within = (userId: string, { fromMs, toMs }: { fromMs: number; toMs: number }) =>
            decisions.filter((one) => one.userId === userId && one.requestedAtMs >= fromMs && one.requestedAtMs < toMs);
          const expected = USERS.flatMap((userId) => {
            const [before, after] = [within(userId, look.before), within(userId, look.after)];
            if (before.length + after.length === 0) return [];
            const done = (some: typeof before) => some.filter(({ reactions: [one] }) => (one?.afterMs ?? Infinity) <= look.ageMs).length;
            const wrong = after.filter(({ requestedAtMs, policy }) => {
              const percent = requestedAtMs < CONTROLS[1]!.effective_at_ms ? 30 : 60;
              return policy !== (covers({ rollout_id: 'p1', percent }, userId) ? 'egreedy-v2' : 'egreedy-v1');
            });
            return [[rolloutPlace('p1', userId), before.length, done(before), after.length, done(after), wrong.length]];
          });
          const { u, m, x, n, y, misplaced } = users;
          const got = Array.from(u, (place, row) => [place, m[row]!, x[row]!, n[row]!, y[row]!, misplaced[row]!]);
          const byPlace = (rows: number[][]) => rows.sort(([a], [b]) => a! - b!);
          expect(byPlace(got)).toEqual(byPlace(expected));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('have rewards as configured, by the rules of each look', () => {
    const configure = (id: string, atMs: number, rewards: object): ControlEvent => ({
      control_id: id,
      type: 'configure',
      effective_at_ms: atMs,
      settings: { rewards },
    });
    const [unraised] = rolloutHistory(CONTROLS.slice(0, 1), Infinity);
    const [first, , , fourth] = dueLooks(rolloutEpochs(unraised!, 0.05), START_MS + DAY_MS).map(({ look }) => look);
    const changed = configure('c1', START_MS + 4 * HOUR_MS, { done: 0.5, dismiss: -0.25 });
    const sums = new LookSums([first!, fourth!], { controls: [...CONTROLS, changed], defaultPolicy: 'egreedy-v1' });
    const made = (hours: number, ...reactions: CountedDecision['reactions']) => ({
      userId: 'ana',
      requestedAtMs: START_MS + hours * HOUR_MS,
      policy: 'egreedy-v1',
      reactions,
    });
    finished(
      sums.addPieces(
        piecesOf(
          [
            made(0, { afterMs: 60_000, reward: 1 }),
            made(4.1, { afterMs: 2 * HOUR_MS, reward: 0.5 }, { afterMs: 60_000, reward: -0.25 }),
            made(4.2, { afterMs: 60_000, reward: -0.25 }),
            made(4.3),
          ],
          CONTROLS,
        ),
      ),
    );
    const at = (look: number) => finished(sums.users(look, placeInRollout(history!)));
    expect(at(0)).toMatchObject({ scale: DONE_OR_NOT, range: 1 });
    expect([at(0).n[0], at(0).y[0], at(0).yy[0]]).toEqual([1, 1, 1]);
    // Quarters above -1/4: 1 is five of them, 0 is one, and the second decision was dismissed, and done too late for the look.
    expect(at(1).scale).toEqual({ low: -0.25, high: 1, step: 0.25 });
    expect([at(1).n[0], at(1).y[0], at(1).yy[0]]).toEqual([4, 5 + 0 + 0 + 1, 25 + 0 + 0 + 1]);
  });

  it('ask for the decisions of all windows', () => {
    const looks = dueLooks(epochs, START_MS + 2 * DAY_MS).map(({ look }) => look);
    expect(new LookSums(looks, { controls: CONTROLS, defaultPolicy: 'egreedy-v1' }).window).toEqual({
      fromMs: START_MS - 14 * DAY_MS,
      toMs: Math.max(...looks.map(({ after }) => after.toMs)),
    });
    expect(new LookSums([], { controls: [], defaultPolicy: 'egreedy-v1' }).window).toBeNull();
  });

  it('take a decision that was made before its promote had been read for what it was then', () => {
    const [first] = dueLooks(epochs, START_MS + 2 * HOUR_MS).map(({ look }) => look);
    const treated = USERS.find((user) => covers(CONTROLS[0]!, user))!;
    const misplaced = (known: readonly ControlEvent[]) => {
      const sums = new LookSums([first!], { controls: CONTROLS, defaultPolicy: 'egreedy-v1' });
      const early = { userId: treated, requestedAtMs: START_MS + 1, policy: 'egreedy-v1', reactions: [] };
      finished(sums.addPieces(piecesOf([early], known)));
      return finished(sums.users(0, placeInRollout(history!))).misplaced[0];
    };
    expect([misplaced([]), misplaced(CONTROLS)]).toEqual([0, 1]);
  });
});

describe('the looks of a rollout', () => {
  it('are those of all its percentages, in their order, once stream time has passed them', () => {
    const elapsed = (untilMs: number) =>
      dueLooks(epochs, untilMs).map(({ epoch, look }) => [epoch.number, look.index, (look.atMs - START_MS) / HOUR_MS]);
    expect(elapsed(START_MS + 90 * 60_000)).toEqual([]);
    expect(elapsed(START_MS + 100 * 60_000)).toEqual([[1, 0, 1.5]]);
    expect(elapsed(START_MS + 8 * HOUR_MS + 600_000)).toEqual([
      [1, 0, 1.5],
      [1, 1, 3],
      [2, 0, 6.5],
      [2, 1, 8],
    ]);
    expect(nextLook(epochs, START_MS)!.atMs).toBe(START_MS + 6.5 * HOUR_MS);
    expect(nextLook(epochs, START_MS + 8 * HOUR_MS + 600_000)!.atMs).toBe(START_MS + 11 * HOUR_MS);
  });

  it('end with the rollout', () => {
    const over = [...CONTROLS, { control_id: 'r', type: 'rollback' as const, effective_at_ms: START_MS + 6 * HOUR_MS, takes_back: 'p2' }];
    const gone = [...over, { control_id: 's', type: 'rollback' as const, effective_at_ms: START_MS + 10 * HOUR_MS, takes_back: 'p1' }];
    const [whole] = rolloutHistory(gone, Infinity);
    expect(rolloutEpochs(whole!, 0.05).map(({ number, everybody }) => [number, everybody.percent])).toEqual([
      [1, 30],
      [2, 60],
      [3, 30],
    ]);
    expect(nextLook(rolloutEpochs(whole!, 0.05), START_MS + 10 * HOUR_MS)).toBeNull();
    expect(dueLooks(rolloutEpochs(whole!, 0.05), START_MS + 30 * DAY_MS).map(({ look }) => (look.atMs - START_MS) / HOUR_MS)).toEqual([
      1.5, 3, 7.5, 9,
    ]);
  });
});

it('a rollout without a rollout_id places its users as its promotes do, and relabels them by its id', () => {
  const placeOf = placeInRollout({ id: 'p9', split: null });
  for (const user of USERS) {
    expect(placeOf(user).u).toBe(userPercentile(user) / 100);
    expect(placeOf(user).word).toBe(placeInRollout({ id: 'p9', split: 'p9' })(user).word);
  }
});
