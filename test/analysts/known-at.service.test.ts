/** What was known at earlier positions, against what the service itself answered when it stood there. */
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stateKnownAt, type KnownAtOptions, type KnownState } from '../../src/analysts/known-at.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { digestDocument, type Positions } from '../../src/store/queries/profiles.js';
import { EmbeddedService } from '../support/embedded/service.js';

const DAY_MS = 86_400_000;
const T = 1_795_000_000_000;
let service: EmbeddedService | undefined;
let known: KnownState | undefined;
afterEach(async () => {
  known?.close();
  await service?.close();
});

async function open(): Promise<EmbeddedService> {
  service = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-known-at-')), {
    clock: () => T + 10 * DAY_MS,
    partitions: 3,
    maxTaskIdleMs: 0,
  });
  return service;
}
async function serve(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++)
    await service!.produce('tip.served', {
      tip_id: `t${i}`,
      user_id: `u${i % 7}`,
      served_at_ms: T - i * 3_600_000,
      category: i % 2 === 0 ? 'home' : 'work',
    });
}
/** Of servings long before: late. */
async function react(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++)
    await service!.produce('tip.feedback', {
      tip_id: `t${i}`,
      user_id: `u${i % 7}`,
      action: 'done',
      reacted_at_ms: T - i * 3_600_000 + 60_000,
    });
}
async function at(positions: Positions, more: Partial<KnownAtOptions> = {}): Promise<KnownState> {
  known?.close();
  return (known = await stateKnownAt(service!.log, coreRegistry, {
    dataDirectory: service!.directory,
    topicPrefix: '',
    partitioner: 'murmur2',
    maxValueBytes: 1_048_576,
    positions,
    nowMs: Date.now(),
    signal: new AbortController().signal,
    ...more,
  }));
}
const digestOf = ({ readers }: KnownState, asOfMs: number): string => digestDocument(readers, asOfMs, coreRegistry.featureSet).digest;

describe('what was known at positions', () => {
  it('is what was answered then, whatever has come since and for every time', async () => {
    await open();
    await serve(0, 60);
    await react(0, 30);
    await service!.append({ topic: 'tip.served', key: Buffer.from('u1'), value: Buffer.from('no json') });
    await service!.catchUp();
    const times = [T, T - 12 * 3_600_000, T + 5 * DAY_MS];
    const then = times.map((time) => service!.digest(time));
    await serve(60, 90);
    await react(30, 90);
    await service!.catchUp();
    const state = await at(then[0]!.positions);
    times.forEach((time, i) => {
      expect(digestOf(state, time)).toBe(then[i]!.digest);
      expect(service!.digest(time).digest).not.toBe(then[i]!.digest);
    });
    expect(state.notes).toEqual([]);
    const now = await at(service!.digest(T).positions);
    expect(digestOf(now, T)).toBe(service!.digest(T).digest);
  });

  it('of one partition folds that one alone, and leaves nothing behind', async () => {
    await open();
    await serve(0, 40);
    await service!.catchUp();
    const { positions } = service!.digest(T);
    const state = await at(positions, { partitions: [service!.partitionOf('u3')] });
    expect([...state.readers.keys()]).toEqual([service!.partitionOf('u3')]);
    expect(state.readers.get(service!.partitionOf('u3'))!.profile('u3', T + 1)?.features.tip_volume_30d).toBeGreaterThan(0);
    state.close();
    known = undefined;
    expect(await readdir(join(service!.directory, 'scratch'))).toEqual([]);
  });

  it('publishes nothing', async () => {
    await open();
    await serve(0, 10);
    await service!.append({ topic: 'tip.served', key: Buffer.from('u1'), value: Buffer.from('no json') });
    await service!.catchUp();
    await service!.stop();
    const before = await Promise.all(['tip.served-dlt', 'profile.features'].map((topic) => service!.records(topic)));
    await at(service!.digest(T).positions);
    await service!.catchUp();
    expect(await Promise.all(['tip.served-dlt', 'profile.features'].map((topic) => service!.records(topic)))).toEqual(before);
  });

  it('refuses positions of something else, or of a log that ends before', async () => {
    await open();
    await serve(0, 5);
    await service!.catchUp();
    await expect(at({ 'other.tip.served': { 0: 3 } })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(at({ 'tip.served': { 7: 3 } })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(at({ 'tip.served': { 0: 1000 } })).rejects.toMatchObject({ code: 'offset_out_of_range' });
    expect(await readdir(join(service!.directory, 'scratch'))).toEqual([]);
  });

  it('ends when it is told to', async () => {
    await open();
    await serve(0, 20);
    await service!.catchUp();
    const reason = new Error('enough');
    await expect(at(service!.digest(T).positions, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
