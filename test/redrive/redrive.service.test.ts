/** Dead letters put back on their topics beside the running service, on the embedded log. */
import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { readDeadLetterReason } from '../../src/events/dead-letter.js';
import { userDigest } from '../../src/events/user-digest.js';
import type { LogRecord, NewRecord } from '../../src/log/port.js';
import { forgottenRecord } from '../../src/producer/forgotten-record.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { findLetters } from '../../src/redrive/find-letters.js';
import { lookAtSources } from '../../src/redrive/look-at-sources.js';
import { redrive, type RedriveDocument, type RedriveOptions } from '../../src/redrive/redrive.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../support/embedded/service.js';
import { stateIn } from '../support/state-in.js';

const DAY = 86_400_000;
const NOW = 40 * DAY;
const clock = () => NOW;
const served = (user_id: string, tip_id: string) => ({ user_id, tip_id, served_at_ms: NOW - DAY });
const bad = (user: string, text = 'no json', more: Partial<NewRecord> = {}): NewRecord => ({
  topic: 'tip.served',
  key: Buffer.from(user),
  value: Buffer.from(text),
  ...more,
});

const open = (options: EmbeddedOptions = {}) => embeddedService({ clock, maxValueBytes: 1_000, ...options });

function run(embedded: EmbeddedService, options: Partial<RedriveOptions> = {}): Promise<RedriveDocument> {
  const { maxValueBytes = 1_048_576, partitioner = 'murmur2' } = embedded.options;
  return redrive(
    { log: embedded.log, registry: coreRegistry, state: stateIn(embedded.directory), rules: { maxValueBytes, partitioner } },
    { prefix: '', max: Infinity, again: false, dryRun: false, repartition: false, nowMs: NOW, ...options },
  );
}

const own = ({ headers }: LogRecord) => headers.filter(([name]) => !name.startsWith('__dlq.'));
const redrivenIn = async (embedded: EmbeddedService) =>
  (await embedded.records('tip.served')).filter(({ headers }) => headers.some(([name]) => name.startsWith('__dlq.redrive.')));

