/** `rebuildProfile` of the library on state that somebody has tampered with, beside the log that tells what is true. */
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createRegistry, defaultRegistry, openTipstream, type Tipstream, type TipstreamOptions } from '../../../src/index.js';
import { lockData } from '../../../src/store/directory/data-lock.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedService } from '../../support/embedded/service.js';

const HOUR_MS = 3_600_000;

/** ana's four tips: two done, one dismissed; ben has the same ones, and one partition holds both. State is folded, and nothing runs. */
async function foldedState(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 1 });
  const startMs = Date.now() - 48 * HOUR_MS;
  for (const user_id of ['ana', 'ben']) {
    await embedded.produce(
      'tip.served',
      ...[0, 1, 2, 3].map((i) => ({ user_id, tip_id: `tip-${i}`, served_at_ms: startMs + i * HOUR_MS, category: i < 2 ? 'work' : 'home' })),
    );
    await embedded.produce(
      'tip.feedback',
      ...(['done', 'done', 'dismiss'] as const).map((action, i) => ({
        user_id,
        tip_id: `tip-${i}`,
        action,
        reacted_at_ms: startMs + (i + 0.5) * HOUR_MS,
      })),
    );
  }
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

async function opened(embedded: EmbeddedService, options: TipstreamOptions = {}): Promise<Tipstream> {
  const tipstream = await openTipstream({ data: embedded.directory, ...options });
  onTestFinished(() => tipstream.close());
  return tipstream;
}

function tamper(embedded: EmbeddedService, sql: string): void {
  const db = new Database(embedded.statePath(0));
  try {
    expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
  } finally {
    db.close();
  }
}

const ANA = "(SELECT uid FROM user WHERE user_id = 'ana')";
/** Leaves the stored counters exact for no time that anybody asks about, so that profiles are computed from the tips. */
const expire = (embedded: EmbeddedService) => tamper(embedded, `UPDATE user SET exact_after_ms = 0, exact_until_ms = 1 WHERE uid = ${ANA}`);

test('a tampered tip is put right, and what had changed is named', async () => {
  const embedded = await foldedState();
  const tipstream = await opened(embedded);
  const { features: truth } = await tipstream.getProfile('ana');
  const { features: ofBen } = await tipstream.getProfile('ben');
  expect(truth).toMatchObject({ tip_volume_30d: 4, completion_rate_30d: 0.5, dismiss_rate_30d: 0.25, preferred_category: 'work' });

  tamper(
    embedded,
    `UPDATE tip SET done_at_ms = NULL, done_utc_offset_min = NULL, snooze_at_ms = served_at_ms + 1 WHERE uid = ${ANA} AND tip_id = 'tip-0'`,
  );
  expire(embedded);
  expect((await tipstream.getProfile('ana')).features).toMatchObject({ completion_rate_30d: 0.25, snooze_rate_30d: 0.25 });

  const rebuilt = await tipstream.rebuildProfile('ana');
  expect(rebuilt).toMatchObject({
    user_id: 'ana',
    before: { completion_rate_30d: 0.25, snooze_rate_30d: 0.25 },
    after: truth,
    replayed_events: 7,
  });
  expect(rebuilt.changed).toEqual(expect.arrayContaining(['completion_rate_30d', 'mean_dwell_ms_30d', 'snooze_rate_30d']));
  expect(rebuilt.changed).not.toEqual(expect.arrayContaining(['tip_volume_30d', 'dismiss_rate_30d']));
  expect((await tipstream.getProfile('ana')).features).toEqual(truth);
  expect((await tipstream.getProfile('ben')).features).toEqual(ofBen);
  expect(await tipstream.rebuildProfile('ana')).toMatchObject({ before: truth, after: truth, changed: [] });
});

test('a wrong tip is named even while the stored counters still give the right answer', async () => {
  const embedded = await foldedState();
  const tipstream = await opened(embedded);
  const { features: truth } = await tipstream.getProfile('ana');
  tamper(embedded, `UPDATE tip SET served_category = 'garden' WHERE uid = ${ANA} AND tip_id IN ('tip-0', 'tip-1')`);
  expect(await tipstream.rebuildProfile('ana')).toMatchObject({ before: truth, after: truth, changed: ['preferred_category'] });
});

