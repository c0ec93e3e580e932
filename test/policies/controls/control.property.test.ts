import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveAt, resetAt, settingsAt, type PolicySettings } from '../../../src/policies/controls/control.js';
import { userPercentile } from '../../../src/policies/placement.js';
import type { ControlEvent } from '../../../src/topics.js';
import { controlSchema } from '../../../src/topic-schemas.js';

let serial = 0;
const control = (type: ControlEvent['type'], atMs: number, over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: `c${String(++serial).padStart(4, '0')}`,
  type,
  effective_at_ms: atMs,
  ...over,
});
const promote = (atMs: number, policy: string, over: Partial<ControlEvent> = {}) => control('promote', atMs, { policy, ...over });
const rollback = (atMs: number) => control('rollback', atMs);
const configure = (atMs: number, settings: ControlEvent['settings'], over: Partial<ControlEvent> = {}) =>
  control('configure', atMs, { settings, ...over });
const live = (controls: ControlEvent[], atMs: number, userId = 'u1') => liveAt(controls, atMs, userId, 'egreedy-v1');

const USERS = Array.from({ length: 2000 }, (_, i) => `user-${i}`);

describe('the live policy', () => {
  it('is the default until a promote holds, from its very millisecond', () => {
    const controls = [promote(100, 'egreedy-v2')];
    expect([live([], 100), live(controls, 99), live(controls, 100), live(controls, 101)]).toEqual([
      'egreedy-v1',
      'egreedy-v1',
      'egreedy-v2',
      'egreedy-v2',
    ]);
  });

  it('goes back to what was live before, promote by promote', () => {
    const controls = [promote(10, 'egreedy-v2'), promote(20, 'linucb'), rollback(30), rollback(40), rollback(50)];
    expect([15, 25, 35, 45, 55].map((atMs) => live(controls, atMs))).toEqual([
      'egreedy-v2',
      'linucb',
      'egreedy-v2',
      'egreedy-v1',
      'egreedy-v1',
    ]);
    expect(live([...controls, promote(60, 'egreedy-v2')], 60)).toBe('egreedy-v2');
  });

  it('of part of the users: the same users always, about as many as asked, and more when the share grows', () => {
    const at = (percent: number) =>
      new Set(USERS.filter((user) => live([promote(1, 'egreedy-v2', { percent })], 1, user) === 'egreedy-v2'));
    expect(at(0).size).toBe(0);
    expect(at(100).size).toBe(USERS.length);
    const [ten, fifty] = [at(10), at(50)];
    expect(Math.abs(ten.size - 200)).toBeLessThan(60);
    expect(Math.abs(fifty.size - 1000)).toBeLessThan(90);
    for (const user of ten) expect(fifty.has(user)).toBe(true);
  });

  it('others keep the previous live policy, not the default', () => {
    const controls = [promote(1, 'egreedy-v2'), promote(2, 'linucb', { percent: 50 })];
    const counts = new Map<string, number>();
    for (const user of USERS) counts.set(live(controls, 2, user), (counts.get(live(controls, 2, user)) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(['egreedy-v2', 'linucb']);
  });

  it('an absent percent, and null, are all users', () => {
    expect(live([promote(1, 'egreedy-v2', { percent: null })], 1)).toBe('egreedy-v2');
  });
});

describe('settings', () => {
  const base: PolicySettings = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };

  it('merge in order of their time; what a configure does not say stays', () => {
    const controls = [
      configure(30, { shadow: 'off', salt: '' }),
      configure(10, { epsilon: 0.3, shadow: 'egreedy-v2' }),
      configure(20, { shadow_learning: true, epsilon: null }),
    ];
    expect(settingsAt(controls, 9, base)).toEqual(base);
    expect(settingsAt(controls, 10, base)).toEqual({ ...base, epsilon: 0.3, shadow: 'egreedy-v2' });
    expect(settingsAt(controls, 20, base)).toEqual({ epsilon: 0.3, salt: '0', shadow: 'egreedy-v2', shadowLearning: true });
    expect(settingsAt(controls, 30, base)).toEqual({ epsilon: 0.3, salt: '', shadow: null, shadowLearning: true });
  });

  it('0 and false are values', () => {
    const changed = settingsAt([configure(1, { epsilon: 0, shadow_learning: false })], 1, { ...base, shadowLearning: true });
    expect(changed).toEqual({ ...base, epsilon: 0, shadowLearning: false });
  });

  it('of one millisecond, the later control_id wins', () => {
    const controls = [configure(1, { salt: 'b' }, { control_id: 'b' }), configure(1, { salt: 'a' }, { control_id: 'a' })];
    expect(settingsAt(controls, 1, base).salt).toBe('b');
    const emoji = [configure(1, { salt: 'emoji' }, { control_id: '😀' }), configure(1, { salt: 'plane 0' }, { control_id: '\uffee' })];
    expect(settingsAt(emoji, 1, base).salt).toBe('emoji');
  });
});

describe('a reset', () => {
  it('holds from its time; the newest counts', () => {
    const resets = [control('reset', 50, { user_id: 'u' }), control('reset', 10, { user_id: 'u' }), promote(40, 'egreedy-v2')];
    expect([9, 10, 49, 50, 60].map((atMs) => resetAt(resets, atMs))).toEqual([null, 10, 10, 50, 50]);
  });
});

describe('controls in any order', () => {
  const anyControl = fc
    .record({
      control_id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      type: fc.constantFrom('promote' as const, 'rollback' as const, 'configure' as const),
      effective_at_ms: fc.nat(4),
      policy: fc.constantFrom('egreedy-v1', 'egreedy-v2', 'linucb'),
      percent: fc.option(fc.constantFrom(0, 30, 100)),
      settings: fc.record({
        epsilon: fc.option(fc.constantFrom(0, 0.5)),
        salt: fc.option(fc.constantFrom('x', 'y')),
        shadow: fc.option(fc.constantFrom('off', 'egreedy-v2')),
      }),
    })
    .map((one) => controlSchema.parse(one));

  it('and with copies, say the same', () => {
    fc.assert(
      fc.property(
        fc
          .array(anyControl, { maxLength: 8 })
          .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }))),
        fc.nat(5),
        ([list, shuffled], atMs) => {
          const base: PolicySettings = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
          expect(liveAt(shuffled, atMs, 'u1', 'egreedy-v1')).toBe(liveAt(list, atMs, 'u1', 'egreedy-v1'));
          expect(settingsAt(shuffled, atMs, base)).toEqual(settingsAt(list, atMs, base));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('with distinct ids the live policy is what telling the story from its start gives', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyControl, { selector: (one) => one.control_id }), fc.nat(5), (list, atMs) => {
        const story = list
          .filter((one) => one.effective_at_ms <= atMs)
          .sort((a, b) => a.effective_at_ms - b.effective_at_ms || (a.control_id < b.control_id ? -1 : 1));
        // What was live for this user after each standing promote, newest first.
        let lives = ['egreedy-v1'];
        for (const one of story) {
          if (one.type === 'promote') lives = [userPercentile('u1') < (one.percent ?? 100) ? one.policy! : lives[0]!, ...lives];
          if (one.type === 'rollback' && lives.length > 1) lives = lives.slice(1);
        }
        expect(liveAt(list, atMs, 'u1', 'egreedy-v1')).toBe(lives[0]);
      }),
      { numRuns: 300 },
    );
  });
});