describe('a redrive', () => {
  it('appends the very record, beside the running service, and a second one sends nothing', async () => {
    const embedded = await open();
    const headers = [
      ['trace', Buffer.from([0xff, 0])],
      ['trace', null],
    ] as const;
    await embedded.append(bad('ann', 'a', { headers, timestampMs: 77 }), bad('bob', 'b'));
    await embedded.catchUp();
    const first = await run(embedded);
    expect(first).toMatchObject({ matching: 2, redriven: 2, left: 0, stopped: false });
    const before = (await embedded.records('tip.served')).find(({ key }) => key!.toString() === 'ann')!;
    const again = (await redrivenIn(embedded)).find(({ key }) => key!.toString() === 'ann')!;
    expect([again.value, again.timestampMs, again.partition]).toEqual([before.value, 77, before.partition]);
    expect(own(again)).toEqual(own(before));
    expect(again.headers.map(([name, value]) => [name, value?.toString()]).slice(2)).toEqual([
      ['__dlq.redrive.letter', `tip.served-dlt/${before.partition}/0`],
      ['__dlq.redrive.source', `tip.served/${before.partition}/${before.offset}`],
      ['__dlq.errors.redrive_count', '1'],
    ]);
    expect(await run(embedded)).toMatchObject({ redriven: 0, skipped: { redriven: 2 } });
  });

  it('passes over who was forgotten, also where their dead letters are not deleted yet', async () => {
    const embedded = await open();
    await embedded.append(bad('ann'), bad('bob'));
    await embedded.catchUp();
    await embedded.stop();
    const partition = embedded.partitionOf('ann');
    const positions = { 'tip.served': (await embedded.log.offsets('tip.served')).get(partition)!.end };
    const event = { forget_id: 'f1', user_digest: userDigest('ann'), forgotten_at_ms: NOW, positions };
    await embedded.append(forgottenRecord('', partition, event));
    expect(await run(embedded, { dryRun: true })).toMatchObject({ matching: 1, redriven: 1 });
    await run(embedded);
    expect((await redrivenIn(embedded)).map(({ key }) => key!.toString())).toEqual(['bob']);
  });

  it('of a record that fails again ends there: its new dead letter has the count, and only --again sends it', async () => {
    const embedded = await open();
    await embedded.append(bad('ann'));
    await embedded.catchUp();
    await run(embedded);
    await embedded.catchUp();
    const letters = await embedded.records('tip.served-dlt');
    expect(letters.map(({ headers }) => readDeadLetterReason(headers).redriveCount)).toEqual([0, 1]);
    expect(await run(embedded)).toMatchObject({ matching: 2, redriven: 0, skipped: { redriven: 1, failed_again: 1 } });
    expect((await run(embedded, { again: true })).records).toMatchObject([
      { redrive_count: 2, source: expect.stringMatching(/\/1$/) as string },
    ]);
    await embedded.catchUp();
    expect(readDeadLetterReason((await embedded.records('tip.served-dlt')).at(-1)!.headers).redriveCount).toBe(2);
  });

  it('with the limit raised since folds what was too large, and a dry run said so before', async () => {
    const embedded = await open({ maxValueBytes: 1_000 });
    await embedded.produce('tip.served', served('ann', 't0'));
    const large = { ...served('ann', 't1'), note: 'x'.repeat(2_000) };
    await embedded.produce('tip.served', large, { ...served('bob', 't1'), user_id: 'bob', note: 'x'.repeat(2_000) });
    await embedded.catchUp();
    await embedded.stop();
    const raised = { rules: { maxValueBytes: 4_000, partitioner: 'murmur2' as const } };
    const options = { prefix: '', max: Infinity, again: false, repartition: false, nowMs: NOW };
    const deps = { log: embedded.log, registry: coreRegistry, state: stateIn(embedded.directory), ...raised };
    const ends = await embedded.records('tip.served');
    const dry = await redrive(deps, { ...options, dryRun: true });
    expect(dry).toMatchObject({ dry_run: true, redriven: 2, would_be_refused: 0 });
    expect(
      dry.profiles!.users.map(({ user_id, before, after, changed }) => [user_id, before?.tip_volume_30d, after?.tip_volume_30d, changed]),
    ).toEqual([
      ['ann', 1, 2, ['tip_volume_30d']],
      ['bob', undefined, 1, expect.arrayContaining(['tip_volume_30d'])],
    ]);
    expect(await embedded.records('tip.served')).toEqual(ends);
    expect((await run(embedded, { dryRun: true })).records.map(({ refused }) => refused?.code)).toEqual([
      'value_too_large',
      'value_too_large',
    ]);
  });

  it('by topic, code, time and address takes those alone, and the cap leaves the rest for the next run', async () => {
    const embedded = await open();
    await embedded.append(bad('ann', 'a'), bad('ann', '[]'), bad('ann', 'c'), { ...bad('ann', 'd'), topic: 'tip.feedback' });
    await embedded.catchUp();
    const codes = async (options: Partial<RedriveOptions>) =>
      (await run(embedded, { dryRun: true, ...options })).records.map(({ code }) => code);
    expect(await codes({ topic: 'tip.feedback' })).toEqual(['not_json']);
    expect(await codes({ code: 'not_object' })).toEqual(['not_object']);
    expect(await codes({ sinceMs: NOW + 1 })).toEqual([]);
    expect(await codes({ sinceMs: NOW })).toHaveLength(4);
    const partition = embedded.partitionOf('ann');
    const address = { topic: 'tip.served-dlt', partition, offset: 1 };
    expect(await codes({ address })).toEqual(['not_object']);
    await expect(run(embedded, { address: { ...address, offset: 9 } })).rejects.toMatchObject({ code: 'not_found' });
    expect(await run(embedded, { max: 3 })).toMatchObject({ redriven: 3, left: 1 });
    expect(await run(embedded, { max: 3 })).toMatchObject({ redriven: 1, left: 0, skipped: { redriven: 3 } });
  });

  it('of a record whose dead letter was sent twice sends one', async () => {
    const embedded = await open();
    await embedded.append(bad('ann'));
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    await embedded.append({ ...letter!, timestampMs: 5 });
    expect(await run(embedded)).toMatchObject({ matching: 1, redriven: 1 });
  });

  it('leaves out what does not say where it was, or says what cannot be', async () => {
    const embedded = await open();
    await embedded.append(bad('ann'));
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    const saying = (name: string, text: string) =>
      letter!.headers.map(([known, value]) => [known, known === `__dlq.errors.${name}` ? Buffer.from(text) : value] as const);
    await embedded.append(
      { ...letter!, headers: [] },
      { ...letter!, headers: saying('topic', 'policy.control') },
      { ...letter!, headers: saying('partition', '99') },
    );
    expect(await run(embedded)).toMatchObject({ matching: 4, redriven: 1, skipped: { unknown_source: 3 } });
  });

  it('takes a value that did not fit its dead letter from where the record lies', async () => {
    const embedded = await open();
    await embedded.append(bad('ann', 'y'.repeat(3_000)));
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    const sha256 = createHash('sha256').update('y'.repeat(3_000)).digest('hex');
    const payload = (hash: string) =>
      [
        ['__dlq.payload.bytes', Buffer.from('3000')],
        ['__dlq.payload.sha256', Buffer.from(hash)],
      ] as const;
    const offsetOf = (text: string) =>
      letter!.headers.map(([name, value]) => [name, name === '__dlq.errors.offset' ? Buffer.from(text) : value] as const);
    await embedded.append({ ...letter!, value: null, headers: [...offsetOf('0'), ...payload(sha256)] });
    const stub = { topic: letter!.topic, partition: letter!.partition, offset: 1 };
    expect(await run(embedded, { address: stub })).toMatchObject({ redriven: 1 });
    expect((await redrivenIn(embedded))[0]!.value!.length).toBe(3_000);
    await embedded.append({ ...letter!, value: null, headers: [...offsetOf('0'), ...payload('0'.repeat(64))] });
    expect(await run(await sameWithout(embedded), { address: { ...stub, offset: 2 } })).toMatchObject({ redriven: 0 });
  });

  it('leaves out a record that would no longer fit its topic, and sends those around it', async () => {
    const embedded = await open({ maxValueBytes: 2_000_000 });
    await embedded.append(bad('ann'), bad('ann', 'z'.repeat(1_048_400)), bad('ann', 'last'));
    await embedded.catchUp();
    expect(await run(embedded)).toMatchObject({ matching: 3, redriven: 2, skipped: { too_large: 1 } });
  });

  it('that was stopped goes on where it was, also after the log failed in the middle', async () => {
    const embedded = await open();
    await embedded.append(...Array.from({ length: 40 }, (_, at) => bad(`user-${at}`)));
    await embedded.catchUp();
    const stop = new AbortController();
    const onProgress: RedriveOptions['onProgress'] = (what, done) => void (what === 'sending' && done >= 7 && stop.abort('SIGINT'));
    const stopped = await run(embedded, { rate: 70, signal: stop.signal, onProgress });
    expect(stopped.stopped).toBe(true);
    expect(stopped.redriven).toBeGreaterThanOrEqual(7);
    expect(stopped.redriven).toBeLessThan(40);
    // The second batch is written, and nobody hears of it.
    await embedded.stop();
    const write = embedded.log.append.bind(embedded.log);
    const append = vi.spyOn(embedded.log, 'append').mockImplementation(async (records) => {
      const addresses = await write(records);
      if (append.mock.calls.length === 2) throw new Error('killed');
      return addresses;
    });
    await expect(run(embedded, { rate: 50 })).rejects.toThrow('killed');
    append.mockRestore();
    await run(embedded);
    const repeated = (await redrivenIn(embedded)).map(({ key }) => key!.toString());
    expect(repeated).toHaveLength(40);
    expect(new Set(repeated).size).toBe(40);
  });

  it('that is stopped while it looks at the sources takes nothing for looked at', async () => {
    const embedded = await open();
    await embedded.append(bad('ann'));
    await embedded.catchUp();
    const { letters } = await findLetters(embedded.log, { prefix: '' });
    expect((await lookAtSources(embedded.log, letters)).sources.size).toBe(1);
    await expect(lookAtSources(embedded.log, letters, { signal: AbortSignal.abort('stopped') })).rejects.toBe('stopped');
  });

  it('keeps to its rate', async () => {
    const embedded = await open();
    await embedded.append(...Array.from({ length: 6 }, () => bad('ann')));
    await embedded.catchUp();
    const beganMs = performance.now();
    await run(embedded, { rate: 20 });
    expect(performance.now() - beganMs).toBeGreaterThan(150);
  });
});

