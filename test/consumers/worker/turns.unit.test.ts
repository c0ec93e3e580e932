import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/consumers/worker/turns.js';

describe('Turns', () => {
  it('go to one at a time, and wake those who asked meanwhile', () => {
    const turns = new Turns();
    const woken: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => turns.turn(() => woken.push(name))) as [Turn, Turn, Turn];
    expect([a.take(), a.take(), b.take(), c.take(), b.take()]).toEqual([true, true, false, false, false]);
    b.leave(); // has none
    expect([woken, b.take()]).toEqual([[], false]);
    a.leave();
    expect(woken).toEqual(['b', 'c']);
    expect([c.take(), b.take(), a.take()]).toEqual([true, false, false]);
    c.leave();
    expect(woken).toEqual(['b', 'c', 'b', 'a']);
  });
});

type Turn = ReturnType<Turns['turn']>;
