/** One user rebuilt from the log as a job, while the service that holds the user goes on. */
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { RebuildJob } from '../../../src/service/application.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedOptions, EmbeddedService } from '../../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';

const WITHIN_MS = 100_000;
const clock = () => TRAFFIC_AS_OF_MS;
const USER = 'user-7';

async function running(options: EmbeddedOptions = {}, records = 1_200): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock, ...options });
  await embedded.append(...traffic(5).next(records));
  await embedded.catchUp();
  return embedded;
}

async function over({ service }: EmbeddedService, { job_id: id }: RebuildJob): Promise<RebuildJob> {
  for (const deadline = performance.now() + WITHIN_MS; performance.now() < deadline; await delay(5)) {
    const job = service.rebuildJob(id);
    if (job.state !== 'running') return job;
  }
  throw new Error('the job does not end');
}

async function rebuilt(embedded: EmbeddedService, userId: string, dryRun = false): Promise<RebuildJob> {
  return over(embedded, await embedded.service.rebuildUser(userId, { dryRun }));
}

function tamper(embedded: EmbeddedService, userId: string, sql: string): void {
  const db = new Database(embedded.statePath(embedded.partitionOf(userId)));
  try {
    expect(db.prepare(sql.replace(':uid', `(SELECT uid FROM user WHERE user_id = '${userId}')`)).run().changes).toBeGreaterThan(0);
  } finally {
    db.close();
  }
}

/** A tip that nobody was served, and counters that are exact for no time that is asked about. */
function tamperWith(embedded: EmbeddedService, userId: string): void {
  tamper(
    embedded,
    userId,
    `INSERT INTO tip (uid, tip_id, served_at_ms, linked) SELECT :uid, 'invented-' || value, ${TRAFFIC_AS_OF_MS} - ` +
      '1000 - value, 0 FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 9) SELECT value FROM n)',
  );
  tamper(embedded, userId, 'UPDATE user SET exact_after_ms = 0, exact_until_ms = 1 WHERE uid = :uid');
}

/** Keys of profile.features, sorted. */
const published = async (embedded: EmbeddedService) =>
  (await embedded.records('profile.features')).map(({ key }) => key!.toString()).sort();

