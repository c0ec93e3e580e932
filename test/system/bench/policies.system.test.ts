/**
 * `npm run bench -- --only policies` at the smallest size: what it measures is there and adds up. Whether the numbers are good is not
 * asked here.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { POLICIES } from '../../../src/policies/registry.js';
import type { Results } from '../../../bench/results.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const [USERS, DECISIONS_EACH] = [12, 10 * POLICIES.length];

it('measures scoring, POST /score, simulate and what is kept, for every policy', async () => {
  const size = ['--decisions', String(USERS * DECISIONS_EACH), '--simulated-decisions', '2000', '--seconds', '1'];
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', './test/support/typescript-register.mjs', 'bench/run.ts', '--only', 'policies', ...size, '--json', '--no-save'],
    { cwd: ROOT, maxBuffer: 2 ** 24, timeout: 300_000 },
  );
  const { mix, policies, targets } = JSON.parse(stdout) as Results;
  const { scoring, http, history, memory, simulation } = policies!;
  expect(mix).toBeNull();

  expect(scoring.map(({ policy, candidates }) => [policy, candidates])).toEqual(
    POLICIES.flatMap(({ name }) => [
      [name, 10],
      [name, 50],
    ]),
  );
  for (const { candidates, decisionsPerSecond, scoresPerSecond, microseconds } of scoring) {
    expect(decisionsPerSecond).toBeGreaterThan(0);
    expect(scoresPerSecond / decisionsPerSecond / candidates).toBeCloseTo(1, 2);
    expect((microseconds * decisionsPerSecond) / 1e6).toBeCloseTo(1, 1);
  }

  expect(http.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'POST /score, 10 candidates',
      'POST /score recorded, 10 candidates',
      'POST /score/linucb recorded, 50 candidates',
    ]),
  );
  for (const { latencies, cpuMs } of http) {
    expect(latencies.count).toBe(500);
    expect(latencies.p99).toBeGreaterThanOrEqual(latencies.p50);
    expect(latencies.p50).toBeGreaterThan(0);
    if (process.platform === 'linux') expect(cpuMs).toBeGreaterThan(0);
  }

  expect(simulation.decisions).toBeGreaterThan(500);
  expect(simulation.policies).toBe(POLICIES.length);

  expect(history).toEqual({ users: USERS, decisions: USERS * DECISIONS_EACH });
  expect(memory.decisions).toBe(history.decisions);
  expect(memory.rows.map(({ policy, users, stateBytes }) => [policy, users, stateBytes])).toEqual(
    POLICIES.map(({ name, dimension: d }) => [name, USERS, 8 + 8 * (1 + (d * (d + 1)) / 2 + d)]),
  );
  for (const { stateBytes, diskBytes, heapBytes, eventBytes } of memory.rows) {
    expect(diskBytes).toBeGreaterThan(stateBytes);
    expect(heapBytes).toBeGreaterThan(0);
    expect(eventBytes).toBeGreaterThan(500);
  }
  expect(memory.decisionStateBytes).toBeGreaterThan(1_000);
  expect(memory.decisionLogBytes).toBeGreaterThan(memory.decisionStateBytes);

  expect(targets).toHaveLength(http.length + 1);
  for (const { name } of targets) expect(stderr).toContain(name);
});
