/**
 * npm run simulate:faults [-- --seed 4711] [--from 1] [--seeds 1000] [--trace] [--hashes] [--stop]
 * Exits with 1 when something did not hold, and says how to see that seed alone.
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulate.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    trace: { type: 'boolean', default: false },
    hashes: { type: 'boolean', default: false },
    stop: { type: 'boolean', default: false },
  },
});
const one = values.seed === undefined ? undefined : Number(values.seed);
const from = one ?? Number(values.from);
const count = one === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count)) throw new Error('--seed, --from and --seeds are whole numbers');

const startedMs = performance.now();
let failed = 0;
let lives = 0;
let records = 0;
const passed = new Map<string, number>();
for (let seed = from; seed < from + count; seed++) {
  const outcome = await simulate(seed, one === undefined && !values.trace ? undefined : (line) => console.log(line));
  if (values.hashes) console.log(seed, outcome.hash);
  lives += outcome.lives;
  records += outcome.records;
  for (const [point, times] of outcome.passed) passed.set(point, (passed.get(point) ?? 0) + times);
  if (outcome.failure === undefined) continue;
  failed++;
  const { failure } = outcome;
  console.error(`seed ${seed}: ${failure instanceof Error ? failure.stack : String(failure)}`);
  if (one === undefined) console.error(`  see it alone: npm run simulate:faults -- --seed ${seed}`);
  if (values.stop) break;
}
const tookS = (performance.now() - startedMs) / 1000;
console.log(
  `${count} seeds, ${failed} failed; ${records} records, ${lives} lives; ${tookS.toFixed(1)} ` +
    `s, ${((tookS * 1000) / count).toFixed(0)} ms a seed`,
);
if (one === undefined) console.log(`passed: ${[...passed].map(([point, times]) => `${point} ${times}`).join('; ')}`);
process.exitCode = failed === 0 ? 0 : 1;
