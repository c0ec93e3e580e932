import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

/**
 * Tiers by suffix: each can be run alone with `npx vitest run --project NAME`. CONTRIBUTING.md says what belongs in which.
 * Without `isolate` files share a process and what it has loaded: to load it takes longer than many of them.
 */
const tier = (name: string, extra: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/**/*.${name}.test.ts`], testTimeout: 30_000, hookTimeout: 60_000, ...extra },
});
/** They start processes, and wait for them and for brokers. */
const PROCESSES = { testTimeout: 360_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    // More than there are cores: a file that starts processes waits for a third of its time.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      tier('unit', { isolate: false }),
      tier('property', { isolate: false, testTimeout: 120_000 }),
      tier('service', { isolate: false, testTimeout: 120_000 }),
      tier('system', PROCESSES),
      tier('browser', PROCESSES),
      tier('kafka', { ...PROCESSES, globalSetup: ['test/support/broker/global-setup.ts'] }),
    ],
  },
});
