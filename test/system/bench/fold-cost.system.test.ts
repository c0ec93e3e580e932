/**
 * What an event costs, as a multiple of reference work done in turns with it: a change that makes folding much dearer fails here,
 * and a busy machine does not, because it slows down both.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** As `bench/fold-cost.ts` prints it, by Node's major version. Lower it when folding has become cheaper. */
const RECORDED: Readonly<Record<string, number>> = { 20: 3.05 };
/** Versions of Node that nothing was recorded for optimise otherwise: for them, only a much dearer fold is noticed. */
const OF_OTHERS = 4.5;
const LOSS = 1.15;
/** Other programs only add to what was measured, so the lowest counts. */
const ATTEMPTS = 4;

async function ratioOf(args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', './test/support/typescript-register.mjs', 'bench/fold-cost.ts', ...args],
    { cwd: ROOT, timeout: 120_000 },
  );
  return (JSON.parse(stdout) as { ratio: number }).ratio;
}

async function lowestRatio(below: number, args: readonly string[] = []): Promise<number> {
  let lowest = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && lowest > below; attempt++) lowest = Math.min(lowest, await ratioOf(args));
  return lowest;
}

describe('the cost of folding', () => {
  const recorded = RECORDED[process.versions.node.split('.')[0]!];
  const limit = recorded === undefined ? OF_OTHERS : recorded * LOSS;

  it(`is at most ${limit.toFixed(2)} times that of the reference work`, async () => {
    expect(await lowestRatio(limit)).toBeLessThan(limit);
  });

  const wasted = recorded === undefined ? 1.5 : 0.7;
  it(`is above the limit for a fold that takes ${wasted} of its own time longer`, async () => {
    expect(await lowestRatio(limit, ['--slower', String(wasted)])).toBeGreaterThan(limit);
  });
});
