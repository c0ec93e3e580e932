/** What /metrics says of a real service on the embedded log, and what Prometheus's own checker says of that. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { redriveHeaders } from '../../../src/events/redrive.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../../support/embedded/service.js';
import { samples } from '../../support/exposition.js';
import { promtool, withPromtool } from '../../support/promtool.js';
import { rebuilt } from '../../support/rebuilds.js';

const NOW_MS = 1_795_219_200_000;
const candidates = [
  { tip_id: 'a', is_overdue: true, task_age_days: 3, priority: 4 },
  { tip_id: 'b', is_overdue: false, task_age_days: 1, priority: 1 },
];
const served = (tip_id: string, served_at_ms: number, user_id = 'ana') => ({ user_id, tip_id, served_at_ms });
const exposed = async (embedded: EmbeddedService) => samples(await embedded.service.metrics());

/** With some of everything: servings, reactions, decisions with a shadow, a refused record and a redriven one. */
async function withData(options: EmbeddedOptions = {}): Promise<EmbeddedService> {
  const embedded = await embeddedService({ clock: () => NOW_MS, settings: { shadow: 'egreedy-v2' }, maxTaskIdleMs: 0, ...options });
  await embedded.start();
  await embedded.append(
    ...[1, 2, 3].map((i) => recordOf(embedded.topic('tip.served'), served(`t${i}`, NOW_MS - i * 60_000), { timestampMs: NOW_MS - 500 })),
    recordOf(embedded.topic('tip.feedback'), { user_id: 'ana', tip_id: 't1', action: 'cheered', reacted_at_ms: NOW_MS }),
    recordOf(embedded.topic('tip.feedback'), { user_id: 'ana', tip_id: 't1', action: 'done', reacted_at_ms: NOW_MS - 200 }),
    recordOf(embedded.topic('tip.candidates'), { user_id: 'ana', decision_id: 'd', requested_at_ms: NOW_MS - 2_000, candidates }),
  );
  const address = { topic: 'tip.served-dlt', partition: 0, offset: 0 };
  const headers = redriveHeaders([], { letter: address, source: { ...address, topic: 'tip.served' }, count: 1, edited: false });
  await embedded.append(recordOf(embedded.topic('tip.served'), served('t4', NOW_MS - 90_000), { headers }));
  await embedded.catchUp();
  return embedded;
}

