/** Counts what was served with each prompt version over the state files of a data directory. Reads only; the service may run meanwhile. */
import { setImmediate } from 'node:timers/promises';
import { compareCodePoints } from '../../events/strings.js';
import type { PromptCounts } from '../../evaluation/prompt-comparison.js';
import { decisionPrompts } from '../../store/decision-prompts.js';
import { generationDirectory, partitionFile, partitionsIn } from '../../store/layout.js';

const DECISIONS_AT_ONCE = 5_000;

/** By version in code point order, those that name none last. Throws no_data, state_mismatch and the signal's reason. */
export async function servedPrompts(dataDirectory: string, signal: AbortSignal, onProgress?: (decisions: number) => void): Promise<PromptCounts[]> {
  const generation = generationDirectory(dataDirectory);
  const counts = new Map<string | null, { done: number; notDone: number; open: number }>();
  let decisions = 0;
  for (const partition of partitionsIn(generation)) {
    for (const { promptVersion, reward } of decisionPrompts(partitionFile(generation, partition))) {
      let count = counts.get(promptVersion);
      if (count === undefined) counts.set(promptVersion, (count = { done: 0, notDone: 0, open: 0 }));
      count[reward === null ? 'open' : reward === 1 ? 'done' : 'notDone']++;
      if (++decisions % DECISIONS_AT_ONCE !== 0) continue;
      onProgress?.(decisions);
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  return [...counts].map(([promptVersion, count]) => ({ promptVersion, ...count })).sort((a, b) => byVersion(a.promptVersion, b.promptVersion));
}

function byVersion(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareCodePoints(a, b);
}
