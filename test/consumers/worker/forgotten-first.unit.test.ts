import { describe, expect, it } from 'vitest';
import { ForgottenFirst } from '../../../src/consumers/worker/forgotten-first.js';
import type { MergeQueue } from '../../../src/consumers/worker/merge-queue.js';

describe('user.forgotten before all else', () => {
  it('holds the partition once it is read, for who asked for that, and not when they wait no longer', () => {
    let taken = 0;
    const first = new ForgottenFirst(
      { taken: () => taken } as unknown as MergeQueue,
      ['user.forgotten', 'tip.served'],
      'user.forgotten',
      0,
    );
    expect([...first.others]).toEqual(['tip.served']);
    first.reach(1, { thenHold: true });
    expect(first.isBehind).toBe(true);
    taken = 1;
    expect([first.isBehind, first.ends(), first.ends()]).toEqual([false, true, false]);
    first.reach(2, { thenHold: true });
    first.holdNot();
    taken = 2;
    expect([first.isBehind, first.ends()]).toEqual([false, false]);
  });
});
