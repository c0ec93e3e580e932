/** A process that is killed while its thread copies write-ahead logs: what is committed stays, and the rest is read again. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { loadEvents } from '../../../bench/load.js';
import { randomStream } from '../../../src/random.js';
import { EmbeddedDirectory } from '../../support/embedded/process.js';

const EVENTS = 240_000;
const USERS = 12_000;
const KILLS = 3;
const BEGUN_WITHIN_MS = 30_000;

let directory: EmbeddedDirectory;
afterEach(() => directory.close());

/** Of the state files without their write-ahead logs. While the process runs, nobody but the thread copies so early. */
function copiedBytes(): number {
  const folder = join(directory.data, 'state', 'gen-000001');
  const files = readdirSync(folder).filter((name) => name.endsWith('.db'));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

describe('a process that is killed while write-ahead logs are copied', () => {
  it('leaves state files from which the next one goes on', async () => {
    directory = await EmbeddedDirectory.open();
    await loadEvents(directory.log, '', 4, { events: EVENTS, users: USERS, endMs: Date.now() - 60_000, withDecisions: false });
    const random = randomStream(1, 'kills');
    for (let kill = 0; kill < KILLS; kill++) {
      const killed = directory.start();
      await killed.joined;
      const before = copiedBytes();
      for (const deadline = performance.now() + BEGUN_WITHIN_MS; copiedBytes() === before; await pause(1))
        if (performance.now() > deadline) expect.fail('nothing was copied');
      await pause(random.integer(0, 40));
      killed.child.kill('SIGKILL');
      await killed.ended;
    }
    expect(await directory.run('start', '--until-caught-up', '--no-http')).toMatchObject({ code: 0 });
    expect(await directory.run('verify', '--json')).toMatchObject({ code: 0 });
  });
});
