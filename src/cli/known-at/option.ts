/** `--known-at FILE`, apart from what it loads. */
import type { CommandOption } from '../command.js';

export const KNOWN_AT_FLAG = '--known-at';

export const knownAtOption: CommandOption = {
  flags: `${KNOWN_AT_FLAG} <file>`,
  help:
    'use only what the log held below these positions, whatever came later: FILE is what `tipstream digest --json` ' +
    'printed then; - is stdin. The log is folded up to there in a scratch folder',
};
