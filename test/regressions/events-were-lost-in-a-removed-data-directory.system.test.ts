/** A service whose data directory is removed or replaced says so within a few seconds, takes no more events, and fails. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EmbeddedDirectory } from '../support/embedded/process.js';

const NOTICES_WITHIN_MS = 5_000;

const fatalLines = (stderr: string) => stderr.split('\n').filter((line) => /"level":("fatal"|60)/.test(line));

it.each([
  ['the directory is removed', (data: string) => rmSync(data, { recursive: true, force: true }), /was removed while it was open/],
  ['the directory is moved away', (data: string) => renameSync(data, `${data}-elsewhere`), /was removed while it was open/],
  [
    'log.db is put back from a copy',
    (data: string) => {
      cpSync(join(data, 'log.db'), join(data, 'copy.db'));
      renameSync(join(data, 'copy.db'), join(data, 'log.db'));
    },
    /log\.db was replaced while it was open/,
  ],
  ['the write-ahead log is removed', (data: string) => rmSync(join(data, 'log.db-wal')), /log\.db-wal was removed while it was open/],
  [
    'a state file is removed',
    (data: string) => rmSync(join(data, 'state', 'gen-000001', 'partition-0002.db')),
    /partition-0002\.db was removed while it was open/,
  ],
] as const)('%s', async (_, harm, says) => {
  const embedded = await EmbeddedDirectory.open();
  const started = embedded.start();
  await started.joined;
  const beforeMs = Date.now();
  harm(embedded.data);
  const { code } = await started.ended;
  expect(Date.now() - beforeMs).toBeLessThan(NOTICES_WITHIN_MS + 5_000); // and a stop within five seconds
  expect(code).toBe(1);
  expect(fatalLines(started.stderr())).toHaveLength(1);
  expect(fatalLines(started.stderr())[0]).toMatch(says);
  await embedded.log.close().catch(() => undefined);
});

it('an append to a log that was removed is refused, also before the service has noticed', async () => {
  const embedded = await EmbeddedDirectory.open();
  await embedded.log.append([{ topic: 'tip.served', key: null, value: Buffer.from('before'), partition: 0 }]);
  rmSync(embedded.data, { recursive: true, force: true });
  await expect(embedded.log.append([{ topic: 'tip.served', key: null, value: Buffer.from('after'), partition: 0 }])).rejects.toMatchObject({
    code: 'log_failed',
    message: expect.stringContaining('was removed while it was open') as string,
  });
  await embedded.log.close().catch(() => undefined);
});
