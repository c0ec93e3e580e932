import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LessonQueue } from '../../src/evaluation/lesson-queue.js';

describe('lessons that wait', () => {
  it('come out when they are known, first known first, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ knownFromMs: fc.nat(50), askedAtMs: fc.nat(50) }), { maxLength: 60 }), (steps) => {
        const queue = new LessonQueue();
        let waiting: number[] = [];
        for (const { knownFromMs, askedAtMs } of steps) {
          queue.add({ knownFromMs, x: [], reward: 1 });
          waiting.push(knownFromMs);
          const expected = waiting.filter((at) => at < askedAtMs).sort((a, b) => a - b);
          waiting = waiting.filter((at) => at >= askedAtMs);
          const taken: number[] = [];
          for (let lesson = queue.takeKnown(askedAtMs); lesson !== undefined; lesson = queue.takeKnown(askedAtMs))
            taken.push(lesson.knownFromMs);
          expect(taken).toEqual(expected);
        }
      }),
    );
  });
});
