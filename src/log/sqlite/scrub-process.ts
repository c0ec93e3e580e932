/** `scrubbed` in a process of its own: SQLite answers nobody else in the thread in which it copies a file, and cannot be ended there. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';

/**
 * As a string, because it runs without anything else of tipstream: from dist/ as from the sources. Its stdin is a pipe that ends with who
 * started it, however they end: a thread waits for that, because SQLite has the other one, and then the copy is given up.
 */
const SCRIPT = `
const [sqlite, path] = process.argv.slice(1);
const { Worker } = require('node:worker_threads');
new Worker("require('node:fs').readSync(0, Buffer.alloc(1)); process.kill(process.pid, 'SIGKILL');", { eval: true });
let said;
try {
  const db = new (require(sqlite))(path, { fileMustExist: true, timeout: 5000 });
  db.pragma('fullfsync = ON');
  db.exec('VACUUM');
  said = { busy: db.pragma('wal_checkpoint(TRUNCATE)')[0].busy };
} catch (error) {
  said = { code: error.code ?? '', message: error.message };
}
require('node:fs').writeSync(1, JSON.stringify(said));
// Without closing the file: who takes himself for the last to close it removes the write-ahead log.
process.kill(process.pid, 'SIGKILL');
`;

/** As `scrubbed`. Throws what SQLite throws, and the signal's reason: then the file is as it was, or the copy is complete. */
export async function scrubbedByProcess(path: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  const child = spawn(process.execPath, ['--eval', SCRIPT, '--', sqlite, path], { stdio: 'pipe', env: {} });
  const end = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  try {
    const closed = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => resolve());
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    signal.throwIfAborted();
    if (stdout === '') throw new Error(`the process that rewrites ${path} ended without an answer: ${stderr.trim()}`);
    const said = JSON.parse(stdout) as { readonly busy: number } | { readonly code: string; readonly message: string };
    if ('message' in said) throw new Database.SqliteError(said.message, said.code);
    return said.busy === 0;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
