/** `npm run bench:peers` at the smallest size, without the peers whose jars have to be fetched. Whether numbers are good is not asked. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../bench/peers/results.js';
import { sharedBroker } from '../../support/broker/shared.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const brokers = await sharedBroker();

const bench = (args: readonly string[]) =>
  promisify(execFile)(process.execPath, ['--import', './test/support/typescript-register.mjs', 'bench/peers/run.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, KAFKA_BROKERS: brokers ?? '' },
    timeout: 300_000,
  });

describe.skipIf(brokers === null)('the comparison', () => {
  it('runs contenders in turns on each shape of the events, to the last commit', async () => {
    const worlds = ['plain', 'batches-of-100'];
    const size = ['--events', '600', '--users', '20', '--rounds', '1'];
    const contenders = ['kafkajs', 'tipstream-kafka'];
    const { stdout, stderr } = await bench([
      ...size,
      ...worlds.flatMap((name) => ['--world', name]),
      ...contenders.flatMap((name) => ['--only', name]),
      '--json',
      '--no-save',
    ]);
    const { worlds: compared, does } = JSON.parse(stdout) as Comparison;
    expect(Object.keys(does)).toEqual(contenders);
    expect(compared.map(({ world }) => world)).toEqual(worlds);
    for (const { standings } of compared) {
      expect(standings.map(({ contender, turns, failed }) => [contender, turns.map(({ events }) => events), failed])).toEqual(
        contenders.map((name) => [name, [600], undefined]),
      );
      for (const { tookMs, cpuSeconds, peakRssMib } of standings.flatMap(({ turns }) => turns)) {
        expect(Math.min(tookMs, cpuSeconds, peakRssMib!)).toBeGreaterThan(0);
      }
    }
    expect(stderr).toContain('tipstream-kafka to it');
  });

  it('refuses a contender or a shape that it does not know, and names those it does', async () => {
    await expect(bench(['--only', 'spark'])).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('--only takes kafkajs,') });
    await expect(bench(['--world', 'flat'])).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('--world takes plain,') });
  });
});
