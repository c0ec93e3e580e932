/** Rewriting log.db: what was deleted is gone from its bytes, and whoever reads meanwhile is answered. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LOG_FILE_NAME } from '../../../src/log/sqlite/index.js';
import { record } from '../contract/fixture.js';
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
  const holds = () => ['', '-wal'].some((suffix) => readFileSync(join(directory, `${LOG_FILE_NAME}${suffix}`)).includes(SECRET));
  return { log, holds };
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
