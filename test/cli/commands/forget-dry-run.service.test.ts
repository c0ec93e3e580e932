/** `forget --dry-run` where no service runs: it says what there is, what waits in the log too, and changes no file. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forgetCommand } from '../../../src/cli/commands/forget.js';
import type { ForgetResult } from '../../../src/forgetting/job.js';
import { runCommand } from '../../support/cli-in-process.js';
import { newDirectory } from '../../support/embedded/directory.js';
import { EmbeddedService, recordOf } from '../../support/embedded/service.js';

const served = (user_id: string) => recordOf('tip.served', { user_id, tip_id: 't1', served_at_ms: Date.now() - 5 });

it('a dry run applies nothing of what waits in the log, and leaves every file as it was', async () => {
  const embedded = await EmbeddedService.open(newDirectory(), {});
  await embedded.append(served('ana'));
  await embedded.start();
  await embedded.catchUp();
  await embedded.stop();
  await embedded.append(served('late'));
  await embedded.log.close();
  const before = filesOf(embedded.directory);
  const asked = async (userId: string) => {
    const { code, stdout, stderr } = await runCommand(
      [forgetCommand],
      ['forget', userId, '--dry-run', '--json', '--data', embedded.directory],
    );
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as ForgetResult;
  };
  expect(await asked('ana')).toMatchObject({ found: true, in_state: true, receipt: null });
  expect(await asked('late')).toMatchObject({
    ...{ found: true, in_state: false, receipt: null },
    records: [{ topic: 'tip.served', partition: embedded.partitionOf('late'), records: 1 }],
  });
  expect(await asked('nobody')).toMatchObject({ found: false, in_state: false, records: [] });
  expect(filesOf(embedded.directory)).toEqual(before);
});

it('a dry run on a directory in which nothing has run yet makes no state', async () => {
  const embedded = await EmbeddedService.open(newDirectory(), {});
  await embedded.append(served('ana'));
  await embedded.log.close();
  const { code, stderr } = await runCommand([forgetCommand], ['forget', 'ana', '--dry-run', '--data', embedded.directory]);
  expect(code).toBe(0);
  expect(stderr).toContain('would forget: 1 records in 1 partitions of topics, no rows in the state');
  expect(readdirSync(embedded.directory)).not.toContain('state');
});

/** Path -> digest of the content. A reader of SQLite leaves an index (-shm) and an empty write-ahead log beside the file. */
function filesOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name))] as const);
  const own = contents.filter(([path, bytes]) => !path.endsWith('-shm') && !(path.endsWith('-wal') && bytes.length === 0));
  return Object.fromEntries(own.map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]));
}
