import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExampleQueue } from '../../src/evaluation/example-queue.js';

describe('examples that wait', () => {
  it('come out when they are known, first known first, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ knownFromMs: fc.nat(50), askedAtMs: fc.nat(50) }), { maxLength: 60 }), (steps) => {
        const queue = new ExampleQueue();
        let waiting: number[] = [];
        for (const { knownFromMs, askedAtMs } of steps) {
          queue.add({ knownFromMs, x: [], reward: 1 });
          waiting.push(knownFromMs);
          const expected = waiting.filter((at) => at < askedAtMs).sort((a, b) => a - b);
          waiting = waiting.filter((at) => at >= askedAtMs);
          const taken: number[] = [];
          for (let example = queue.takeKnown(askedAtMs); example !== undefined; example = queue.takeKnown(askedAtMs))
            taken.push(example.knownFromMs);
          expect(taken).toEqual(expected);
        }
      }),
    );
  });
});
