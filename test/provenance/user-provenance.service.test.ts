/** Where a user's features come from: the records that are named give the values, and a search says how far it looked. */
import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { partitionFunction } from '../../src/log/partitioner.js';
import { UserRecords, type Sought } from '../../src/provenance/user-records.js';
import { TipstreamError } from '../../src/errors.js';
import { readDefinitions } from '../../src/definitions/file.js';
import { registryOf } from '../../src/projections/registry.js';
import { oracleActivity, type ActivityEvent } from '../oracle/activity.js';
import { type OracleEvent, oracleProfiles } from '../oracle/profile.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf } from '../support/embedded/service.js';
import { activityTraffic, traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import { plant } from '../support/planted-state.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('the provenance of a profile', () => {
  it('names records that give each value, and a next change that comes', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => TRAFFIC_AS_OF_MS, publishProfiles: false });
    await embedded.append(...traffic(3, 12).next(900));
    await embedded.catchUp();
    const { service } = embedded;
    let changes = 0;
    for (const userId of service.knownUsers(5).slice(0, 5))
      for (const asOfMs of [TRAFFIC_AS_OF_MS, TRAFFIC_AS_OF_MS - 9 * DAY_MS]) {
        const profile = await service.profile(userId, asOfMs);
        const document = await service.provenance(userId, { asOfMs });
        expect(document).toMatchObject({ user_id: userId, as_of_ms: asOfMs, events_omitted: 0, search: { state: 'found', error: null } });
        expect(document.positions).toEqual(profile.positions);
        expect(Object.fromEntries(document.features.map(({ name, value }) => [name, value]))).toEqual(profile.features);
        for (const { name, value, window, next_change: change, events, adds_up: addsUp } of document.features) {
          expect([window, addsUp]).toEqual([{ from_ms: asOfMs - 30 * DAY_MS, to_ms: asOfMs }, true]);
          const behind = document.events.filter((event) => event.features.includes(name));
          expect(behind.length).toBe(events);
          const said: OracleEvent[] = [];
          for (const { record, tip_id: tipId, happening, at_ms: atMs } of behind) {
            const { topic, event, effect } = await service.record(record!);
            expect(effect).toMatchObject({ kind: 'tip', tip_id: tipId, happening, at_ms: atMs, is_kept: true });
            said.push({ topic, value: event as OracleEvent['value'] });
          }
          expect(oracleProfiles(said, asOfMs).get(userId)?.[name] ?? (name === 'tip_volume_30d' ? 0 : null)).toBe(value);
          if (change === null) continue;
          changes++;
          const valueAt = (time: number) =>
            service.profile(userId, time).then(
              ({ features }) => features[name],
              () => (name === 'tip_volume_30d' ? 0 : null),
            );
          expect([await valueAt(change.at_ms - 1), await valueAt(change.at_ms)]).toEqual([value, change.value]);
          expect(change.events.length).toBeGreaterThan(0);
          for (const { record } of change.events) expect(record).not.toBe(null);
        }
      }
    expect(changes).toBeGreaterThan(20);
    await expect(service.provenance('nobody')).rejects.toMatchObject({ code: 'user_not_found' });
  }, 60_000);

  it('is as it was known when a decision was made: the profile that the decision was scored with', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => TRAFFIC_AS_OF_MS, publishProfiles: false });
    const events = traffic(11, 8);
    for (let part = 0; part < 4; part++) {
      await embedded.append(...events.next(150));
      await embedded.catchUp();
    }
    const { service } = embedded;
    let known = 0;
    let differs = 0;
    for (const { user_id: userId, profile, positions } of await embedded.scored()) {
      const query = { asOfMs: profile.as_of_ms, knownAt: positions };
      const document = await service.provenance(userId, query).catch((error: { code: string }) => error.code);
      if (typeof document === 'string') {
        // Of a user who was not known then a decision has the empty profile.
        expect([document, profile.features['tip_volume_30d']]).toEqual(['user_not_found', 0]);
        continue;
      }
      known++;
      expect(Object.fromEntries(document.features.map(({ name, value }) => [name, value]))).toEqual(profile.features);
      expect(document.known_at).toMatchObject({ is_read: true, lost: [] });
      for (const { record } of document.events) expect(record!.offset).toBeLessThan(positions[record!.topic]!);
      const now = await service.provenance(userId, { asOfMs: profile.as_of_ms });
      if (JSON.stringify(now.features) !== JSON.stringify(document.features)) differs++;
    }
    expect([known > 20, differs > 5]).toEqual([true, true]);
  }, 60_000);

  it('says what of the past it could not read, and refuses positions that make no sense', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => TRAFFIC_AS_OF_MS, logTimeoutMs: 200 });
    const served = (tip_id: string) => ({ user_id: 'ana', tip_id, served_at_ms: TRAFFIC_AS_OF_MS - DAY_MS });
    await embedded.produce('tip.served', served('a'), served('b'), served('c'));
    await embedded.catchUp();
    const { service } = embedded;
    const at = (offset: number) => service.provenance('ana', { knownAt: { 'tip.served': offset } });
    const volume = async (offset: number) => (await at(offset)).features.find(({ name }) => name === 'tip_volume_30d')!.value;
    expect([await volume(3), await volume(2)]).toEqual([3, 2]);
    await expect(at(0)).rejects.toMatchObject({ code: 'user_not_found' });
    await expect(at(4)).rejects.toMatchObject({ code: 'offset_out_of_range' });
    await expect(service.provenance('ana', { knownAt: { elsewhere: 1 } })).rejects.toMatchObject({ code: 'invalid_argument' });
    await embedded.log.truncateBefore('tip.served', 0, 1);
    expect((await at(3)).known_at).toEqual({
      positions: { 'tip.served': 3, 'tip.feedback': 0 },
      is_read: true,
      lost: [{ topic: 'tip.served', low: 1 }],
    });
    await embedded.produce('tip.served', { ...served('d'), user_id: 'bo' });
    await embedded.catchUp();
    const answerAgain = embedded.faults.hang();
    const unread = await service.provenance('bo', { knownAt: { 'tip.served': 4 } });
    expect(unread).toMatchObject({ known_at: { is_read: false }, features: [], events: [], search: { state: 'failed' } });
    answerAgain();
    const server = buildServer(service, { host: '127.0.0.1' });
    const asked = async (knownAt: string) =>
      (await server.inject(`/v1/users/bo/provenance?known_at=${encodeURIComponent(knownAt)}`)).json<Record<string, unknown>>();
    expect(await asked('{"tip.served":4}')).toMatchObject({ known_at: { is_read: true }, features: { length: 8 } });
    for (const wrong of ['4', 'x', '{"tip.served":-1}']) expect(await asked(wrong)).toMatchObject({ error: { code: 'invalid_argument' } });
  });

  it('says so where the state is damaged and the events do not give the value', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => TRAFFIC_AS_OF_MS });
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: TRAFFIC_AS_OF_MS - DAY_MS });
    await embedded.catchUp();
    const counters = `'["served",2,"known",1]'`;
    plant(embedded, 'ana', `UPDATE user SET counters = ${counters}, exact_after_ms = 0, exact_until_ms = ${TRAFFIC_AS_OF_MS + DAY_MS}`);
    const { features } = await embedded.service.provenance('ana');
    expect(features.filter(({ adds_up: addsUp }) => !addsUp)).toMatchObject([{ name: 'tip_volume_30d', value: 2 }]);
  });

  it('keeps the values where the log does not answer, and says that the records are missing', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => TRAFFIC_AS_OF_MS, logTimeoutMs: 100 });
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: TRAFFIC_AS_OF_MS - DAY_MS });
    await embedded.catchUp();
    const answerAgain = embedded.faults.hang();
    const { events, search } = await embedded.service.provenance('ana');
    expect([events[0]!.record, search.state, search.error?.code]).toEqual([null, 'failed', 'log_unavailable']);
    answerAgain();
    expect((await embedded.service.provenance('ana')).events[0]!.record).toEqual({ topic: 'tip.served', partition: 0, offset: 0 });
  });

  it('names the records of sessions, signals and what a file counts, and a next change that comes', async () => {
    const definitions = readDefinitions(
      JSON.stringify({
        features: [{ name: 'evenings', topic: 'tip.served', shape: 'count', description: 'Tips.', unit: 'tips', window: '7d' }],
      }),
      'features.json',
    );
    const registry = registryOf({ sets: ['core', 'activity'], definitions });
    const embedded = await embeddedService({ registry, partitions: 2, clock: () => TRAFFIC_AS_OF_MS, publishProfiles: false });
    await embedded.append(...traffic(3, 12).next(500), ...activityTraffic(3, 12).next(600));
    // One says when it started, the other when it ended.
    const says = (user: number, from: number, to: number) => {
      const [started_at_ms, ended_at_ms] = [TRAFFIC_AS_OF_MS - from * DAY_MS, TRAFFIC_AS_OF_MS - to * DAY_MS];
      return recordOf('app.session', { user_id: `user-${user}`, session_id: 'of two', started_at_ms, ended_at_ms });
    };
    await embedded.append(...Array.from({ length: 12 }, (_, user) => [says(user, 20, 10), says(user, 19, 18), says(user, 20, 9)]).flat());
    await embedded.catchUp();
    const { service } = embedded;
    const [known, joined] = [new Map<string, number>(), { records: 0 }];
    for (const userId of service.knownUsers(6).slice(0, 6))
      for (const asOfMs of [TRAFFIC_AS_OF_MS, TRAFFIC_AS_OF_MS - 9 * DAY_MS]) {
        const document = await service.provenance(userId, { asOfMs });
        expect(document.search).toMatchObject({ state: 'found', error: null });
        for (const { name, value, window, next_change: change, events, adds_up: addsUp } of document.features) {
          const { sources, windowMs, ttlMs } = registry.features.find((feature) => feature.name === name)!;
          expect([addsUp, window.from_ms, ttlMs]).toEqual([true, windowMs === null ? 0 : asOfMs - windowMs, DAY_MS]);
          const valueAt = (time: number) => service.profile(userId, time).then(({ features }) => features[name]);
          if (change !== null && change.at_ms < asOfMs + 20 * DAY_MS)
            expect([await valueAt(change.at_ms - 1), await valueAt(change.at_ms)]).toEqual([value, change.value]);
          const rows = document.rows.filter(({ features }) => features.includes(name));
          const counted = document.events.filter(({ features }) => features.includes(name));
          expect(rows.length + counted.length).toBe(events);
          for (const { records } of [...rows, ...(change?.rows ?? [])]) expect(records.length).toBeGreaterThan(0);
          if (rows.length > 0) known.set(name, (known.get(name) ?? 0) + 1);
          const said: ActivityEvent[] = [];
          for (const { records, row } of rows) {
            for (const record of records) {
              const { topic, event } = await service.record(record);
              expect(sources).toContain(topic);
              expect(event).toMatchObject(row['session_id'] == null ? {} : { session_id: row['session_id'] });
              said.push({ topic, value: event } as unknown as ActivityEvent);
            }
            if (records.length > 1) joined.records++;
          }
          if (name === 'evenings') expect(new Set(said.map(({ value }) => (value as { tip_id?: string }).tip_id)).size).toBe(value);
          else if (rows.length > 0) expect(oracleActivity(said, userId, asOfMs)[name]).toEqual(value);
        }
      }
    expect([...known.keys()].sort()).toEqual([
      'active_days_30d',
      'active_hour',
      'evenings',
      'sessions_30d',
      'signal_age_ms',
      'signal_age_ms_by_source',
      'typical_session_ms',
    ]);
    expect(joined.records).toBeGreaterThan(5);
  }, 60_000);
});

