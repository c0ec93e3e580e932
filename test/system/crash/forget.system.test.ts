/** SIGKILL while a user is forgotten: docs/semantics.md, "What a crash leaves". */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { isIntact, type Receipt } from '../../../src/forgetting/receipt.js';
import { crashesOf } from '../../support/crash/matrix.js';
import { CrashWorld } from '../../support/crash/world.js';
import { TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { named, verified } from '../../support/planted-state.js';

/** None of the others has an id that begins with it. */
const USER = 'user-7';

describe('forgetting killed', () => {
  it.concurrent.for(crashesOf('forget'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(3);
    onTestFinished(() => world.close());
    await world.restarts();
    const { users } = world.embedded.digest(TRAFFIC_AS_OF_MS);
    await world.dies(point, passing, { action: 'forget', userId: USER });
    const begun = point !== 'forget: held';
    await endsIt(world, begun);
    expect(world.embedded.digest(TRAFFIC_AS_OF_MS).users).toBe(begun ? users - 1 : users);
  });

  it.for([200, 500])('%i ms after log.db began to be rewritten', async (afterMs, { onTestFinished }) => {
    const world = await CrashWorld.open(3);
    onTestFinished(() => world.close());
    await world.restarts();
    const path = join(world.embedded.directory, 'log.db');
    // So that copying it takes a second or so.
    const log = new Database(path);
    log.exec('CREATE TABLE ballast (bytes BLOB)');
    for (let i = 0; i < 150; i++) log.exec('INSERT INTO ballast VALUES (randomblob(1000000))');
    await world.dies('forget: records deleted', 1, { action: 'forget', userId: USER, afterMs });
    await expect.poll(() => processesNaming(path), { timeout: 2_500 }).toEqual([]);
    expect(log.pragma('quick_check', { simple: true })).toBe('ok');
    log.exec('DROP TABLE ballast');
    log.close();
    await endsIt(world, true);
  });
});

/** The next start does what is left. */
async function endsIt(world: CrashWorld, begun: boolean): Promise<void> {
  await world.embedded.start();
  await world.embedded.catchUp();
  for (let tries = 0; begun && receipts(world).length === 0 && tries < 600; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(receipts(world)).toHaveLength(begun ? 1 : 0);
  await world.embedded.stop();
  for (const receipt of receipts(world)) expect(isIntact(receipt)).toBe(true);
  if (begun) expect(filesWith(world.embedded.directory, USER)).toEqual([]);
  expect(named(await verified(world.embedded, { asOfMs: TRAFFIC_AS_OF_MS }))).toEqual([]);
}

function processesNaming(path: string): string[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(path));
}

function receipts(world: CrashWorld): Receipt[] {
  const directory = join(world.embedded.directory, 'receipts');
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Receipt);
}

function filesWith(directory: string, text: string): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => readFileSync(path).includes(text));
}
