/**
 * Migrations: block padding leaves every score as it was, to the last bit; what a state is made of is as the definitions say, whatever
 * the order of the controls.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { translatedExamples, examplesNamed, ownExamples, sumsName, translatedNamesOf } from '../../../src/policies/example-source.js';
import {
  canMigrate,
  migrationAt,
  migrationRefusal,
  predecessorOf,
  statePartsAt,
  stateOf,
} from '../../../src/policies/controls/migration.js';
import type { PolicyDefinition } from '../../../src/policies/policy.js';
import { POLICIES, policyNamed } from '../../../src/policies/registry.js';
import { encodeState } from '../../../src/policies/ridge-codec.js';
import { add, addBlock, emptyState, posterior, type RidgeState } from '../../../src/policies/ridge.js';
import { scoreCandidates } from '../../../src/policies/score.js';
import type { ControlEvent } from '../../../src/topics.js';
import { controlSchema } from '../../../src/topic-schemas.js';

const [V1, V2] = [policyNamed('egreedy-v1'), policyNamed('egreedy-v2')];
const PAIRS = POLICIES.flatMap((from) => POLICIES.filter((into) => canMigrate(from, into)).map((into) => [from, into] as const));
/** Of which the tests below know all that can be asked; POLICIES may hold more. */
const FIRST_FOUR = ['random', 'egreedy-v1', 'egreedy-v2', 'linucb'].map(policyNamed);

const gridEntry = fc.integer({ min: -4096, max: 4096 }).map((steps) => steps / 4096);
const example = (dimension: number) =>
  fc.record({ x: fc.array(gridEntry, { minLength: dimension, maxLength: dimension }), reward: fc.constantFrom(0, 1) });
const stateOfPolicy = ({ dimension }: PolicyDefinition, maxLength = 40): fc.Arbitrary<RidgeState> =>
  fc.array(example(dimension), { maxLength }).map((examples) => {
    const state = emptyState(dimension);
    for (const { x, reward } of examples) add(state, x, reward, 1);
    return state;
  });
const situation = fc.record({
  requestedAtMs: fc.integer({ min: 0, max: 4e12 }),
  utcOffsetMin: fc.integer({ min: -840, max: 840 }),
  decisionId: fc.string({ minLength: 1, maxLength: 5 }),
  salt: fc.constant('0'),
  epsilon: fc.constant(0.1),
  candidates: fc.uniqueArray(
    fc.record({
      tip_id: fc.string({ minLength: 1, maxLength: 3 }),
      is_overdue: fc.boolean(),
      task_age_days: fc.double({ min: 0, max: 60, noNaN: true }),
      priority: fc.integer({ min: 1, max: 4 }),
    }),
    { selector: ({ tip_id }) => tip_id, minLength: 1, maxLength: 8 },
  ),
  profile: fc.record({
    completion_rate_30d: fc.double({ min: 0, max: 1, noNaN: true }),
    dismiss_rate_30d: fc.double({ min: 0, max: 1, noNaN: true }),
    mean_dwell_ms_30d: fc.integer({ min: 0, max: 700_000 }),
    preferred_hour: fc.integer({ min: 0, max: 23 }),
    tip_volume_30d: fc.nat(200),
  }),
});

const padded = (state: RidgeState, dimension: number): RidgeState => {
  const larger = emptyState(dimension);
  addBlock(larger, state);
  return larger;
};

describe('block padding', () => {
  it('leaves every score of egreedy-v1 what it was in egreedy-v2, bit for bit, and with it the ranking and the propensities', () => {
    fc.assert(
      fc.property(stateOfPolicy(V1), situation, (state, one) => {
        const before = scoreCandidates({ ...one, policy: V1, eventPolicy: 'egreedy-v1', state });
        const after = scoreCandidates({ ...one, policy: V2, eventPolicy: 'egreedy-v2', state: padded(state, V2.dimension) });
        expect(after.ranking).toEqual(before.ranking);
        expect(after.ranking.every(({ score }, i) => Object.is(score, before.ranking[i]!.score))).toBe(true);
        expect([after.theta, after.updates]).toEqual([[...before.theta, 0, 0, 0, 0, 0], before.updates]);
      }),
      { numRuns: 500 },
    );
  });

  it('holds for a million examples, and for examples that are all the same', () => {
    const state = emptyState(7);
    for (let i = 0; i < 1_000_000; i++) add(state, i % 3 === 0 ? [1, 0, 0.5, 1, 0, 1, 0] : [1, 1, 0.25, (i % 4) / 4, 1, 0, 1], i % 2, 1);
    const [before, after] = [posterior(state, 1), posterior(padded(state, 12), 1)];
    expect([...after.theta]).toEqual([...before.theta, 0, 0, 0, 0, 0]);
  });

  it('adds exactly: the sums of two policies are those of all their examples', () => {
    fc.assert(
      fc.property(stateOfPolicy(V1), stateOfPolicy(V2), fc.array(example(7), { maxLength: 5 }), (a, b, more) => {
        const state = structuredClone(b);
        addBlock(state, a);
        const larger = structuredClone(a);
        for (const { x, reward } of more) {
          add(larger, x, reward, 1);
          add(state, [...x, 0, 0, 0, 0, 0], reward, 1);
        }
        const expected = structuredClone(b);
        addBlock(expected, larger);
        expect(encodeState(state).equals(encodeState(expected))).toBe(true);
      }),
    );
  });

  it('is refused the other way', () => expect(() => addBlock(emptyState(7), emptyState(12))).toThrow('do not fit'));
});