describe('a search for records', () => {
  const sought = (tipId: string): Sought => ({ tipId, happening: 'served', atMs: 1_000, kept: null });
  const ofAna = (tip_id: string, served_at_ms = 1_000) => recordOf('tip.served', { user_id: 'ana', tip_id, served_at_ms });
  const noise = (count: number) =>
    Array.from({ length: count }, (_, at) => recordOf('tip.served', { user_id: 'bo', tip_id: `t${at}`, served_at_ms: 1 }));

  async function searching() {
    const embedded = await embeddedService({ partitions: 1 });
    const rules = { maxValueBytes: 1_000, partitions: 1, partitioner: partitionFunction('murmur2') };
    const records = new UserRecords({ userId: 'ana', partition: 0, topicPrefix: '', rules });
    const { log } = embedded;
    const search = async (wanted: readonly Sought[], pieces = Infinity, signal?: AbortSignal) => {
      const { end } = (await log.offsets('tip.served')).get(0)!;
      let left = pieces;
      await records.search(wanted, { log, positions: new Map([['tip.served', end]]), mayGoOn: () => left-- > 0, signal });
      const { from, to } = records.looked().find(({ topic }) => topic === 'tip.served')!;
      return [from, to, records.isExhausted];
    };
    return { embedded, records, search };
  }

  it('goes from the end backwards, no further than it must, and on from where it stood', async () => {
    const { embedded, records, search } = await searching();
    await embedded.append(ofAna('old'), ...noise(24_000), ofAna('new'), ...noise(10));
    const end = 24_012;
    expect(await search([])).toEqual([end, end, false]);
    expect(await search([sought('new')])).toEqual([end - 10_000, end, false]);
    expect(records.addressOf(sought('new'))).toEqual({ topic: 'tip.served', partition: 0, offset: 24_001 });
    expect(await search([sought('new'), sought('old')], 0)).toEqual([end - 10_000, end, false]);
    expect(await search([sought('new'), sought('old')], 1)).toEqual([end - 20_000, end, false]);
    expect(records.addressOf(sought('old'))).toBe(null);
    await embedded.append(ofAna('newer'), ofAna('new'));
    expect(await search([sought('newer'), sought('old')])).toEqual([0, end + 2, true]);
    expect([sought('old'), sought('new'), sought('newer')].map((one) => records.addressOf(one)?.offset)).toEqual([0, 24_001, end]);
    expect(await search([sought('never')])).toEqual([0, end + 2, true]);
    expect(records.addressOf(sought('never'))).toBe(null);
  }, 30_000);

  it('has looked at nothing before it has begun, however often it is asked', async () => {
    const { embedded, records } = await searching();
    await embedded.append(ofAna('a'));
    expect(records.isExhausted).toBe(false);
    records.stateStandsAt(new Map([['tip.served', 1]]));
    expect([records.isExhausted, records.looked()[0]]).toEqual([
      false,
      { topic: 'tip.served', partition: 0, from: 0, to: 0, low: 0, end: 1 },
    ]);
  });

  it('finds what has both the time and what is kept with it, and by the time alone', async () => {
    const { embedded, records, search } = await searching();
    const served = (category: string | null) => recordOf('tip.served', { user_id: 'ana', tip_id: 'a', served_at_ms: 5, category });
    await embedded.append(
      served('x'),
      served(null),
      served('y'),
      recordOf('tip.served', { user_id: 'ana', tip_id: 'a', served_at_ms: -5 }),
    );
    const fact = (kept?: string | null): Sought => ({ tipId: 'a', happening: 'served', atMs: 5, kept });
    await search([fact('y')]);
    expect([fact('x'), fact(null), fact('y'), fact('z'), fact()].map((one) => records.addressOf(one)?.offset)).toEqual([
      0,
      1,
      2,
      undefined,
      0,
    ]);
  });

  it('forgets what the log has deleted, and ends when nobody waits for it', async () => {
    const { embedded, records, search } = await searching();
    await embedded.append(ofAna('gone'), ofAna('kept'));
    await search([sought('gone'), sought('kept')]);
    await embedded.log.truncateBefore('tip.served', 0, 1);
    expect(await search([sought('gone'), sought('kept')])).toEqual([1, 2, true]);
    expect([sought('gone'), sought('kept')].map((one) => records.addressOf(one)?.offset)).toEqual([undefined, 1]);
    const gone = AbortSignal.abort(new TipstreamError('invalid_argument', 'the caller left'));
    await embedded.append(ofAna('next'));
    await expect(search([sought('next')], Infinity, gone)).rejects.toThrow('the caller left');
  });
});
