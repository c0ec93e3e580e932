/** Forgetting a user on the embedded log: nothing of them is left in any byte of the data directory, and nobody else has changed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { userDigest } from '../../../src/events/user-digest.js';
import { checkReceipt } from '../../../src/forgetting/check.js';
import { isIntact } from '../../../src/forgetting/receipt.js';
import type { ForgetJob } from '../../../src/forgetting/job.js';
import { CARRYING_USERS, tablesByUid } from '../../../src/store/forget-user.js';
import { openStateForReading } from '../../../src/store/state-file.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { forgottenBy } from '../../support/forgotten-by.js';
import { named, verified } from '../../support/planted-state.js';

const USER = 'user-to-be-forgotten-\u{1f600}';
const NOW_MS = TRAFFIC_AS_OF_MS;
const clock = () => NOW_MS;

describe('a user who is forgotten', () => {
  it('is in no byte of the data directory, others stay as they were, and verify agrees', async () => {
    const embedded = await lived();
    const without = embedded.digest(NOW_MS);
    expect(bytesWith(embedded.directory, USER)).not.toEqual([]);
    const { result } = await forgotten(embedded, USER);
    expect(result).toMatchObject({ found: true, in_state: true });
    const { receipt } = result!;
    expect(isIntact(receipt!)).toBe(true);
    expect(receipt).toMatchObject({ user_digest: userDigest(USER), removed: { user_in_state: true }, remains: { records: [], files: [] } });
    expect(receipt!.others!.digest_after).toBe(receipt!.others!.digest_before);
    for (const secret of [USER, JSON.stringify(USER).slice(1, -1), 'tip-of-the-forgotten', 'decision-of-the-forgotten'])
      expect(bytesWith(embedded.directory, secret), secret).toEqual([]);
    expect(embedded.digest(NOW_MS).users).toBe(without.users - 1);
    await expect(embedded.service.profile(USER)).rejects.toMatchObject({ code: 'user_not_found' });
    expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
    await embedded.stop();
    await embedded.deleteState();
    await embedded.start({ clock });
    await embedded.catchUp();
    expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
    expect(embedded.digest(NOW_MS).users).toBe(without.users - 1);
  }, 60_000);

  it('begins anew with what comes later, and can be forgotten again', async () => {
    const embedded = await lived();
    await forgotten(embedded, USER);
    await embedded.append(...eventsOf('later'));
    await embedded.catchUp();
    expect((await embedded.service.profile(USER)).features['tip_volume_30d']).toBe(1);
    expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
    expect((await forgotten(embedded, USER)).result).toMatchObject({ found: true });
    expect(bytesWith(embedded.directory, USER)).toEqual([]);
    expect((await forgotten(embedded, USER)).result).toMatchObject({ found: false, receipt: null });
  }, 60_000);

  it('leaves nothing where nothing was: a dry run and somebody unknown write nothing', async () => {
    const embedded = await lived();
    const ends = async () => JSON.stringify([...(await embedded.log.offsets('user.forgotten'))]);
    const before = await ends();
    expect((await forgotten(embedded, USER, { dryRun: true })).result).toMatchObject({ found: true, receipt: null });
    expect((await forgotten(embedded, '-dash')).result).toMatchObject({ found: false, receipt: null });
    expect(await ends()).toBe(before);
  }, 60_000);

  it('whose id is a part of another one is not taken for it, in the receipt and in a check', async () => {
    const embedded = await lived();
    await embedded.append(...eventsOf('part', `${USER}0`), ...eventsOf('front', `a-${USER}`));
    await embedded.catchUp();
    const { receipt } = (await forgotten(embedded, USER)).result!;
    expect(receipt!.remains).toMatchObject({ files: [], files_in_longer_words: expect.arrayContaining(['log.db']) as string[] });
    const checked = { dataDirectory: embedded.directory, receipt: receipt!, userId: USER, signal: new AbortController().signal };
    expect(await checkReceipt({ log: embedded.log, ...checked })).toMatchObject({
      found: { records: [], state_files: [], dead_letter_files: [], files: [] },
      in_longer_words: expect.arrayContaining(['log.db']) as string[],
      could_not_tell: [],
    });
    for (const other of [`${USER}0`, `a-${USER}`]) expect((await embedded.service.profile(other)).features['tip_volume_30d']).toBe(1);
  }, 60_000);

  it('is named where a file of somebody else in the data directory has the id', async () => {
    const embedded = await lived();
    mkdirSync(join(embedded.directory, 'mine'));
    writeFileSync(join(embedded.directory, 'mine', 'list.csv'), `user\n${USER}\n`);
    expect((await forgotten(embedded, USER)).result!.receipt!.remains.files).toEqual(['mine/list.csv']);
  }, 60_000);
});

describe('tables of a state file', () => {
  it('name users in columns that forgetting knows', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.start();
    await embedded.catchUp();
    const db = openStateForReading(embedded.statePath(0));
    const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").pluck().all();
    const known = [...tablesByUid(db), ...Object.keys(CARRYING_USERS), 'user', 'prune', 'forgotten'];
    db.close();
    // Of these no row is about a user. A new table that is gets a column uid, or a line in CARRYING_USERS.
    expect(tables.filter((table) => !known.includes(table)).sort()).toEqual(['meta', 'position', 'tally']);
  });
});

async function lived(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ clock, settings: { shadow: 'egreedy-v2', shadowLearning: true } });
  await embedded.append(...traffic(7).next(300));
  await embedded.append(...eventsOf('of-the-forgotten'));
  await embedded.append(
    recordOf('tip.feedback', { user_id: USER, tip_id: 'tip-of-the-forgotten', action: 'shrug', reacted_at_ms: NOW_MS }),
  );
  await embedded.start();
  await embedded.catchUp();
  return embedded;
}

function eventsOf(name: string, user_id = USER) {
  const at = NOW_MS - 86_400_000;
  const candidates = [{ tip_id: `tip-${name}`, is_overdue: false, task_age_days: 1, priority: 2 }];
  return [
    recordOf('tip.candidates', { user_id, decision_id: `decision-${name}`, requested_at_ms: at, candidates }),
    recordOf('tip.served', { user_id, tip_id: `tip-${name}`, decision_id: `decision-${name}`, served_at_ms: at + 1 }),
    recordOf('tip.feedback', { user_id, tip_id: `tip-${name}`, action: 'done', reacted_at_ms: at + 2 }),
    recordOf('policy.control', { control_id: `reset-${name}`, type: 'reset', user_id, effective_at_ms: at - 1 }),
  ];
}

async function forgotten(embedded: EmbeddedService, userId: string, { dryRun = false } = {}): Promise<ForgetJob> {
  const by = { kind: 'command', name: 'ana', host: 'here' } as const;
  const job = await forgottenBy(embedded.service, userId, { dryRun, by, reason: 'asked for it' });
  expect(job.error).toBeUndefined();
  return job;
}

/** Files with these bytes. */
function bytesWith(directory: string, text: string): string[] {
  const bytes = Buffer.from(text);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => existsSync(path) && readFileSync(path).includes(bytes));
}
