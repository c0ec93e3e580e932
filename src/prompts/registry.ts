/** Every version of the prompt, by name. Adding one is a file of its own and a line here. */
import { TipstreamError } from '../errors.js';
import type { PromptVersion } from './prompt.js';
import { promptV1 } from './v1.js';
import { promptV2 } from './v2.js';

export const PROMPT_VERSIONS: readonly PromptVersion[] = [promptV1, promptV2];

/** Used where neither a request nor an option says otherwise. */
export const FIRST_PROMPT_VERSION = promptV1.name;

const BY_NAME = new Map(PROMPT_VERSIONS.map((version) => [version.name, version]));

/** The version of that name; throws prompt_not_found. */
export function promptVersionNamed(name: string): PromptVersion {
  const version = BY_NAME.get(name);
  if (version === undefined) {
    throw new TipstreamError('prompt_not_found', `there is no prompt version named ${JSON.stringify(name)}`, {
      hint: `Choose one of ${PROMPT_VERSIONS.map((known) => known.name).join(', ')}.`,
      details: { prompt_version: name },
    });
  }
  return version;
}
