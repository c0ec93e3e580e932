/** Follows docs/features.md from the file to the proof, and compares what is printed. */
import { afterAll } from 'vitest';
import { DocsShell } from './docs-shell.js';
import { followTours } from './tours.js';

const terminal = new DocsShell();
afterAll(() => terminal.dispose());

followTours([['docs/features.md', 'An example']], terminal);
