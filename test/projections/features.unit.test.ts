/** Each feature, given a few events: its value, and what it is when there is nothing. */
import { describe, expect, it } from 'vitest';
import { aggregateAt } from '../../src/projections/as-of.js';
import { isKnown } from '../../src/projections/aggregate.js';
import type { FeatureValue } from '../../src/projections/feature.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { UserTips } from '../support/user-tips.js';

const DAY = 86_400_000;
/** Monday 2026-03-02, 12:00 UTC */
const T = Date.UTC(2026, 2, 2, 12);

class Story {
  readonly user = new UserTips();
  served(tip_id: string, served_at_ms: number, category?: string): this {
    this.user.fold({ topic: 'tip.served', value: { user_id: 'u', tip_id, served_at_ms, category } }, T);
    return this;
  }
  reacted(tip_id: string, action: 'done' | 'dismiss' | 'snooze', reacted_at_ms: number, utc_offset_min?: number): this {
    this.user.fold({ topic: 'tip.feedback', value: { user_id: 'u', tip_id, action, reacted_at_ms, utc_offset_min } }, T);
    return this;
  }
  at(asOfMs: number): Record<string, FeatureValue | boolean> {
    const aggregate = aggregateAt(coreRegistry, asOfMs, this.user.source());
    return { ...coreRegistry.values(aggregate), known: isKnown(aggregate) };
  }
}
const story = () => new Story();

describe('a user without events', () => {
  it('has volume 0 and nothing else, and is unknown', () => {
    expect(story().at(T)).toEqual({
      tip_volume_30d: 0,
      completion_rate_30d: null,
      dismiss_rate_30d: null,
      snooze_rate_30d: null,
      mean_dwell_ms_30d: null,
      preferred_hour: null,
      preferred_weekday: null,
      preferred_category: null,
      known: false,
    });
  });
});

describe('tip_volume_30d', () => {
  it('counts tips served in the half-open window', () => {
    const user = story()
      .served('a', T)
      .served('b', T - 1)
      .served('c', T - 30 * DAY)
      .served('d', T - 30 * DAY - 1);
    expect(user.at(T).tip_volume_30d).toBe(2);
    expect(user.at(T + 1).tip_volume_30d).toBe(2);
  });

  it('counts a tip at its earliest serving', () => {
    const user = story()
      .served('a', T - 31 * DAY)
      .served('a', T - DAY);
    expect(user.at(T)).toMatchObject({ tip_volume_30d: 0, known: false });
  });
});

describe.each([
  ['completion_rate_30d', 'done'],
  ['dismiss_rate_30d', 'dismiss'],
  ['snooze_rate_30d', 'snooze'],
] as const)('%s', (name, action) => {
  it('is the share of served tips, however late or early the reaction came', () => {
    const user = story()
      .served('late', T - 29 * DAY)
      .reacted('late', action, T - 1)
      .served('early', T - DAY)
      .reacted('early', action, T - 40 * DAY)
      .served('never', T - DAY);
    expect(user.at(T)[name]).toBe(2 / 3);
  });

  it('does not see a reaction at T', () => {
    expect(
      story()
        .served('a', T - 1)
        .reacted('a', action, T)
        .at(T)[name],
    ).toBe(0);
  });

  it('ignores a reaction to a tip that was served before the window, or never', () => {
    expect(
      story()
        .served('a', T - 31 * DAY)
        .reacted('a', action, T - 1)
        .reacted('b', action, T - 1)
        .at(T),
    ).toMatchObject({ [name]: null, known: true });
  });
});

describe('mean_dwell_ms_30d', () => {
  it('is the mean until the first reaction of any kind', () => {
    const user = story()
      .served('a', T - 100)
      .reacted('a', 'done', T - 50)
      .reacted('a', 'snooze', T - 90)
      .served('b', T - 100)
      .reacted('b', 'dismiss', T - 95);
    expect(user.at(T).mean_dwell_ms_30d).toBe(7.5);
  });

  it('leaves out a tip whose first reaction came before its serving', () => {
    const user = story()
      .served('a', T - 100)
      .reacted('a', 'snooze', T - 101)
      .reacted('a', 'done', T - 50);
    expect(user.at(T)).toMatchObject({ mean_dwell_ms_30d: null, completion_rate_30d: 1 });
  });

  it('takes a reaction at the very time of the serving', () => {
    expect(
      story()
        .served('a', T - 100)
        .reacted('a', 'done', T - 100)
        .at(T).mean_dwell_ms_30d,
    ).toBe(0);
  });
});

describe('preferred_hour and preferred_weekday', () => {
  it('are local by the offset of the done', () => {
    // Sunday 2026-03-01, 23:30 UTC is Monday 00:30 an hour further east, and Sunday 09:30 fourteen hours further west.
    const at = Date.UTC(2026, 2, 1, 23, 30);
    expect(story().reacted('a', 'done', at).at(T)).toMatchObject({ preferred_hour: 23, preferred_weekday: 6 });
    expect(story().reacted('a', 'done', at, 60).at(T)).toMatchObject({ preferred_hour: 0, preferred_weekday: 0 });
    expect(story().reacted('a', 'done', at, -840).at(T)).toMatchObject({ preferred_hour: 9, preferred_weekday: 6 });
  });

  it('hold for local times before 1970', () => {
    expect(story().reacted('a', 'done', 0, -840).at(1)).toMatchObject({ preferred_hour: 10, preferred_weekday: 2 });
  });

  it('are the smallest of equals', () => {
    const user = story()
      .reacted('a', 'done', T - DAY)
      .reacted('b', 'done', T - 2 * DAY + 3_600_000)
      .reacted('c', 'done', T - 3 * DAY - 3_600_000);
    expect(user.at(T)).toMatchObject({ preferred_hour: 11, preferred_weekday: 4 });
  });

  it('count only dones in the window', () => {
    const user = story()
      .reacted('a', 'done', T - 30 * DAY - 1)
      .reacted('b', 'dismiss', T - 1)
      .reacted('c', 'done', T);
    expect(user.at(T)).toMatchObject({ preferred_hour: null, preferred_weekday: null });
  });
});

describe('preferred_category', () => {
  it('is the one with the most done tips, not the most served', () => {
    const user = story()
      .served('a', T - 9, 'home')
      .served('b', T - 9, 'home')
      .served('c', T - 9, 'work')
      .reacted('c', 'done', T - 5);
    expect(user.at(T).preferred_category).toBe('work');
  });

  it('is the smallest of equals by code point', () => {
    const user = story()
      .served('a', T - 9, '\u{10000}')
      .reacted('a', 'done', T - 8)
      .served('b', T - 9, '\uffff')
      .reacted('b', 'done', T - 8);
    expect(user.at(T).preferred_category).toBe('\uffff');
  });

  it('may be the empty one, but not an absent one', () => {
    const user = story()
      .served('a', T - 9)
      .reacted('a', 'done', T - 8)
      .served('b', T - 9)
      .reacted('b', 'done', T - 8);
    expect(user.at(T).preferred_category).toBeNull();
    expect(
      user
        .served('c', T - 9, '')
        .reacted('c', 'done', T - 8)
        .at(T).preferred_category,
    ).toBe('');
  });
});
