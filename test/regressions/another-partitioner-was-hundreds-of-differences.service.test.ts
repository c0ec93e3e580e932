/**
 * verify with another --partitioner or --max-value-bytes than `start` had called users different by the hundred, and start went on with
 * them, so that one state held what two rules accept. The options are in the state file now, and are compared.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { lockData } from '../../src/store/directory/data-lock.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../support/embedded/service.js';
import { named, verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';
import { runReader } from '../support/state-readers.js';

const NOW = 1_796_000_000_000;
const SMALL = { maxValueBytes: 2_048 };
const LARGE = { maxValueBytes: 65_536 };
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
const large = { padding: 'x'.repeat(3_000) };

/** A small and a large event of each kind, folded with these options; stopped. */
async function folded(options: EmbeddedOptions): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock: () => NOW, ...options });
  for (const more of [{}, large]) {
    const n = Object.keys(more).length;
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: `t${n}`, served_at_ms: NOW - 2_000, ...more });
    await embedded.produce('tip.candidates', { user_id: 'ana', decision_id: `d${n}`, requested_at_ms: NOW - 1_000, candidates, ...more });
  }
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

const lettersIn = async (embedded: EmbeddedService) =>
  (await Promise.all(['tip.served-dlt', 'tip.candidates-dlt'].map((topic) => embedded.records(topic)))).map((letters) => letters.length);

it('verify, start and a rebuild of one user name the option, what the state has and what they were given', async () => {
  const embedded = await folded(SMALL);
  const mismatch = {
    code: 'state_mismatch',
    message: expect.stringContaining('was folded with --max-value-bytes 2048; this process has --max-value-bytes 65536') as string,
    hint: expect.stringMatching(
      /^Give --max-value-bytes 2048 as before, or stop .* `tipstream rebuild --max-value-bytes 65536`: /,
    ) as string,
  };
  await expect(verified(embedded, { asOfMs: NOW }, LARGE)).rejects.toMatchObject(mismatch);
  await expect(verified(embedded, { asOfMs: NOW }, { partitioner: 'crc32' })).rejects.toMatchObject({
    message: expect.stringContaining('was folded with --partitioner murmur2; this process has --partitioner crc32') as string,
  });
  await embedded.start(LARGE);
  await expect(embedded.service.caughtUp()).rejects.toMatchObject(mismatch);
  await embedded.stop();
  const then = join(embedded.directory, 'then.json');
  writeFileSync(then, JSON.stringify({ 'tip.served': { 0: 1 } }));
  for (const [reader, more] of [
    ['verify', ['--max-value-bytes', '65536']],
    ['profile', ['--partitioner', 'crc32']],
    ['digest', ['--known-at', then, '--max-value-bytes', '65536']],
  ] as const)
    expect(await runReader(reader, embedded.directory, more)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('[state_mismatch]') as string,
    });
  expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
});

it('a state that does not say is taken, and says from the next start on', async () => {
  const embedded = await folded(SMALL);
  for (const partition of [0, 1]) {
    const db = new Database(embedded.statePath(partition));
    db.exec("DELETE FROM meta WHERE name IN ('partitioner', 'maxValueBytes')");
    db.close();
  }
  expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  await embedded.catchUp();
  await embedded.stop();
  for (const partition of [0, 1])
    expect(embedded.query(partition, "SELECT value FROM meta WHERE name IN ('partitioner', 'maxValueBytes') ORDER BY name")).toEqual([
      { value: '2048' },
      { value: 'murmur2' },
    ]);
});

it('a rebuild changes them: what is refused from then on gets its dead letters, and what was refused stays unanswered', async () => {
  const embedded = await folded(LARGE);
  expect(await lettersIn(embedded)).toEqual([0, 0]);
  const notes: string[] = [];
  const dry = await rebuilt(embedded, { ...SMALL, dryRun: true, notes });
  expect(dry).toMatchObject({ changed_users: 1, other_options: [{ option: '--max-value-bytes', live: '65536', rebuilt: '2048' }] });
  const swapped = await rebuilt(embedded, SMALL);
  expect(swapped).toMatchObject({ swapped: true });
  await expect(verified(embedded, { asOfMs: NOW }, LARGE)).rejects.toMatchObject({ code: 'state_mismatch' });
  expect(named(await verified(embedded, { asOfMs: NOW }, SMALL))).toEqual([]);
  await embedded.start(SMALL);
  await embedded.service.caughtUp();
  await embedded.stop();
  expect(await lettersIn(embedded)).toEqual([1, 1]);
  expect(named(await verified(embedded, { asOfMs: NOW }, SMALL))).toEqual([]);

  const other = await folded(SMALL);
  expect(await lettersIn(other)).toEqual([1, 1]);
  expect(await rebuilt(other, LARGE)).toMatchObject({ swapped: true, changed_users: 1 });
  expect(named(await verified(other, { asOfMs: NOW }, LARGE))).toEqual([]);
  await other.start(LARGE);
  await other.service.caughtUp();
  await other.stop();
  expect(await lettersIn(other)).toEqual([1, 1]);
  expect((await other.scored()).map(({ decision_id: id }) => id)).toEqual(['d0']);
});

it('a service that runs with the previous options is not asked to go on with state of others', async () => {
  const embedded = await folded(SMALL);
  const held = lockData(embedded.directory, NOW);
  await expect(rebuilt(embedded, LARGE)).rejects.toMatchObject({
    code: 'state_mismatch',
    message: expect.stringContaining('a service with --max-value-bytes 2048 runs') as string,
  });
  held.release();
  await embedded.append(recordOf('tip.served', { user_id: 'ben', tip_id: 't', served_at_ms: NOW - 1_000 }));
  expect(await rebuilt(embedded, LARGE)).toMatchObject({ swapped: true, resumed: true });
});
