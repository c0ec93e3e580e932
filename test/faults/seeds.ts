/** The seeds that every test run goes through, in parts that run beside each other, and what a failing one says. */
import { describe, expect, it } from 'vitest';
import { FAULT_POINTS, type FaultPoint } from '../../src/fault-points.js';
import { simulate, type Outcome } from './simulate.js';

const PARTS = 3;
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 600);
const FROM = Number(process.env.SIMULATION_FROM ?? 1);
const ONLY = process.env.SIMULATION_SEED === undefined ? undefined : Number(process.env.SIMULATION_SEED);
/** In one test, so that progress shows and none takes for ever. */
const AT_ONCE = 25;
const LINES_SHOWN = 60;
/** Snapshots have tests of their own, and other definitions too. */
const REACHED = FAULT_POINTS.filter((point) => /^(batch|publish|offsets|prune|rebuild|swap|forget)/.test(point));

export function replayable({ seed, trace, failure }: Outcome): Error {
  const shown = trace.slice(-LINES_SHOWN);
  const why = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return new Error(
    [
      `seed ${seed}: ${why}`,
      `see all of it: npm run simulate:faults -- --seed ${seed}`,
      ...(shown.length < trace.length ? [`the last ${shown.length} of ${trace.length} lines:`] : []),
      ...shown,
    ].join('\n'),
  );
}

async function expectToHold(seeds: readonly number[], passed = new Set<FaultPoint>()): Promise<void> {
  const failed: Outcome[] = [];
  for (const seed of seeds) {
    const outcome = await simulate(seed);
    for (const point of outcome.passed.keys()) passed.add(point);
    if (outcome.failure !== undefined) failed.push(outcome);
  }
  if (failed.length > 0)
    throw new AggregateError(
      failed.map(replayable),
      `seeds ${failed.map(({ seed }) => seed).join(', ')}\n${replayable(failed[0]!).message}`,
    );
}

/** Part `part` of 3. */
export function seedsOfPart(part: number): void {
  describe(`the simulation, part ${part} of ${PARTS}`, () => {
    if (ONLY !== undefined) return void it(`seed ${ONLY}`, () => (part === 1 ? expectToHold([ONLY]) : undefined), 600_000);
    const own = Array.from({ length: SEEDS }, (_, i) => FROM + i).filter((seed) => seed % PARTS === part - 1);
    const passed = new Set<FaultPoint>();
    for (let at = 0; at < own.length; at += AT_ONCE) {
      const some = own.slice(at, at + AT_ONCE);
      it(`seeds ${some[0]} to ${some.at(-1)}`, () => expectToHold(some, passed), 600_000);
    }
    // Else a part of the pipeline has never been run, let alone been ended in the middle.
    if (own.length >= 200)
      it('passes every point of batches, publishing, prunes, rebuilds, swaps and forgettings', () =>
        expect([...passed].sort()).toEqual(REACHED.toSorted()));
  });
}
