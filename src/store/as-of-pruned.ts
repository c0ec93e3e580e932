import { TipstreamError } from '../errors.js';

/**
 * Throws as_of_pruned for a time before `exactFromMs`; null: nothing was pruned. `what` names who asked: a line of a spine. Times are
 * Unix ms.
 */
export function checkExact(asOfMs: number, exactFromMs: number | null, what = ''): void {
  if (exactFromMs === null || asOfMs >= exactFromMs) return;
  const exactFrom = new Date(exactFromMs).toISOString();
  throw new TipstreamError(
    'as_of_pruned',
    `${what}profiles as of ${new Date(asOfMs).toISOString()} are not exact any more: tips that they need ` +
      `have been pruned. The earliest exact time is ${exactFrom}`,
    {
      hint:
        `Ask for ${exactFrom} or later. What the log still holds can be computed from it: put what \`tipstream digest ` +
        `--json\` prints into a file and give it to profile, digest or export with --known-at.`,
      details: { as_of_ms: asOfMs, exact_from_ms: exactFromMs },
    },
  );
}
