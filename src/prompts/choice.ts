/**
 * Which version of the prompt a decision gets. The first of these that says anything: the request; the list over which versions
 * rotate; the default.
 *
 * Of a list, a decision always gets the same version: the draw is a function of its decision_id alone, so neither a repeated request
 * nor a restart nor another process changes it. Each entry has the same share; an entry that is listed twice has twice that. Another
 * list is another experiment.
 */
import { drawUniform } from '../policies/draw.js';
import type { PromptVersion } from './prompt.js';
import { FIRST_PROMPT_VERSION, promptVersionNamed } from './registry.js';

export interface PromptSettings {
  /** TIP_PROMPT_VERSION; empty: nothing rotates. */
  readonly rotation: readonly PromptVersion[];
  /** DEFAULT_PROMPT_VERSION, or v1. */
  readonly fallback: PromptVersion;
}

/** Stands in the draw where decisions have the name of a policy, so that the two draws of a decision have nothing to do with each other. */
const DRAW = 'prompt_version';

/** Throws prompt_not_found, which names the versions there are. */
export function promptSettings(rotation: readonly string[] = [], fallback: string = FIRST_PROMPT_VERSION): PromptSettings {
  return { rotation: rotation.map(promptVersionNamed), fallback: promptVersionNamed(fallback) };
}

/** `decisionId` of a request that names none: any fresh id, so that such requests are spread too. Throws prompt_not_found. */
export function choosePromptVersion(settings: PromptSettings, requested: string | undefined, decisionId: string): PromptVersion {
  if (requested !== undefined) return promptVersionNamed(requested);
  const { rotation, fallback } = settings;
  if (rotation.length === 0) return fallback;
  return rotation[Math.floor(drawUniform(DRAW, '', decisionId) * rotation.length)]!;
}
