import { describe, expect, it } from 'vitest';
import { type Turn, Turns } from '../../../src/consumers/worker/turns.js';

function threeTurns(goesOn: (name: string) => boolean = () => true) {
  const woken: string[] = [];
  const turns = new Turns();
  const of = (name: string): Turn => turns.turn(() => woken.push(name) > 0 && goesOn(name));
  return { woken, a: of('a'), b: of('b'), c: of('c') };
}

describe('Turns', () => {
  it('go to one at a time, in the order in which they were asked for', () => {
    const { woken, a, b, c } = threeTurns();
    expect([a.take(), a.take(), b.take(), c.take(), b.take()]).toEqual([true, true, false, false, false]);
    a.leave();
    expect(woken).toEqual(['b']);
    // Whoever comes before b has asked again waits behind it.
    expect([c.take(), a.take(), b.take()]).toEqual([false, false, true]);
    b.leave();
    expect([woken, c.take(), b.take()]).toEqual([['b', 'c'], true, false]);
    c.leave();
    expect([woken, a.take()]).toEqual([['b', 'c', 'a'], true]);
  });

  it('pass over those who no longer want them', () => {
    const { woken, a, b, c } = threeTurns((name) => name !== 'b');
    expect([a.take(), b.take(), c.take()]).toEqual([true, false, false]);
    a.leave();
    expect([woken, c.take()]).toEqual([['b', 'c'], true]);
    c.leave();
    expect([woken, b.take()]).toEqual([['b', 'c'], true]);
  });

  it('go on to the next where the first gives up after it was woken', () => {
    const { woken, a, b, c } = threeTurns();
    expect([a.take(), b.take(), c.take()]).toEqual([true, false, false]);
    a.leave();
    b.leave();
    expect([woken, c.take()]).toEqual([['b', 'c'], true]);
  });

  it('are not given back by one who has none', () => {
    const { woken, a, b, c } = threeTurns();
    expect([a.take(), b.take()]).toEqual([true, false]);
    c.leave();
    b.leave();
    expect([woken, b.take(), a.take()]).toEqual([[], false, true]);
  });
});
