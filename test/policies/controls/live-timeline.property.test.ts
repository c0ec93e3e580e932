/** Who is live for whom over many questions is what `liveAt` answers to each. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { liveAt } from '../../../src/policies/controls/control.js';
import { LiveTimeline } from '../../../src/policies/controls/live-timeline.js';
import type { ControlEvent } from '../../../src/topics.js';

const ids = ['a', 'b', 'c', 'd', 'e'];
const control: fc.Arbitrary<ControlEvent> = fc.record({
  control_id: fc.constantFrom(...ids),
  type: fc.constantFrom('promote' as const, 'rollback' as const, 'configure' as const),
  effective_at_ms: fc.nat(6),
  policy: fc.constantFrom('egreedy-v2', 'linucb'),
  percent: fc.constantFrom(20, 60, 100),
  rollout_id: fc.constantFrom(undefined, 'a', 'b'),
  holdout: fc.constantFrom(undefined, 30),
  takes_back: fc.option(fc.constantFrom(...ids), { nil: undefined }),
});

it('answers as liveAt does, in any order of the questions', () => {
  const asked = fc.array(fc.tuple(fc.integer({ min: -1, max: 8 }), fc.constantFrom('ana', 'bo', 'chidi', 'dana')), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.array(control, { maxLength: 8 }), asked, (controls, questions) => {
      const timeline = new LiveTimeline(controls, 'egreedy-v1');
      for (const [atMs, user] of questions) expect(timeline.policyAt(atMs, user)).toBe(liveAt(controls, atMs, user, 'egreedy-v1'));
    }),
    { numRuns: 300 },
  );
});
