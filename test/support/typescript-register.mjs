/** `node --import ./test/support/typescript-register.mjs file.ts` runs the sources as they are, on every Node that the project supports. */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
