import { readFileSync } from 'node:fs';

/** The card that this installation came with, Markdown; null where there is none. `policy` is a name of the registry. */
export function cardOf(policy: string): string | null {
  try {
    return readFileSync(new URL(`../../docs/models/${policy}.md`, import.meta.url), 'utf8');
  } catch {
    return null; // an installation without its documentation
  }
}