test('wrong counters, a tip too many and a lost user are put right too', async () => {
  const embedded = await foldedState();
  const tipstream = await opened(embedded);
  const { features: truth } = await tipstream.getProfile('ana');

  tamper(embedded, `UPDATE user SET counters = '["known",1,"served",40]' WHERE uid = ${ANA}`);
  expect((await tipstream.rebuildProfile('ana')).changed).toContain('tip_volume_30d');
  expect((await tipstream.getProfile('ana')).features).toEqual(truth);

  tamper(
    embedded,
    `INSERT INTO tip (uid, tip_id, served_at_ms, linked) SELECT uid, 'invented', ` +
      `${Date.now() - HOUR_MS}, 0 FROM user WHERE user_id = 'ana'`,
  );
  expect((await tipstream.rebuildProfile('ana')).changed).toContain('tip_volume_30d');
  expect((await tipstream.getProfile('ana')).features).toEqual(truth);

  tamper(embedded, `DELETE FROM tip WHERE uid = ${ANA}`);
  tamper(embedded, `DELETE FROM user WHERE user_id = 'ana'`);
  expect(await tipstream.rebuildProfile('ana')).toMatchObject({ before: null, after: truth });
  expect((await tipstream.getProfile('ana')).features).toEqual(truth);
});

test('the service folds on from rebuilt state as if nothing had been wrong', async () => {
  const embedded = await foldedState();
  const asOfMs = Date.now() + HOUR_MS;
  const untouched = embedded.digest(asOfMs).digest;
  tamper(embedded, `UPDATE tip SET done_at_ms = NULL WHERE uid = ${ANA}`);
  await (await opened(embedded)).rebuildProfile('ana');
  expect(embedded.digest(asOfMs).digest).toBe(untouched);

  await embedded.produce('tip.feedback', { user_id: 'ana', tip_id: 'tip-3', action: 'done', reacted_at_ms: Date.now() - HOUR_MS });
  await embedded.catchUp();
  await embedded.stop();
  const afterwards = embedded.digest(asOfMs).digest;
  await embedded.deleteState();
  await embedded.catchUp();
  expect(embedded.digest(asOfMs).digest).toBe(afterwards);
});

test('a user whom neither the state nor the log knows stays unknown', async () => {
  const tipstream = await opened(await foldedState());
  await expect(tipstream.rebuildProfile('nobody')).rejects.toMatchObject({ code: 'user_not_found' });
  await expect(tipstream.getProfile('nobody')).rejects.toMatchObject({ code: 'user_not_found' });
});

test('it is refused while another owner holds the directory', async () => {
  const embedded = await foldedState();
  const tipstream = await opened(embedded);
  const lock = lockData(embedded.directory, Date.now());
  try {
    await expect(tipstream.rebuildProfile('ana')).rejects.toMatchObject({
      code: 'data_in_use',
      hint: expect.stringMatching(/stop that process/i) as string,
    });
  } finally {
    lock.release();
  }
  await expect(tipstream.rebuildProfile('ana')).resolves.toMatchObject({ changed: [] });
});

test('a log that is not the one that was folded changes nothing', async () => {
  const embedded = await foldedState();
  const { features: truth } = await (await opened(embedded)).getProfile('ana');
  const strangers = await opened(embedded, { topicPrefix: 'signals.' });
  await expect(strangers.rebuildProfile('ana')).rejects.toMatchObject({ code: 'state_mismatch' });
  const onePartition = await openTipstream({ data: embedded.directory, topicPrefix: 'other.', partitions: 1 });
  onTestFinished(() => onePartition.close());
  await expect(onePartition.rebuildProfile('ana')).rejects.toMatchObject({ code: 'state_mismatch' });

  tamper(embedded, "UPDATE position SET next_offset = next_offset + 100 WHERE topic = 'tip.served'");
  await expect((await opened(embedded)).rebuildProfile('ana')).rejects.toMatchObject({ code: 'offset_out_of_range' });
  expect((await (await opened(embedded)).getProfile('ana')).features).toEqual(truth);
});

test('other features than those it was folded with are refused: the file would hold a mixture', async () => {
  const embedded = await foldedState();
  const registry = createRegistry(defaultRegistry.features.slice(0, 3));
  await expect((await opened(embedded, { registry })).rebuildProfile('ana')).rejects.toMatchObject({ code: 'state_mismatch' });
});
