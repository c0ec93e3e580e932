/**
 * What was served with each prompt version, and its reward: for `tipstream policies prompts` and for the running service, which
 * must not wait for it.
 */
import { TipstreamError } from '../../errors.js';
import { comparePrompts, type PromptCounts } from '../../evaluation/prompt-comparison.js';
import { compareCodePoints } from '../../events/strings.js';
import type { PromptsDocument } from '../application.js';
import { FIRST_PROMPT_VERSION } from '../../prompts/registry.js';
import { rewardRangeOf, type RewardRange } from '../../policies/controls/reward-rules.js';
import { sharedControls } from '../../store/queries/shared-controls.js';
import type { ControlEvent } from '../../topics.js';
import { decisionPrompts } from '../../store/queries/decision-prompts.js';
import { inSlices } from './in-slices.js';

const ALPHA = 0.05;

export interface ServedPrompts {
  readonly counts: readonly PromptCounts[];
  /** What rewards have ever been able to be. */
  readonly range: RewardRange;
}

/**
 * By version in code point order, those that name none last. Reads only, the state files' writer may go on. Throws no_data,
 * state_mismatch and the signal's reason.
 */
export async function servedPrompts(
  paths: readonly string[],
  signal: AbortSignal,
  onDecision: () => void = () => undefined,
): Promise<ServedPrompts> {
  const counts = new Map<string | null, { rewarded: number; rewards: number; open: number }>();
  const controls: ControlEvent[] = [];
  for (const path of paths) {
    controls.push(...sharedControls(path));
    await inSlices(decisionPrompts(path), signal, ({ promptVersion, reward }) => {
      let count = counts.get(promptVersion);
      if (count === undefined) counts.set(promptVersion, (count = { rewarded: 0, rewards: 0, open: 0 }));
      if (reward === null) count.open++;
      else {
        count.rewarded++;
        count.rewards += reward;
      }
      onDecision();
    });
  }
  return {
    counts: [...counts]
      .map(([promptVersion, count]) => ({ promptVersion, ...count }))
      .sort((a, b) => byVersion(a.promptVersion, b.promptVersion)),
    range: rewardRangeOf(controls),
  };
}

/**
 * @param against the version that the others are compared with; absent: the first of all where it was served, else the first by name.
 * Throws prompt_not_found.
 */
export function promptsDocument({ counts, range }: ServedPrompts, countedAtMs: number, against?: string): PromptsDocument {
  const served = counts.map(({ promptVersion }) => promptVersion).filter((version) => version !== null);
  if (against !== undefined && !served.includes(against)) {
    throw new TipstreamError('prompt_not_found', `no decision was served with prompt version ${JSON.stringify(against)}`, {
      hint:
        served.length === 0
          ? 'Serve tips with a prompt_version first: no serving names any.'
          : `Choose one of those that were served: ${served.join(', ')}.`,
      details: { prompt_version: against },
    });
  }
  const base = against ?? (served.includes(FIRST_PROMPT_VERSION) ? FIRST_PROMPT_VERSION : (served[0] ?? null));
  return { ...comparePrompts(counts, base, range, ALPHA), counted_at_ms: countedAtMs };
}

function byVersion(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareCodePoints(a, b);
}