const migrate = (atMs: number, facts: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: `m${atMs}`,
  type: 'migrate',
  policy: 'egreedy-v2',
  effective_at_ms: atMs,
  ...facts,
});
const parts = (controls: ControlEvent[], atMs: number, policy = 'egreedy-v2') =>
  statePartsAt(controls, atMs, policy).map(({ examples, sinceMs }) => [sumsName(examples), sinceMs]);

describe('what a state is made of', () => {
  it.each<[string, ControlEvent[], number, string, unknown[]]>([
    ['nothing but its own', [], 9, 'egreedy-v2', [['egreedy-v2', -1]]],
    ['before the migration', [migrate(10)], 9, 'egreedy-v2', [['egreedy-v2', -1]]],
    [
      'from then on: its own since, and all of the other',
      [migrate(10)],
      10,
      'egreedy-v2',
      [
        ['egreedy-v2', 10],
        ['egreedy-v1', -1],
      ],
    ],
    [
      'trained: all of both',
      [migrate(10, { train_from_replay: true })],
      10,
      'egreedy-v2',
      [
        ['egreedy-v2', -1],
        ['egreedy-v1>egreedy-v2', -1],
      ],
    ],
    ['after it was taken back', [migrate(10), migrate(20, { undo: true })], 20, 'egreedy-v2', [['egreedy-v2', -1]]],
    [
      'after the second one was taken back',
      [migrate(10), migrate(15, { train_from_replay: true }), migrate(20, { undo: true })],
      20,
      'egreedy-v2',
      [
        ['egreedy-v2', 10],
        ['egreedy-v1', -1],
      ],
    ],
    [
      'after an undo too many',
      [migrate(5, { undo: true }), migrate(10)],
      20,
      'egreedy-v2',
      [
        ['egreedy-v2', 10],
        ['egreedy-v1', -1],
      ],
    ],
    [
      "when one for everybody is taken back for everybody: the user's own stays",
      [migrate(10), migrate(12, { user_id: 'u', train_from_replay: true }), migrate(20, { undo: true })],
      20,
      'egreedy-v2',
      [
        ['egreedy-v2', -1],
        ['egreedy-v1>egreedy-v2', -1],
      ],
    ],
    [
      "when a user's own is all there is to take back for everybody",
      [migrate(12, { user_id: 'u' }), migrate(20, { undo: true })],
      20,
      'egreedy-v2',
      [
        ['egreedy-v2', 12],
        ['egreedy-v1', -1],
      ],
    ],
    [
      'when one for everybody is taken back for the user',
      [migrate(10), migrate(20, { user_id: 'u', undo: true })],
      20,
      'egreedy-v2',
      [['egreedy-v2', -1]],
    ],
    [
      'since a reset before it',
      [migrate(10), { control_id: 'r', type: 'reset', user_id: 'u', effective_at_ms: 4 }],
      10,
      'egreedy-v2',
      [
        ['egreedy-v2', 10],
        ['egreedy-v1', 4],
      ],
    ],
    [
      'since a reset after it',
      [migrate(10), { control_id: 'r', type: 'reset', user_id: 'u', effective_at_ms: 12 }],
      12,
      'egreedy-v2',
      [
        ['egreedy-v2', 12],
        ['egreedy-v1', 12],
      ],
    ],
    ['of the other policy', [migrate(10)], 10, 'egreedy-v1', [['egreedy-v1', -1]]],
    ['of the shadow', [migrate(10)], 10, 'egreedy-v2-shadow', [['egreedy-v2-shadow', -1]]],
    [
      'of a chain',
      [migrate(10, { policy: 'egreedy-v1', from: 'random' }), migrate(20)],
      20,
      'egreedy-v2',
      [
        ['egreedy-v2', 20],
        ['egreedy-v1', 10],
        ['random', -1],
      ],
    ],
    [
      'of a chain that is trained',
      [migrate(10, { policy: 'egreedy-v1', from: 'random' }), migrate(20, { train_from_replay: true })],
      20,
      'egreedy-v2',
      [
        ['egreedy-v2', -1],
        ['egreedy-v1>egreedy-v2', 10],
        ['random>egreedy-v2', -1],
      ],
    ],
    ['of a policy that nobody knows', [migrate(10)], 20, 'unheard-of', []],
  ])('%s', (_, controls, atMs, policy, expected) => expect(parts(controls, atMs, policy)).toEqual(expected));

  it('does not depend on the order of the controls, nor on how often they come', () => {
    const control = fc.record({
      control_id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      at: fc.integer({ min: 0, max: 3 }),
      how: fc.constantFrom<Partial<ControlEvent>>(
        {},
        { from: 'egreedy-v1' },
        { train_from_replay: true },
        { undo: true },
        { type: 'reset', user_id: 'u' },
      ),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(control, { selector: ({ control_id }) => control_id }),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 0, max: 4 }),
        (all, keys, atMs) => {
          const controls = all.map(({ control_id, at, how }) => migrate(at, { control_id, ...how }));
          const shuffled = [...controls, ...controls.slice(0, 2)]
            .map((one) => [one, keys.next().value!] as const)
            .sort((a, b) => a[1] - b[1])
            .map(([one]) => one);
          expect(parts(shuffled, atMs)).toEqual(parts(controls, atMs));
        },
      ),
    );
  });

  it('holds each decision once: no two parts are of one policy, for any controls', () => {
    const control = fc.record({
      at: fc.integer({ min: 0, max: 3 }),
      pair: fc.constantFrom(...PAIRS),
      how: fc.constantFrom<Partial<ControlEvent>>({}, { train_from_replay: true }, { undo: true }),
    });
    fc.assert(
      fc.property(fc.array(control, { maxLength: 6 }), fc.constantFrom(...POLICIES), (all, policy) => {
        const controls = all.map(({ at, pair: [from, into], how }, i) =>
          migrate(at, { control_id: `c${i}`, policy: into.name, from: from.name, ...how }),
        );
        const deciders = statePartsAt(controls, 3, policy.name).map(({ examples }) => examples.decidedBy);
        expect(new Set(deciders).size).toBe(deciders.length);
      }),
    );
  });

  it('adds up to a state of the policy, which is not that of a part', () => {
    const one = emptyState(7);
    add(one, [1, 1, 0, 0, 0, 0, 0], 1, 1);
    const state = stateOf(statePartsAt([migrate(1)], 1, 'egreedy-v2'), 12, ({ examples }) =>
      examples.decidedBy === 'egreedy-v1' ? one : emptyState(12),
    );
    expect([state.updates, state.b.length, state.g.length]).toEqual([1, 12, 78]);
    add(state, new Array<number>(12).fill(1), 1, 1);
    expect(one.updates).toBe(1);
  });
});