describe('/metrics', () => {
  it('counts what was applied, refused, put back and answered, and how long that took', async () => {
    const embedded = await withData();
    await embedded.service.score({ user_id: 'ana', decision_id: 'asked over HTTP', candidates });
    await embedded.catchUp();
    const all = await exposed(embedded);
    const of = (name: string) => all.get(`tipstream_${name}`);
    expect(of('applied_records_total{topic="tip.served"}')).toBe(4);
    expect(of('applied_records_total{topic="tip.candidates"}')).toBe(1);
    expect(of('rejected_records_total{topic="tip.feedback",code="invalid_event"}')).toBe(1);
    expect(of('rejected_records_total{topic="tip.served",code="invalid_event"}')).toBe(0);
    expect(of('dead_letters_total{topic="tip.feedback"}')).toBe(1);
    expect(of('dead_letters_refused_total{topic="tip.feedback"}')).toBe(0);
    expect(of('redriven_records_total{topic="tip.served"}')).toBe(1);
    expect(of('redriven_records_total{topic="tip.feedback"}')).toBe(0);

    const servings = ['60', '300', '+Inf'].map((le) => of(`event_latency_seconds_bucket{le="${le}",topic="tip.served"}`));
    expect(servings).toEqual([1, 4, 4]);
    expect(of('event_latency_seconds_sum{topic="tip.served"}')).toBeCloseTo(60 + 120 + 180 + 90, 9);
    expect(of('event_latency_seconds_bucket{le="0.1",topic="tip.feedback"}')).toBe(0);
    expect(of('event_latency_seconds_bucket{le="0.25",topic="tip.feedback"}')).toBe(1);
    expect(of('event_latency_seconds_count{topic="tip.feedback"}')).toBe(1);
    // The decision that HTTP asked for has a metric of its own.
    expect(of('decision_latency_seconds_count{topic="tip.candidates"}')).toBe(1);
    expect(of('decision_latency_seconds_sum{topic="tip.candidates"}')).toBe(2);
    expect(of('shadow_agreement_ratio')).toBe(of('events{name="shadow_agreed"}')! / 2);
  });

  it('says of each partition where it stands, and how new what it knows is', async () => {
    const embedded = await withData();
    const all = await exposed(embedded);
    const partition = embedded.partitionOf('ana');
    expect(all.get(`tipstream_last_record_timestamp_seconds{topic="tip.served",partition="${partition}"}`)).toBeGreaterThan(0);
    expect(all.get(`tipstream_feature_staleness_seconds{topic="tip.served",partition="${partition}"}`)).toBe(60);
    expect(all.get(`tipstream_feature_staleness_seconds{topic="tip.feedback",partition="${partition}"}`)).toBe(0.2);
    expect([...all.keys()].filter((name) => name.startsWith('tipstream_feature_staleness'))).toHaveLength(2);
    for (const number of [0, 1]) {
      const states = ['restoring', 'running', 'stopped'].map((state) =>
        all.get(`tipstream_partition_state{partition="${number}",state="${state}"}`),
      );
      expect(states).toEqual([0, 1, 0]);
      expect(all.get(`tipstream_state_bytes{partition="${number}"}`)).toBeGreaterThan(4_096);
      const statuses = [...all].filter(([name]) => name.startsWith(`tipstream_lag_status{topic="tip.served",partition="${number}"`));
      expect(statuses.filter(([, value]) => value === 1)).toEqual([
        [`tipstream_lag_status{topic="tip.served",partition="${number}",status="ok"}`, 1],
      ]);
      expect(statuses).toHaveLength(7);
    }
    expect([...all.keys()].filter((name) => name.startsWith('tipstream_partition_stopped_info'))).toEqual([]);
    expect(all.get('tipstream_disk_free_bytes')).toBeGreaterThan(0);
    expect(all.get('tipstream_disk_free_bytes')).toBeLessThanOrEqual(all.get('tipstream_disk_size_bytes')!);
    expect(
      [...all.keys()].some((name) => /^tipstream_build_info\{version="\d[^"]*",node="\d[^"]*",log="sqlite",feature_set="/.test(name)),
    ).toBe(true);
  });

  it('knows after a restart how old the last record is, and counts from 0', async () => {
    const embedded = await withData();
    const names = (all: ReadonlyMap<string, number>) =>
      [...all].filter(([name]) => /^tipstream_(last_record_timestamp|feature_staleness)/.test(name)).sort();
    const before = names(await exposed(embedded));
    await embedded.stop();
    await embedded.catchUp();
    const after = await exposed(embedded);
    // The newest serving was not the last: of an earlier run the last one is known.
    const newest = /^tipstream_feature_staleness_seconds\{topic="tip.served"/;
    expect(names(after).map(([name, value]) => [name, newest.test(name) ? 60 : value])).toEqual(before);
    expect(names(after).find(([name]) => newest.test(name))![1]).toBe(90);
    expect(after.get('tipstream_applied{topic="tip.served"}')).toBe(4);
    expect(after.get('tipstream_applied_records_total{topic="tip.served"}')).toBe(0);
    expect(after.get('tipstream_rejected_records_total{topic="tip.feedback",code="invalid_event"}')).toBe(0);
  });

  it('has no series of a partition that was revoked', async () => {
    const embedded = await withData();
    const ofPartition = async (number: number) =>
      [...(await exposed(embedded)).keys()].filter((name) => name.includes(`partition="${number}"`));
    const [kept, gone] = [embedded.partitionOf('ana'), 1 - embedded.partitionOf('ana')];
    const before = await ofPartition(kept);
    expect((await ofPartition(gone)).length).toBeGreaterThan(50);
    embedded.service.group.revoked(gone);
    expect(await ofPartition(gone)).toEqual([]);
    expect(await ofPartition(kept)).toEqual(before);
  });

  it('says why a partition stopped', async () => {
    const embedded = await withData();
    await embedded.stop();
    await writeFile(embedded.statePath(1), 'no database');
    await embedded.start();
    const all = await exposed(embedded);
    expect(all.get('tipstream_partition_stopped_info{partition="1",code="state_corrupt"}')).toBe(1);
    expect(all.get('tipstream_partition_state{partition="1",state="stopped"}')).toBe(1);
    expect(all.get('tipstream_lag_status{topic="tip.served",partition="1",status="stop"}')).toBe(1);
    await vi.waitFor(async () => expect((await exposed(embedded)).get('tipstream_partition_state{partition="0",state="running"}')).toBe(1));
  });

  it('says how far a rebuild is, from its first batch until it is live', async () => {
    const embedded = await embeddedService({ partitions: 1, publishProfiles: false });
    await embedded.produce('tip.served', ...Array.from({ length: 30 }, (_, i) => served(`t${i}`, NOW_MS - i)));
    await embedded.catchUp();
    const progress = async () => (await exposed(embedded)).get('tipstream_rebuild_progress_ratio');
    expect(await progress()).toBeUndefined();
    const ended = new AbortController();
    const interrupted = rebuilt(embedded, {
      batchRecords: 10,
      signal: ended.signal,
      at: (point) => void (point === 'rebuild: batch committed' && ended.abort(new Error('enough'))),
    });
    await expect(interrupted).rejects.toThrow('enough');
    expect(await progress()).toBeCloseTo(10 / 30, 9);
    if (withPromtool)
      expect(await promtool(['check', 'metrics'], { input: await embedded.service.metrics() })).toEqual({ code: 0, text: '' });
    await rebuilt(embedded, { dryRun: true });
    expect(await progress()).toBe(1);
    await rebuilt(embedded);
    expect(await progress()).toBeUndefined();
  });
});

describe.skipIf(!withPromtool)('promtool check metrics finds nothing', () => {
  const check = async (embedded: EmbeddedService) => {
    const input = await embedded.service.metrics();
    expect(input.match(/^# HELP tipstream_\S+ \S/gm)!.length).toBeGreaterThan(30);
    expect(await promtool(['check', 'metrics'], { input })).toEqual({ code: 0, text: '' });
  };

  it('while all is well, with a prefix too', async () => {
    const embedded = await withData({ topicPrefix: 'signals.' });
    const all = await exposed(embedded);
    expect(all.get('tipstream_applied_records_total{topic="signals.tip.served"}')).toBe(4);
    expect(all.get('tipstream_dead_letters_total{topic="signals.tip.feedback"}')).toBe(1);
    expect(all.get('tipstream_event_latency_seconds_count{topic="signals.tip.served"}')).toBe(4);
    await check(embedded);
  });

  it('with a partition that stopped', async () => {
    const embedded = await withData();
    await embedded.stop();
    await writeFile(embedded.statePath(0), 'no database');
    await embedded.start();
    await check(embedded);
  });
});