describe('a rebuild of one user', () => {
  it(
    'puts right what was wrong, says what that was, and publishes the profile that changed',
    async () => {
      const embedded = await running();
      const truth = await embedded.service.profile(USER);
      const digest = embedded.digest(TRAFFIC_AS_OF_MS);
      tamperWith(embedded, USER);
      const wrong = await embedded.service.profile(USER);
      expect(wrong.features['tip_volume_30d']).toBe(Number(truth.features['tip_volume_30d']) + 9);
      const before = await published(embedded);

      const job = await rebuilt(embedded, USER);
      expect(job).toMatchObject({
        user_id: USER,
        state: 'done',
        dry_run: false,
        started_at_ms: TRAFFIC_AS_OF_MS,
        result: { user_id: USER, as_of_ms: TRAFFIC_AS_OF_MS, before: wrong.features, after: truth.features, positions: truth.positions },
      });
      expect(job.result!.changed).toContain('tip_volume_30d');
      expect(job.result!.replayed_events).toBeGreaterThan(10);
      expect(job.progress.total).toBeGreaterThan(100);
      expect(job.progress.done).toBe(job.progress.total);
      expect(await embedded.service.profile(USER)).toEqual(truth);
      expect(embedded.digest(TRAFFIC_AS_OF_MS)).toEqual(digest);
      await embedded.service.caughtUp();
      expect(await published(embedded)).toEqual([...before, USER].sort());
    },
    WITHIN_MS,
  );

  it(
    'of one who is right changes and publishes nothing; of a stranger too, who is said to be one',
    async () => {
      const embedded = await running();
      const before = await published(embedded);
      const { features } = await embedded.service.profile(USER);
      expect(await rebuilt(embedded, USER)).toMatchObject({ state: 'done', result: { before: features, after: features, changed: [] } });
      expect(await rebuilt(embedded, 'nobody')).toMatchObject({
        state: 'failed',
        error: { code: 'user_not_found', hint: 'Check the id. Nothing was changed.' },
      });
      await embedded.service.caughtUp();
      expect(await published(embedded)).toEqual(before);
      expect(embedded.query(embedded.partitionOf('nobody'), "SELECT 1 FROM user WHERE user_id = 'nobody'")).toEqual([]);
    },
    WITHIN_MS,
  );

  it(
    'tried out says the same and changes nothing',
    async () => {
      const embedded = await running();
      const truth = await embedded.service.profile(USER);
      tamperWith(embedded, USER);
      const wrong = await embedded.service.profile(USER);
      expect(await rebuilt(embedded, USER, true)).toMatchObject({
        state: 'done',
        dry_run: true,
        result: { before: wrong.features, after: truth.features, changed: expect.arrayContaining(['tip_volume_30d']) as string[] },
      });
      expect(await embedded.service.profile(USER)).toEqual(wrong);
    },
    WITHIN_MS,
  );

  it(
    'while events keep coming ends where the state stands, and decisions are made meanwhile',
    async () => {
      const embedded = await running();
      const more = traffic(6);
      let ending = false;
      const live = (async () => {
        for (let i = 0; !ending; i++) {
          await embedded.append(...more.next(20));
          await embedded.service.score({
            decision_id: `asked-${i}`,
            user_id: USER,
            candidates: [{ tip_id: 't', is_overdue: false, task_age_days: 0, priority: 1 }],
          });
          await delay(2);
        }
      })();
      for (let round = 0; round < 5; round++) {
        for (const job of await Promise.all(['user-1', 'user-2', USER].map((userId) => rebuilt(embedded, userId))))
          expect(job).toMatchObject({ state: 'done', result: { changed: [] } });
      }
      ending = true;
      await live;
      await embedded.catchUp();
      await embedded.stop();
      const { digest } = embedded.digest(TRAFFIC_AS_OF_MS);
      await embedded.deleteState();
      await embedded.catchUp();
      expect(embedded.digest(TRAFFIC_AS_OF_MS).digest).toBe(digest);
    },
    WITHIN_MS,
  );

  it(
    'does not bring back what was pruned',
    async () => {
      const laterMs = TRAFFIC_AS_OF_MS + 70 * 86_400_000;
      let nowMs = laterMs;
      const embedded = await running({ retainMs: 90 * 86_400_000, clock: () => nowMs });
      const partition = embedded.partitionOf(USER);
      // Prunes count from the newest event.
      await embedded.produce('tip.served', { user_id: USER, tip_id: 'new', served_at_ms: laterMs - 1 });
      const tips = () =>
        embedded.query(
          partition,
          `SELECT tip_id, served_at_ms, done_at_ms FROM tip JOIN user USING (uid) WHERE user_id = '${USER}' ORDER BY tip_id`,
        );
      const pruned = () => embedded.query<{ tips: number }>(partition, 'SELECT coalesce(sum(tips), 0) AS tips FROM prune')[0]!.tips;
      nowMs += 2 * 86_400_000;
      await embedded.catchUp();
      expect(pruned()).toBeGreaterThan(0);
      const kept = tips();
      expect(await rebuilt(embedded, USER)).toMatchObject({ state: 'done', result: { changed: [] } });
      expect(tips()).toEqual(kept);
      // What comes after the prune is folded as it was then.
      await embedded.append(...traffic(5).next(300));
      await embedded.catchUp();
      const folded = tips();
      expect(await rebuilt(embedded, USER)).toMatchObject({ state: 'done', result: { changed: [] } });
      expect(tips()).toEqual(folded);
    },
    WITHIN_MS,
  );

  it(
    'is refused where the log has lost its beginning, and says what would be lost',
    async () => {
      const embedded = await running();
      const partition = embedded.partitionOf(USER);
      const truth = await embedded.service.profile(USER);
      await embedded.log.truncateBefore('tip.served', partition, 3);
      const job = await rebuilt(embedded, USER);
      expect(job).toMatchObject({
        state: 'failed',
        error: {
          code: 'offset_out_of_range',
          message: expect.stringMatching(
            /begins at offset 3: the 3 records before it are gone, and what the state knows of the user from them would be lost/,
          ) as string,
        },
      });
      expect(job.result).toBeUndefined();
      expect(await embedded.service.profile(USER)).toEqual(truth);
    },
    WITHIN_MS,
  );

  it(
    'is one job for a user who is being rebuilt, and another for another or for a trial',
    async () => {
      const embedded = await running();
      const { service } = embedded;
      const first = await service.rebuildUser(USER, { dryRun: false });
      expect((await service.rebuildUser(USER, { dryRun: false })).job_id).toBe(first.job_id);
      const others = [await service.rebuildUser(USER, { dryRun: true }), await service.rebuildUser('user-1', { dryRun: false })];
      expect(new Set([first, ...others].map(({ job_id: id }) => id)).size).toBe(3);
      for (const job of [first, ...others]) expect(await over(embedded, job)).toMatchObject({ state: 'done' });
      expect((await service.rebuildUser(USER, { dryRun: false })).job_id).not.toBe(first.job_id);
    },
    WITHIN_MS,
  );

  it(
    'can be cancelled, and stays cancelled; what is over stays as it is',
    async () => {
      const embedded = await running();
      const { service } = embedded;
      tamperWith(embedded, USER);
      const wrong = await service.profile(USER);
      const job = await service.rebuildUser(USER, { dryRun: false });
      expect(service.cancelRebuild(job.job_id)).toMatchObject({ state: 'cancelled' });
      // Another one is done by when this one would have been.
      expect(await rebuilt(embedded, 'user-1')).toMatchObject({ state: 'done' });
      expect(service.rebuildJob(job.job_id)).toMatchObject({ state: 'cancelled' });
      expect(await service.profile(USER)).toEqual(wrong);
      const done = await rebuilt(embedded, USER);
      expect(service.cancelRebuild(done.job_id)).toEqual(done);
      expect(() => service.rebuildJob('none')).toThrow(expect.objectContaining({ code: 'not_found' }) as Error);
      expect(() => service.cancelRebuild('none')).toThrow(expect.objectContaining({ code: 'not_found' }) as Error);
    },
    WITHIN_MS,
  );

  it(
    'waits its turn, up to a number; those over are kept, up to a number',
    async () => {
      const embedded = await running({}, 100);
      const { service } = embedded;
      const asked = await Promise.allSettled(Array.from({ length: 150 }, (_, i) => service.rebuildUser(`many-${i}`, { dryRun: true })));
      const jobs = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const refused = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(jobs.length).toBeGreaterThanOrEqual(102);
      expect(refused.length).toBeGreaterThan(0);
      for (const reason of refused)
        expect(reason).toMatchObject({ code: 'not_ready', hint: expect.stringContaining('tipstream rebuild') as string });
      // Nobody knows these users: each job says so when its turn has come.
      for (const job of jobs) expect(await over(embedded, job)).toMatchObject({ state: 'failed', error: { code: 'user_not_found' } });
      for (let i = 0; i < 100; i++) await rebuilt(embedded, `more-${i}`, true);
      expect(() => service.rebuildJob(jobs[0]!.job_id)).toThrow(expect.objectContaining({ code: 'not_found' }) as Error);
      expect(service.rebuildJob(jobs.at(-1)!.job_id).state).toBe('failed');
    },
    WITHIN_MS,
  );

  it(
    'ends with the service, which goes on first with what it holds',
    async () => {
      const embedded = await running();
      const { service } = embedded;
      const { job_id: id } = await service.rebuildUser(USER, { dryRun: false });
      await embedded.stop();
      expect(['cancelled', 'done']).toContain(service.rebuildJob(id).state);
      await embedded.catchUp();
      expect(embedded.service.status().ready).toBe(true);
    },
    WITHIN_MS,
  );
});
