import { defineConfig } from 'vitest/config';

/** Tiers by suffix: each can be run alone with `npx vitest run --project NAME`. */
const tier = (name: string, extra: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/**/*.${name}.test.ts`], testTimeout: 30_000, hookTimeout: 60_000, ...extra },
});

export default defineConfig({
  test: {
    projects: [
      tier('unit'),
      tier('property', { testTimeout: 120_000 }),
      tier('contract'),
      tier('e2e', { testTimeout: 360_000, hookTimeout: 240_000, fileParallelism: false, globalSetup: ['test/support/kafka-global-setup.ts'] }),
    ],
  },
});