describe('which migrations there can be', () => {
  it('only to a vector that begins with the other one and has more', () =>
    expect(
      PAIRS.filter((pair) => pair.every((policy) => FIRST_FOUR.includes(policy))).map(([from, into]) => `${from.name} ${into.name}`),
    ).toEqual(['random egreedy-v1', 'random egreedy-v2', 'random linucb', 'egreedy-v1 egreedy-v2', 'egreedy-v1 linucb']));

  it('from the longest that fits where nothing is said', () =>
    expect(FIRST_FOUR.map((into) => predecessorOf(into)?.name)).toEqual([undefined, 'random', 'egreedy-v1', 'egreedy-v1']));

  it.each<[Partial<ControlEvent>, string | undefined]>([
    [{}, undefined],
    [{ from: 'random' }, undefined],
    [{ from: 'linucb' }, 'egreedy-v2 can only continue from random, egreedy-v1'],
    [{ from: 'egreedy-v2' }, 'egreedy-v2 can only continue from random, egreedy-v1'],
    [{ policy: 'random' }, 'random can only continue from nothing: no other vector is the beginning of its own'],
    [{ policy: 'random', undo: true }, undefined],
    [{ type: 'promote', from: 'linucb' }, undefined],
  ])('%j: %s', (facts, refusal) => expect(migrationRefusal(migrate(1, facts))).toBe(refusal));

  it('a migrate names the policy that goes on', () => {
    expect(controlSchema.safeParse(migrate(1, { policy: null })).error?.issues[0]).toMatchObject({
      message: 'a migrate names its policy',
      path: ['policy'],
    });
    expect(migrationAt([migrate(1)], 1, V2)).toMatchObject({ controlId: 'm1', from: V1, into: V2, trained: false, effectiveAtMs: 1 });
  });
});

describe('the names of sums', () => {
  it('say what they are made of', () => {
    for (const examples of [ownExamples('egreedy-v1')!, ownExamples('egreedy-v2-shadow')!, translatedExamples('egreedy-v1', V2)])
      expect(examplesNamed(sumsName(examples))).toEqual(examples);
    expect(['unheard-of', 'egreedy-v1>unheard-of', 'unheard-of>egreedy-v2', '>egreedy-v2'].map(examplesNamed)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of translations lie between two bounds, and no others do', () => {
    const [above, below] = translatedNamesOf('egreedy-v1');
    const within = (name: string) => above < name && name < below;
    expect(
      ['egreedy-v1>egreedy-v2', 'egreedy-v1>linucb', 'egreedy-v1', 'egreedy-v1-shadow', 'egreedy-v10', 'egreedy-v2'].map(within),
    ).toEqual([true, true, false, false, false, false]);
  });
});