describe('a redrive that changes', () => {
  it('the value keeps both: the new record says where it is from, and the dead letter stays', async () => {
    const embedded = await open();
    await embedded.append(bad('ann', '{"broken'));
    await embedded.catchUp();
    const edit = Buffer.from(JSON.stringify(served('bob', 't1')));
    const address = { topic: 'tip.served-dlt', partition: embedded.partitionOf('ann'), offset: 0 };
    expect(await run(embedded, { address, edit, dryRun: true })).toMatchObject({ redriven: 1, would_be_refused: 0 });
    await run(embedded, { address, edit });
    await embedded.catchUp();
    const [record] = await redrivenIn(embedded);
    expect([record!.key!.toString(), record!.partition, record!.value]).toEqual(['bob', embedded.partitionOf('bob'), edit]);
    expect(record!.headers.map(([name, value]) => [name, value!.toString()])).toContainEqual(['__dlq.redrive.edited', 'true']);
    expect((await embedded.service.profile('bob')).features.tip_volume_30d).toBe(1);
    expect((await embedded.records('tip.served-dlt')).map(({ value }) => value!.toString())).toEqual(['{"broken']);
    expect(await run(embedded)).toMatchObject({ redriven: 0, skipped: { redriven: 1 } });
  });

  it('the value refuses one that would fail again, and more than one dead letter', async () => {
    const embedded = await open();
    await embedded.append(bad('ann'), bad('ann'));
    await embedded.catchUp();
    const address = { topic: 'tip.served-dlt', partition: embedded.partitionOf('ann'), offset: 0 };
    await expect(run(embedded, { address, edit: Buffer.from('{}') })).rejects.toMatchObject({ code: 'invalid_event' });
    await expect(run(embedded, { edit: Buffer.from('{}') })).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await redrivenIn(embedded)).toEqual([]);
  });

  it('the partition mends records of another partitioner', async () => {
    const embedded = await open();
    const right = embedded.partitionOf('ann');
    await embedded.append(recordOf('tip.served', served('ann', 't1'), { partition: 1 - right }));
    await embedded.catchUp();
    expect((await run(embedded, { dryRun: true })).records[0]!.refused!.code).toBe('wrong_partition');
    expect(await run(embedded, { repartition: true })).toMatchObject({ redriven: 1, records: [{ to: { partition: right } }] });
    await embedded.catchUp();
    expect((await embedded.service.profile('ann')).features.tip_volume_30d).toBe(1);
    expect(await run(embedded, { repartition: true })).toMatchObject({ redriven: 0, skipped: { redriven: 1 } });
  });
});

/** Another log with the last dead letter alone: the record that it is of was not redriven there, and has other bytes. */
async function sameWithout(embedded: EmbeddedService): Promise<EmbeddedService> {
  const other = await open();
  const letters = await embedded.records('tip.served-dlt');
  await other.append(...letters);
  await other.append(bad('ann', 'other'));
  return other;
}
