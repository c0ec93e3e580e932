/** Rewriting log.db: what was deleted is gone from its bytes, and whoever reads meanwhile is answered. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LOG_FILE_NAME } from '../../../src/log/sqlite/index.js';
import { record } from '../contract/fixture.js';
import { lockedElsewhere } from '../../support/log/locked-elsewhere.js';
import { sqliteLog, temporaryDirectory, topicOf } from '../../support/log/sqlite-logs.js';

const SECRET = 'bytes-that-go';

async function filled() {
  const directory = await temporaryDirectory();
  const log = await sqliteLog({ directory });
  await log.createTopics([topicOf('t', 1)]);
  for (let i = 0; i < 20; i++) await log.append([record('t', 0, SECRET), record('t', 0, 'x'.repeat(50_000))]);
  await log.erasing.erase(
    't',
    0,
    Array.from({ length: 20 }, (_, i) => 2 * i),
  );
  const path = join(directory, LOG_FILE_NAME);
  const holds = () => ['', '-wal'].some((suffix) => readFileSync(`${path}${suffix}`).includes(SECRET));
  return { log, path, holds };
}

it('the event loop turns meanwhile, and reads and appends come to their end', async () => {
  const { log, holds } = await filled();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const scrubbing = log.erasing.scrub();
  const appended = log.append([record('t', 0, 'later')]);
  expect((await log.offsets('t')).get(0)!.end).toBeGreaterThanOrEqual(40);
  expect(await scrubbing).toBe(true);
  clearInterval(timer);
  // Starting a process alone takes longer than that.
  expect(ticks).toBeGreaterThan(5);
  expect((await appended)[0]).toMatchObject({ offset: 40 });
  expect(holds()).toBe(false);
});

it('ends with the signal, and with the log, and can be asked for again', async () => {
  const { log, holds } = await filled();
  const reason = new Error('stopped');
  const stopping = new AbortController();
  const stopped = log.erasing.scrub(stopping.signal);
  setImmediate(() => stopping.abort(reason));
  await expect(stopped).rejects.toBe(reason);
  expect(await log.erasing.scrub()).toBe(true);
  expect(holds()).toBe(false);
  const closed = log.erasing.scrub();
  closed.catch(() => undefined);
  await log.close();
  await expect(closed).rejects.toMatchObject({ code: 'log_unavailable' });
});

it('ends when the process that asked for it is killed, and the log is whole', async () => {
  const { log, path, holds } = await filled();
  await lockedElsewhere(dirname(path)); // the copy waits for that for five seconds
  const asking = spawn(process.execPath, ['--import', REGISTER, '--input-type=module', '--eval', ASKS, '--', SCRUB_PROCESS, path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => void asking.kill('SIGKILL'));
  await expect.poll(() => copiersOf(path), { timeout: 20_000 }).toHaveLength(1);
  asking.kill('SIGKILL');
  await expect.poll(() => copiersOf(path), { timeout: 2_500 }).toEqual([]);
  expect(await log.read({ topic: 't', partition: 0, from: 0, to: 2 })[Symbol.asyncIterator]().next()).toMatchObject({ done: false });
  expect(holds()).toBe(true);
});

const REGISTER = new URL('../../support/typescript-register.mjs', import.meta.url).href;
const SCRUB_PROCESS = new URL('../../../src/log/sqlite/scrub-process.ts', import.meta.url).href;
const ASKS = `
const [module, path] = process.argv.slice(1);
await (await import(module)).scrubbedByProcess(path, new AbortController().signal);`;

/** Command lines of processes that rewrite this log. */
function copiersOf(path: string): string[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(path) && !line.includes(SCRUB_PROCESS) && !line.includes('BEGIN IMMEDIATE'));
}
