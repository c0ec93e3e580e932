/** GET /v1/events/{topic}/{partition}/{offset}: each record of a busy log, as it lies there and as what it did. */
import { describe, expect, it } from 'vitest';
import { partitionFunction } from '../../src/log/partitioner.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { recordDocument } from '../../src/provenance/record-document.js';
import { buildServer } from '../../src/http/server.js';
import type { RecordDocument } from '../../src/service/application.js';
import { CORE_TOPICS, TOPIC_NAMES, TOPICS } from '../../src/topics.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';

const DAY_MS = 86_400_000;

describe('a record of the log', () => {
  it('is shown byte for byte with what it did: every record of a busy log', async () => {
    const embedded = await embeddedService({
      partitions: 2,
      clock: () => TRAFFIC_AS_OF_MS,
      topicPrefix: 'p.',
      settings: { shadow: 'egreedy-v2' },
    });
    await embedded.append(
      ...traffic(7)
        .next(250)
        .map((record) => ({ ...record, topic: `p.${record.topic}` })),
    );
    const control = { control_id: 'c', type: 'promote', effective_at_ms: 1, policy: 'egreedy-v2', percent: 0 };
    await embedded.append(...[0, 1, 0].map((partition) => recordOf('p.policy.control', control, { partition })));
    await embedded.catchUp();
    const { service } = embedded;
    const seen = new Map<string, number>();
    const note = (what: string) => void seen.set(what, (seen.get(what) ?? 0) + 1);
    for (const topic of [...TOPIC_NAMES.filter((name) => TOPICS[name].folds !== 'rows'), ...CORE_TOPICS.map((name) => `${name}-dlt`)].map(
      (name) => `p.${name}`,
    ))
      for (const record of await embedded.records(topic)) {
        const { partition, offset } = record;
        const document = await service.record({ topic, partition, offset });
        const hexOf = (bytes: RecordDocument['value']) => bytes && (bytes.hex ?? Buffer.from(bytes.text!).toString('hex'));
        expect(hexOf(document.key)).toBe(record.key?.toString('hex') ?? null);
        expect(hexOf(document.value)).toBe(record.value?.toString('hex') ?? null);
        expect(document.headers.map(({ name, value }) => [name, hexOf(value)])).toEqual(
          record.headers.map(([name, value]) => [name, value?.toString('hex') ?? null]),
        );
        if (topic.endsWith('-dlt')) {
          const { record: source, code } = document.refused!;
          expect(document).toMatchObject({ event: null, refusal: null, applied: null, effect: null });
          const refused = await service.record(source!);
          expect(refused.refusal!.code).toBe(code);
          expect(refused.dead_letter!.record).toEqual({ topic, partition, offset });
          note('dead letter');
          continue;
        }
        expect(document.refused).toBe(null);
        if (topic === 'p.profile.features') {
          // A tombstone of a profile that ended is refused by nobody.
          expect(document).toMatchObject({
            is_folded: false,
            refusal: null,
            applied: null,
            applied_to: null,
            effect: null,
            dead_letter: null,
          });
          continue;
        }
        expect([document.is_folded, document.applied]).toEqual([true, true]);
        const { effect, refusal, event } = document;
        if (refusal !== null) {
          expect([event, effect]).toEqual([null, null]);
          expect(document.dead_letter!.record).toMatchObject({ topic: `${topic}-dlt` });
          note('refused');
        } else if (effect!.kind === 'tip') {
          const { features } = await service.provenance(effect!.user_id).catch(() => ({ features: [] }));
          if (effect!.is_kept) expect(effect!.at_ms).toBe(effect!.kept_at_ms);
          else expect(effect!.at_ms).toBeGreaterThanOrEqual(effect!.kept_at_ms!);
          const inWindow = effect!.at_ms < TRAFFIC_AS_OF_MS && effect!.at_ms >= TRAFFIC_AS_OF_MS - 30 * DAY_MS;
          const volume = effect!.happening === 'served' && effect!.is_kept && inWindow;
          expect(effect!.counted_in.includes('tip_volume_30d')).toBe(volume);
          if (volume) expect(features.length).toBe(8);
          note(effect!.is_kept ? 'kept' : 'not kept');
          if (effect!.decisions.length > 0) note('linked');
        } else if (effect!.kind === 'decision') {
          expect(effect!.is_this).toBe(true);
          if (topic === 'p.tip.scored') expect(effect!.decision).toEqual({ topic, partition, offset });
          else if (topic === 'p.tip.scored.shadow') expect(effect!.shadow).toEqual({ topic, partition, offset });
          else expect(effect!.decision).not.toBe(null);
          note(topic);
        } else {
          const control = { topic, partition, offset: 0 };
          expect(effect).toEqual({ kind: 'control', control_id: 'c', is_this: offset === 0, control });
          note(`control ${offset === 0}`);
        }
      }
    expect([...seen.keys()].sort()).toEqual([
      'control false',
      'control true',
      'dead letter',
      'kept',
      'linked',
      'not kept',
      'p.tip.candidates',
      'p.tip.scored',
      'p.tip.scored.shadow',
      'refused',
    ]);
  }, 60_000);

  it('is not there: each way of it says what to do, and no topic of others is read', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    await embedded.log.createTopics([
      { name: 'salaries', partitions: 1, retentionMs: -1, cleanupPolicy: 'delete', maxMessageBytes: 1_000_000 },
    ]);
    await embedded.append({ topic: 'salaries', key: null, value: Buffer.from('secret') });
    await embedded.append(
      ...['a', 'b', 'c'].map((tip_id) => recordOf('tip.served', { user_id: 'u', tip_id, served_at_ms: 1 }, { partition: 0 })),
    );
    await embedded.start();
    await embedded.log.truncateBefore('tip.served', 0, 1);
    const server = buildServer(embedded.service, { host: '127.0.0.1' });
    const asked = async (address: string) => {
      const response = await server.inject(`/v1/events/${address}`);
      const { error } = response.json<{ error?: { code: string; details?: { hint?: string } } }>();
      return [response.statusCode, error?.code, error?.details?.hint];
    };
    expect(await asked('tip.served/0/0')).toEqual([
      404,
      'offset_out_of_range',
      'It holds the offsets 1 to 2; what came before is deleted.',
    ]);
    expect(await asked('tip.served/0/3')).toEqual([404, 'offset_out_of_range', 'It holds the offsets 1 to 2.']);
    expect(await asked('tip.served/1/0')).toEqual([404, 'offset_out_of_range', 'The partition holds no record.']);
    expect(await asked('tip.served/2/0')).toEqual([404, 'topic_not_found', 'Name one of its partitions, 0 to 1.']);
    expect(await asked('salaries/0/0')).toEqual([404, 'topic_not_found', expect.stringMatching(/^Name one of user\.forgotten, .*-dlt/)]);
    expect(await asked('tip.served/x/0')).toEqual([400, 'invalid_argument', undefined]);
    expect(await asked('tip.served/0/-1')).toEqual([400, 'invalid_argument', undefined]);
    expect(await asked('tip.served/0/1')).toEqual([200, undefined, undefined]);
    const tag = (await server.inject('/v1/events/tip.served/0/1')).headers.etag as string;
    const again = await server.inject({ url: '/v1/events/tip.served/0/1', headers: { 'if-none-match': tag } });
    expect(again.statusCode).toBe(304);
  });

  it('of a partition that is not held here says what it is, and not what it did', async () => {
    const embedded = await embeddedService({ partitions: 1 });
    await embedded.produce('tip.served', { user_id: 'u', tip_id: 't', served_at_ms: 1 });
    await embedded.append({ topic: 'tip.served', key: Buffer.from('u'), value: null });
    await embedded.start();
    const document = (offset: number) =>
      recordDocument({
        address: { topic: 'tip.served', partition: 0, offset },
        log: embedded.log,
        topicPrefix: '',
        rules: { maxValueBytes: 1_000, partitions: 1, partitioner: partitionFunction('murmur2') },
        registry: coreRegistry,
        reader: () => undefined,
        nowMs: 5,
      });
    const nothing = { applied: null, applied_to: null, effect: null, dead_letter: null, as_of_ms: 5 };
    expect(await document(0)).toMatchObject({ ...nothing, event: { user_id: 'u', tip_id: 't', served_at_ms: 1 }, refusal: null });
    expect(await document(1)).toMatchObject({ ...nothing, event: null, value: null, refusal: { code: 'null_value' } });
  });

  it('ends with a log that does not answer within the deadline', async () => {
    const embedded = await embeddedService({ partitions: 1, logTimeoutMs: 100 });
    await embedded.produce('tip.served', { user_id: 'u', tip_id: 't', served_at_ms: 1 });
    await embedded.catchUp();
    const answerAgain = embedded.faults.hang();
    await expect(embedded.service.record({ topic: 'tip.served', partition: 0, offset: 0 })).rejects.toMatchObject({
      code: 'log_unavailable',
    });
    answerAgain();
    expect(await embedded.service.record({ topic: 'tip.served', partition: 0, offset: 0 })).toMatchObject({ applied: true });
  });
});
