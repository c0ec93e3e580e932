import { describe, expect, it } from 'vitest';
import { answerTo } from '../../../src/demo/rehearsal/answer.js';
import { DAY_MS, People, type RehearsalPlan } from '../../../src/demo/rehearsal/people.js';
import { PERSONAS } from '../../../src/simulation/persona.js';

const START_MS = Date.UTC(2026, 8, 1);
const plan: RehearsalPlan = { seed: 3, personas: PERSONAS, users: 40, newcomersPerDay: 5, candidates: 4, startMs: START_MS };

describe('the people of a rehearsal', () => {
  it('ask in the order of time, each decision once, whether the days are taken at once or in parts', () => {
    const atOnce = new People(plan).questionsUntil(START_MS + 4 * DAY_MS);
    const parts = new People(plan);
    const inParts = Array.from({ length: 16 }, (_, quarter) => parts.questionsUntil(START_MS + ((quarter + 1) * DAY_MS) / 4)).flat();
    expect(inParts).toEqual(atOnce);
    expect(new Set(atOnce.map(({ decisionId }) => decisionId)).size).toBe(atOnce.length);
    const times = atOnce.map(({ decision }) => decision.requestedAtMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(atOnce.length).toBeGreaterThan(500);
  });

  it('have candidates whose ids are those of nobody else', () => {
    const ids = new People(plan)
      .questionsUntil(START_MS + 2 * DAY_MS)
      .flatMap(({ decision }) => decision.candidates.map(({ tip_id: tipId }) => tipId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('arrive at the beginning or on a day of their own', () => {
    const asking = (fromDay: number, untilDay: number) => {
      const people = new People(plan);
      people.questionsUntil(START_MS + fromDay * DAY_MS);
      return new Set(people.questionsUntil(START_MS + untilDay * DAY_MS).map(({ userId }) => Number(userId.split('-').at(-1))));
    };
    expect(Math.max(...asking(0, 1))).toBeLessThanOrEqual(40);
    const onDayFour = asking(3, 4);
    expect(Math.max(...onDayFour)).toBeGreaterThan(50);
    expect(Math.max(...onDayFour)).toBeLessThanOrEqual(55);
  });

  it('answer as the simulated world says, and most often for the best candidate', () => {
    const [best, worst] = [0, 0].map(() => ({ asked: 0, done: 0 })) as [{ asked: number; done: number }, { asked: number; done: number }];
    for (const question of new People(plan).questionsUntil(START_MS + 10 * DAY_MS)) {
      const { chances, fates, candidates } = question.decision;
      for (const [tally, chance] of [
        [best, Math.max(...chances)],
        [worst, Math.min(...chances)],
      ] as const) {
        const index = chances.indexOf(chance);
        const { served, feedback } = answerTo(question, {
          decision_id: question.decisionId,
          chosen_tip_id: candidates[index]!.tip_id,
          policy: 'egreedy-v1',
        });
        expect(served.tip_id).toBe(candidates[index]!.tip_id);
        expect(feedback?.action === 'done').toBe(fates[index]! < chance);
        tally.asked++;
        tally.done += Number(feedback?.action === 'done');
      }
    }
    expect(best.done / best.asked).toBeGreaterThan(worst.done / worst.asked + 0.2);
  });
});
