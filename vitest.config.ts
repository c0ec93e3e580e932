import { defineConfig } from 'vitest/config';

/** Tiers by suffix: each can be run alone with `npx vitest run --project NAME`. CONTRIBUTING.md says what belongs in which. */
const tier = (name: string, extra: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/**/*.${name}.test.ts`], testTimeout: 30_000, hookTimeout: 60_000, ...extra },
});
/** They start processes, and wait for them more than they compute: with two files at a time no core stands idle. */
const PROCESSES = { testTimeout: 360_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    // By default one core of two would stand idle.
    maxWorkers: '100%',
    projects: [
      tier('unit', { isolate: false }),
      tier('property', { isolate: false, testTimeout: 120_000 }),
      tier('service', { testTimeout: 120_000 }),
      tier('system', PROCESSES),
      tier('browser', PROCESSES),
      tier('kafka', { ...PROCESSES, globalSetup: ['test/support/broker/global-setup.ts'] }),
    ],
  },
});
