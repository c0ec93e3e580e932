/** Another process that writes to the embedded log and does not come to an end: it can be read meanwhile, and nothing can be appended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const HOLDS_IT = `
const database = new (require('better-sqlite3'))(process.argv[1]);
database.exec('BEGIN IMMEDIATE');
process.stdout.write('locked');
process.stdin.on('end', () => database.close()).resume();`;

/** Resolves once the log of this data directory is locked, with a function that ends the other process; the end of the test does, too. */
export async function lockedElsewhere(directory: string): Promise<() => Promise<void>> {
  const other = spawn(process.execPath, ['-e', HOLDS_IT, join(directory, 'log.db')], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(other, 'exit');
  const release = async () => {
    other.stdin.end();
    await ended;
  };
  onTestFinished(release);
  const locked = await Promise.race([once(other.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!locked) throw new Error('the other process could not lock the log');
  return release;
}
