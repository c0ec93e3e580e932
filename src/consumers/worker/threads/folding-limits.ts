import type { ResourceLimits } from 'node:worker_threads';

/**
 * Of a thread that folds, live or in a rebuild. Most of what a batch makes is dead at its end: room for it to die young. The rest is
 * collected when the heap has grown by a factor, which V8 derives from its bound: 1.3 at 256 MiB, 1.7 at 1,200 MiB, and four times from
 * 2,048 MiB on.
 */
export const FOLDING_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 1_200 };
