/** A running service goes over to a rebuilt generation: under traffic, and not at all when a step of it fails. */
import { existsSync, writeFileSync } from 'node:fs';
import { generationPath, partitionFile } from '../../../src/store/directory/layout.js';
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../../src/errors.js';
import type { FaultPoint } from '../../../src/fault-points.js';
import type { GroupMember } from '../../../src/log/port.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { swapAnswer, swapRequest, withdrawSwap, type SwapRequest } from '../../../src/store/directory/swap-request.js';
import { CORE_TOPICS } from '../../../src/topics.js';
import { oracleDigest, oracleProfiles } from '../../oracle/profile.js';
import { CRASH_CLOCK_MS } from '../../support/crash/world.js';
import { profileEvents } from '../../support/embedded/history.js';
import { TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { until } from '../../support/rebuilds.js';

import {
  WITHIN_MS,
  SCORE_CANDIDATES,
  runningWorld,
  rebuildOf,
  emptyGeneration,
  ask,
  answerTo,
  answered,
  expectRight,
  expectGoesOn,
  expectNothingTwice,
  LiveTraffic,
  notFound,
} from '../../support/swaps.js';

describe('a swap', () => {
  it(
    'under live traffic loses and repeats nothing, and reads are answered throughout',
    async () => {
      const world = await runningWorld();
      const { embedded } = world;
      const live = new LiveTraffic(world);
      await until(() => live.scores > 3, 'traffic');
      const document = await rebuildOf(embedded);
      expect(document).toMatchObject({ swapped: true });
      expect(world.generation()).toBe('gen-000002');
      const [reads, scores] = [live.reads, live.scores];
      await until(() => live.reads > reads + 3 && live.scores > scores + 3, 'more traffic on the new generation');
      await live.end();
      await embedded.catchUp();
      await expectNothingTwice(world);
      expect(embedded.logged.find(({ msg }) => msg.startsWith('switched to gen-000002'))).toMatchObject({
        held_ms: expect.any(Number) as number,
        partitions: 2,
      });
      expect(embedded.logged.filter(({ level }) => level > 40)).toEqual([]);
      const decided = new Set((await embedded.scored()).map(({ decision_id: id }) => id));
      for (let i = 0; i < live.scores; i++) expect(decided.has(`asked-${i}`)).toBe(true);
      await embedded.stop();
      const asked = await world.history();
      expect(embedded.digest(TRAFFIC_AS_OF_MS)).toMatchObject({
        digest: oracleDigest(oracleProfiles(profileEvents(asked), TRAFFIC_AS_OF_MS)),
      });
      expect(asked.scored.length).toBe(
        new Set([...asked.candidates.map(({ event }) => event.decision_id), ...Array.from({ length: live.scores }, (_, i) => `asked-${i}`)])
          .size,
      );
    },
    WITHIN_MS * 2,
  );

  it(
    'leaves everything as a service that never swapped would have it',
    async () => {
      const world = await runningWorld();
      const { embedded } = world;
      await rebuildOf(embedded);
      await world.append(300);
      const generation = emptyGeneration(embedded, 'gen-000003');
      const id = ask(embedded, generation);
      await world.append(300);
      expect(await answerTo(embedded, id)).toMatchObject({
        ok: true,
        positions: { 'tip.served': { 0: expect.any(Number) as number, 1: expect.any(Number) as number } },
      });
      expect(world.generation()).toBe(generation);
      expect(existsSync(`${generationPath(embedded.directory, generation)}/rebuild.json`)).toBe(false);
      await world.append(200);
      await embedded.catchUp();
      await expectNothingTwice(world);
      await expectRight(world);
      // The old generations stay as they were, each whole in its files.
      for (const old of ['gen-000001', 'gen-000002']) {
        for (const partition of [0, 1]) {
          const path = partitionFile(generationPath(embedded.directory, old), partition);
          expect([existsSync(path), existsSync(`${path}-wal`)]).toEqual([true, false]);
        }
      }
    },
    WITHIN_MS * 2,
  );

  const BEFORE = ['swap: held', 'swap: tail folded', 'swap: carried over', 'swap: before flip'] as const satisfies readonly FaultPoint[];
  it.each(BEFORE)(
    'that fails at "%s" leaves the old generation live and working, and can be asked for again',
    async (failing) => {
      const points: FaultPoint[] = [];
      let fails = true;
      const world = await runningWorld(300, {
        at: (point) => {
          if (!point.startsWith('swap:')) return;
          points.push(point);
          if (point === failing && fails) throw new TipstreamError('disk_full', 'the test says so', { hint: 'try again' });
        },
      });
      const { embedded } = world;
      const generation = emptyGeneration(embedded);
      const live = new LiveTraffic(world);
      await until(() => live.scores > 2, 'traffic');
      const id = ask(embedded, generation);
      expect(await answerTo(embedded, id)).toEqual({
        id,
        ok: false,
        positions: {},
        error: { code: 'disk_full', message: 'the test says so', hint: 'try again' },
      });
      expect(points.at(-1)).toBe(failing);
      expect(world.generation()).toBe('gen-000001');
      expect(swapRequest(embedded.directory)).toBeUndefined();
      const { scores } = live;
      await until(() => live.scores > scores + 2, 'scores after the failure');
      await live.end();
      await embedded.catchUp();
      await expectNothingTwice(world);
      fails = false;
      expect(await answered(embedded, generation)).toMatchObject({ ok: true });
      expect(points.slice(-6)).toEqual([...BEFORE, 'swap: after flip', 'swap: reopened']);
      expect(world.generation()).toBe(generation);
      await world.append(100);
      await embedded.catchUp();
      await expectNothingTwice(world);
      expect(embedded.service.status()).toMatchObject({ ready: true });
    },
    WITHIN_MS * 2,
  );

  it(
    'is refused with its reason, at once, for what it cannot switch to',
    async () => {
      const world = await runningWorld(100);
      const { embedded } = world;
      const refusal = async (generation: string, more: Partial<SwapRequest> = {}) => (await answered(embedded, generation, more)).error;
      expect(await refusal('gen-000009')).toMatchObject({ code: 'no_data', message: expect.stringContaining('no generation') as string });
      expect(await refusal('../gen-000001')).toMatchObject({ code: 'no_data' });
      expect(await refusal('gen-000001')).toMatchObject({ code: 'no_data' });
      expect(await refusal(emptyGeneration(embedded, 'gen-000002', 'another'), { feature_set: 'another' })).toMatchObject({
        code: 'state_mismatch',
        hint: expect.stringContaining('Stop this process') as string,
      });
      expect(await refusal('gen-000002')).toMatchObject({ code: 'state_mismatch' });
      expect(await refusal(emptyGeneration(embedded, 'gen-000003', undefined, [0]))).toMatchObject({
        code: 'no_data',
        message: expect.stringContaining('partition 1') as string,
      });
      const ahead = emptyGeneration(embedded, 'gen-000004');
      const state = new PartitionState(
        partitionFile(generationPath(embedded.directory, ahead), 1),
        { partition: 1, partitions: 2, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
        coreRegistry,
      );
      state.transaction(0, () => state.positions.advance('tip.feedback', undefined, 1_000_000));
      state.close();
      expect(await refusal(ahead)).toMatchObject({
        code: 'state_mismatch',
        message: expect.stringContaining('ahead of the live one') as string,
      });
      const forgotten = { pid: 2 ** 30, requested_at_ms: CRASH_CLOCK_MS - 3_600_000 };
      expect(await refusal(emptyGeneration(embedded, 'gen-000005'), forgotten)).toMatchObject({
        code: 'not_ready',
        message: expect.stringContaining('has ended') as string,
      });
      expect(world.generation()).toBe('gen-000001');
      expect(embedded.service.status().ready).toBe(true);
    },
    WITHIN_MS,
  );

  it(
    'is refused while a partition is stopped',
    async () => {
      const world = await runningWorld(100);
      const { embedded } = world;
      embedded.service.group.failed(new TipstreamError('offset_out_of_range', 'the test says so'), 1);
      const answer = await answered(embedded, emptyGeneration(embedded));
      expect(answer).toMatchObject({
        ok: false,
        error: { code: 'not_ready', message: expect.stringContaining('partition 1 is stopped: the test says so') as string },
      });
      expect(world.generation()).toBe('gen-000001');
    },
    WITHIN_MS,
  );

  it(
    'that is withdrawn before it happens does not happen',
    async () => {
      const world = await runningWorld(100, {
        at: (point) => {
          if (point === 'swap: before flip') expect(withdrawSwap(world.embedded.directory)).toBe(true);
        },
      });
      const { embedded } = world;
      const answer = await answered(embedded, emptyGeneration(embedded));
      expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining('withdrawn') as string } });
      expect(world.generation()).toBe('gen-000001');
      await expectGoesOn(world);
    },
    WITHIN_MS,
  );

  it(
    'is given up when the log does not take what is pending, which is then published once',
    async () => {
      const world = await runningWorld(100);
      const { embedded } = world;
      const generation = emptyGeneration(embedded);
      embedded.faults.refuseAppends(...Array.from({ length: 12 }, () => new TipstreamError('log_unavailable', 'the test cut the line')));
      await world.append(60);
      await until(() => embedded.logged.some(({ msg }) => msg.startsWith('publishing failed')), 'a failing append');
      const answer = await answered(embedded, generation);
      if (!answer.ok)
        expect(answer.error).toMatchObject({ code: 'not_ready', message: expect.stringContaining('has not acknowledged') as string });
      await embedded.catchUp();
      await expectNothingTwice(world);
      await expectRight(world);
    },
    WITHIN_MS,
  );

  it(
    'is given up when the service is told to stop in the middle of it',
    async () => {
      let stopping: Promise<void> | undefined;
      const world = await runningWorld(200, {
        at: (point) => {
          if (point === 'swap: tail folded') stopping = world.embedded.stop();
        },
      });
      const { embedded } = world;
      const id = ask(embedded, emptyGeneration(embedded));
      await until(() => stopping, 'the stop');
      await stopping;
      expect(swapAnswer(embedded.directory, id)).toMatchObject({
        ok: false,
        error: { code: 'not_ready', message: 'the service is stopping' },
      });
      expect(world.generation()).toBe('gen-000001');
      await expectGoesOn(world);
    },
    WITHIN_MS,
  );

  it(
    'makes room for the one that was asked for in its place',
    async () => {
      let second: string | undefined;
      const world = await runningWorld(200, {
        at: (point) => {
          if (point === 'swap: held') second ??= ask(world.embedded, emptyGeneration(world.embedded, 'gen-000003'));
        },
      });
      const { embedded } = world;
      ask(embedded, emptyGeneration(embedded));
      expect(await answerTo(embedded, await until(() => second, 'the second request'))).toMatchObject({ ok: true });
      expect(world.generation()).toBe('gen-000003');
      expect(embedded.logged.some(({ msg }) => msg.includes('did not switch to gen-000002') && msg.includes('withdrawn'))).toBe(true);
      await expectRight(world);
    },
    WITHIN_MS,
  );

  it(
    'does not happen when a partition goes to another member meanwhile',
    async () => {
      let other: Promise<GroupMember> | undefined;
      const idle = {
        positions: () => new Map<string, number>(),
        ready: () => undefined,
        deliver: () => false,
        revoked: () => undefined,
        failed: () => undefined,
      };
      const world = await runningWorld(200, {
        at: (point) => {
          if (point === 'swap: held') other ??= world.embedded.log.join({ group: 'test', topics: CORE_TOPICS, handler: idle });
        },
      });
      const { embedded } = world;
      const answer = await answered(embedded, emptyGeneration(embedded));
      expect(answer).toMatchObject({
        ok: false,
        error: { code: 'not_ready', message: expect.stringContaining('partitions came, went or stopped') as string },
      });
      expect(world.generation()).toBe('gen-000001');
      expect(embedded.service.status().partitions).toHaveLength(1);
      await (await other!).stop();
      await until(() => embedded.service.status().partitions.length === 2 && embedded.service.status().ready, 'both partitions again');
      await expectGoesOn(world);
    },
    WITHIN_MS,
  );

  it(
    'and the rebuilding of single users do not get into each other',
    async () => {
      const world = await runningWorld(300);
      const { embedded } = world;
      const { service } = embedded;
      const live = new LiveTraffic(world);
      const job = async (userId: string) => {
        const { job_id: id } = await service.rebuildUser(userId, { dryRun: false });
        return until(() => (service.rebuildJob(id).state === 'running' ? undefined : service.rebuildJob(id)), 'the job');
      };
      const first = ask(embedded, emptyGeneration(embedded));
      const jobs = Array.from({ length: 60 }, (_, i) => job(`user-${i % 40}`));
      expect(await answerTo(embedded, first)).toMatchObject({ ok: true });
      expect(await answered(embedded, emptyGeneration(embedded, 'gen-000003'))).toMatchObject({ ok: true });
      for (const done of await Promise.all(jobs)) expect(done).toMatchObject({ state: 'done', result: { changed: [] } });
      await live.end();
      await embedded.catchUp();
      await expectNothingTwice(world);
      await embedded.stop();
      expect(embedded.digest(TRAFFIC_AS_OF_MS)).toMatchObject({
        digest: oracleDigest(oracleProfiles(profileEvents(await world.history()), TRAFFIC_AS_OF_MS)),
      });
    },
    WITHIN_MS * 2,
  );

  it(
    'stops the partition whose new file cannot be opened, and only that',
    async () => {
      const world = await runningWorld(200, {
        at: (point) => {
          if (point === 'swap: after flip')
            writeFileSync(partitionFile(generationPath(world.embedded.directory, 'gen-000002'), 1), 'no database, for sure. '.repeat(400));
        },
      });
      const { embedded } = world;
      const reads = async (userId: string) => embedded.service.profile(userId, TRAFFIC_AS_OF_MS).catch(notFound);
      const [here, there] = [0, 1].map(
        (partition) => Array.from({ length: 40 }, (_, i) => `user-${i}`).find((userId) => embedded.partitionOf(userId) === partition)!,
      );
      expect(await answered(embedded, emptyGeneration(embedded))).toMatchObject({ ok: true });
      expect(embedded.service.status().partitions).toMatchObject([
        { state: 'running' },
        { state: 'stopped', error: { code: 'state_corrupt' } },
      ]);
      await reads(here!);
      await expect(reads(there!)).rejects.toMatchObject({
        code: 'not_ready',
        message: expect.stringContaining('partition 1 of this user is stopped') as string,
      });
      const { scored_at_ms: scoredAtMs } = await embedded.service.score({
        decision_id: 'after',
        user_id: here!,
        candidates: SCORE_CANDIDATES,
      });
      expect(scoredAtMs).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );
});
