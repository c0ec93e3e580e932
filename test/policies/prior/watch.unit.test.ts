import { expect, it } from 'vitest';
import { priorErrors, WATCHED_REWARDS } from '../../../src/policies/prior/watch.js';

/** Half of the rewards are 1. */
const predictions = (count: number, predicted: (reward: number) => number) =>
  Array.from({ length: count }, (_, i) => ({ predicted: predicted(i % 2), reward: i % 2 }));

it('compares the squared error of the predictions with that of the mean', () => {
  const errors = (predicted: (reward: number) => number) => priorErrors(predictions(WATCHED_REWARDS, predicted));
  expect(errors((reward) => reward)).toEqual({ rewards: 1_000, error: 0, constantError: 0.25, isWorse: false });
  expect(errors((reward) => (reward === 1 ? 0.75 : 0.25))).toMatchObject({ error: 0.0625, isWorse: false });
  expect(errors(() => 0.5)).toMatchObject({ error: 0.25, isWorse: false });
  expect(errors(() => 0.75)).toMatchObject({ error: 0.3125, isWorse: true });
  expect(errors((reward) => 1 - reward)).toMatchObject({ error: 1, isWorse: true });
});

it('says nothing of fewer than a thousand rewards', () =>
  expect(priorErrors(predictions(WATCHED_REWARDS - 1, (reward) => 1 - reward))).toEqual({
    rewards: 999,
    error: null,
    constantError: null,
    isWorse: null,
  }));
