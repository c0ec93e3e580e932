/**
 * A rollback took back whatever stood last, so two at once took two steps back, and of two identical promotes at once one was left. A
 * rollback names the promote that it takes back, and promotes that say the same are one step.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveAt } from '../../src/policies/controls/control.js';
import { historyOf, rolloutAt } from '../../src/policies/controls/rollout.js';
import type { ControlEvent } from '../../src/topics.js';
import { controlSchema } from '../../src/topic-schemas.js';

const BASE = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
const promote = (control_id: string, atMs: number, policy: string, percent?: number): ControlEvent =>
  controlSchema.parse({ control_id, type: 'promote', effective_at_ms: atMs, policy, percent });
const rollback = (control_id: string, atMs: number, takes_back?: string): ControlEvent =>
  controlSchema.parse({ control_id, type: 'rollback', effective_at_ms: atMs, takes_back });
const shares = (controls: ControlEvent[], atMs = 100) =>
  rolloutAt(controls, atMs, 'egreedy-v1', BASE).shares.map(({ policy, percent, controlId }) => [policy, percent, controlId]);
const effects = (controls: ControlEvent[]) =>
  Object.fromEntries(historyOf(controls).map(({ control_id: id, effect, effect_of: other }) => [id, [effect, other]]));

describe('a rollback that names its promote', () => {
  const steps = [promote('p1', 1, 'egreedy-v2', 10), promote('p2', 2, 'egreedy-v2', 50)];

  it('is one step back, however many there are of it', () => {
    const two = [...steps, rollback('r1', 3, 'p2'), rollback('r2', 3, 'p2'), rollback('r3', 9, 'p2')];
    expect(shares(two)).toEqual([
      ['egreedy-v2', 10, 'p1'],
      ['egreedy-v1', 90, null],
    ]);
    expect(effects(two)).toEqual({
      p1: ['stands', null],
      p2: ['taken_back', 'r1'],
      r1: ['takes_back', 'p2'],
      r2: ['nothing', null],
      r3: ['nothing', null],
    });
  });

  it('takes it back from below others, and before it comes', () => {
    expect(shares([...steps, rollback('r', 3, 'p1')])).toEqual([
      ['egreedy-v2', 50, 'p2'],
      ['egreedy-v1', 50, null],
    ]);
    const early = [rollback('a', 1, 'p2'), ...steps];
    expect(shares(early)).toEqual([
      ['egreedy-v2', 10, 'p1'],
      ['egreedy-v1', 90, null],
    ]);
    expect(effects(early)).toMatchObject({ a: ['takes_back', 'p2'], p2: ['taken_back', 'a'] });
  });

  it('of a promote that is not there changes nothing, and one that names none goes by the order, as before', () => {
    expect(shares([...steps, rollback('r', 3, 'p9')])).toEqual(shares(steps));
    expect(effects([...steps, rollback('r', 3, 'p9')]).r).toEqual(['nothing', null]);
    const old = [...steps, rollback('r1', 3), rollback('r2', 4), rollback('r3', 5)];
    expect(shares(old)).toEqual([['egreedy-v1', 100, null]]);
    expect(effects(old)).toMatchObject({ r1: ['takes_back', 'p2'], r2: ['takes_back', 'p1'], r3: ['nothing', null] });
  });
});

describe('two identical promotes', () => {
  const twice = [promote('p1', 1, 'egreedy-v2'), promote('p2', 1, 'egreedy-v2', 100)];

  it('are one, which one rollback of either takes back', () => {
    expect(shares(twice)).toEqual([['egreedy-v2', 100, 'p1']]);
    expect(effects(twice)).toEqual({ p1: ['stands', null], p2: ['repeats', 'p1'] });
    for (const named of ['p1', 'p2']) {
      const back = [...twice, rollback('r', 2, named)];
      expect(shares(back)).toEqual([['egreedy-v1', 100, null]]);
      expect(effects(back)).toEqual({ p1: ['taken_back', 'r'], p2: ['taken_back', 'r'], r: ['takes_back', 'p1'] });
    }
  });

  it('are two to a rollback of earlier versions, which named none', () => {
    expect(shares([...twice, rollback('r', 2)])).toEqual([['egreedy-v2', 100, 'p1']]);
    expect(shares([...twice, rollback('r', 2), rollback('s', 2)])).toEqual([['egreedy-v1', 100, null]]);
  });

  it('with another one between them are two', () => {
    const apart = [promote('p1', 1, 'egreedy-v2'), promote('p2', 2, 'linucb'), promote('p3', 3, 'egreedy-v2'), rollback('r', 4, 'p3')];
    expect(shares(apart)).toEqual([['linucb', 100, 'p2']]);
  });
});

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const anyControl = fc.record({
  control_id: fc.constantFrom(...ids),
  type: fc.constantFrom('promote' as const, 'rollback' as const),
  effective_at_ms: fc.nat(4),
  policy: fc.constantFrom('egreedy-v2', 'linucb'),
  percent: fc.constantFrom(30, 100),
  takes_back: fc.option(fc.constantFrom(...ids), { nil: undefined }),
});

it('is what telling the story from its start gives, in whatever order the controls came', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyControl, { selector: (one) => one.control_id }), fc.nat(5), fc.string(), (list, atMs, user) => {
      const story = list
        .filter((one) => one.effective_at_ms <= atMs)
        .sort((a, b) => a.effective_at_ms - b.effective_at_ms || (a.control_id < b.control_id ? -1 : 1));
      const gone = new Set<string>();
      let stack: { one: (typeof story)[number]; step: string }[] = [];
      for (const one of story) {
        const last = stack.at(-1);
        const repeats = last?.one.policy === one.policy && last.one.percent === one.percent;
        if (one.type === 'promote' && !gone.has(one.control_id)) stack.push({ one, step: repeats ? last.step : one.control_id });
        if (one.type === 'rollback' && one.takes_back === undefined) stack.pop();
        if (one.type === 'rollback' && one.takes_back !== undefined) {
          gone.add(one.takes_back);
          const taken = stack.find(({ one: { control_id: id } }) => id === one.takes_back);
          stack = stack.filter(({ step }) => step !== taken?.step);
        }
      }
      const standing = stack.map(({ one: { takes_back: _, ...rest } }) => rest);
      const expected = rolloutAt(standing, atMs, 'egreedy-v1', BASE).shares;
      const told = rolloutAt([...list].reverse(), atMs, 'egreedy-v1', BASE).shares;
      expect(told.map(({ policy, percent }) => [policy, percent])).toEqual(expected.map(({ policy, percent }) => [policy, percent]));
      expect(liveAt(list, atMs, user, 'egreedy-v1')).toBe(liveAt(standing, atMs, user, 'egreedy-v1'));
    }),
    { numRuns: 1_000 },
  );
});
