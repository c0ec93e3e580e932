/** Users of whom there is one trace alone: wherever it is, it is found, and nothing of it is left. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coreRegistry, registryOf } from '../../../src/projections/registry.js';
import { currentGeneration } from '../../../src/store/directory/layout.js';
import type { NewRecord } from '../../../src/log/port.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../../support/embedded/service.js';
import { forgottenBy } from '../../support/forgotten-by.js';
import { named, verified } from '../../support/planted-state.js';
import { rebuilt } from '../../support/rebuilds.js';
import { framed } from '../../support/registry-fixtures.js';

const USER = 'only-there';
const NOW_MS = Date.UTC(2026, 10, 20);
const settings = { clock: () => NOW_MS, partitions: 2, settings: { shadow: 'egreedy-v2' } };
const otto = recordOf('tip.served', { user_id: 'otto', tip_id: 't1', served_at_ms: NOW_MS - 10 });
const avro = (text: string) => Buffer.concat([Buffer.of(2 * Buffer.byteLength(text)), Buffer.from(text)]);
const bare = (value: Buffer | string, key: Buffer | null = null): NewRecord => ({
  topic: 'tip.feedback',
  partition: 0,
  key,
  value: Buffer.from(value),
});

describe('a user who occurs only in', () => {
  it.each([
    ['a value that is no JSON, with a key', bare('not json', Buffer.from(USER))],
    ['a value that is cut, without a key', bare(`{"user_id":"${USER}","tip_id":"t`)],
    ['a value that names the user in a field of another name', bare(JSON.stringify({ userId: USER, action: 'done' }))],
    ['an Avro value that nobody could decode, without a key', bare(framed(9, Buffer.concat([avro('t1'), avro(USER)])))],
    ['a key in the wire format of a registry', bare('not json', framed(9, avro(USER)))],
    ['a key that is a string of JSON', bare('not json', Buffer.from(JSON.stringify(USER)))],
  ])('a dead letter: %s', async (_, record) => {
    const embedded = await lived(otto, record);
    expect(await embedded.records('tip.feedback-dlt')).toHaveLength(1);
    await isForgotten(embedded);
    expect(await embedded.records('tip.feedback-dlt')).toHaveLength(0);
    expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
  });

  it('what others say in a control for everybody that was refused: it stays, with its dead letter', async () => {
    const control = { control_id: 'c1', type: 'promote', policy: USER, effective_at_ms: 'soon' };
    const embedded = await lived(otto, recordOf('tip.served', { user_id: USER, tip_id: 't1', served_at_ms: NOW_MS - 10 }), {
      ...{ topic: 'policy.control', partition: 0, key: null, value: Buffer.from(JSON.stringify(control)) },
    });
    const { result } = await forgottenBy(embedded.service, USER);
    expect(result!.receipt!.remains.files).toContain('log.db');
    expect([(await embedded.records('policy.control')).length, (await embedded.records('policy.control-dlt')).length]).toEqual([1, 1]);
    await embedded.stop();
    expect(await rebuilt(embedded, { dryRun: true })).toMatchObject({ changed_users: 0, differences: [] });
  });

  it('a dead letter whose source is gone', async () => {
    const embedded = await lived(otto, bare(`{"user_id":"${USER}"`));
    await embedded.log.erasing.erase('tip.feedback', 0, [0]);
    await isForgotten(embedded);
    expect(await embedded.records('tip.feedback-dlt')).toHaveLength(0);
  });

  it('requests, of which only decisions and the shadow of them are left', async () => {
    const candidates = [{ tip_id: 't1', is_overdue: false, task_age_days: 1, priority: 2 }];
    const embedded = await lived(
      otto,
      recordOf('tip.candidates', { user_id: USER, decision_id: 'd1', requested_at_ms: NOW_MS - 5, candidates }),
    );
    expect(await embedded.scored('tip.scored.shadow')).toHaveLength(1);
    await isForgotten(embedded);
    expect([await embedded.scored(), await embedded.scored('tip.scored.shadow')]).toEqual([[], []]);
  });

  it.each([
    ['sessions', 'app.session', { session_id: 's1', started_at_ms: NOW_MS - 50, ended_at_ms: NOW_MS - 5 }],
    ['signals', 'signal.synced', { source: 'mail', synced_at_ms: NOW_MS - 5 }],
  ] as const)('%s', async (_, topic, event) => {
    const registry = registryOf({ sets: ['core', 'activity'] });
    const embedded = await livedWith({ registry }, otto, recordOf(topic, { user_id: USER, ...event }));
    expect(await isForgotten(embedded)).toMatchObject({ in_state: true });
    expect(await embedded.records(topic)).toHaveLength(0);
    expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
  });

  it('sessions that this installation does not fold', async () => {
    const embedded = await livedWith({ registry: registryOf({ sets: ['core', 'activity'] }) }, otto);
    await embedded.stop();
    await embedded.deleteState();
    await embedded.append(
      recordOf('app.session', { user_id: USER, session_id: 's1', started_at_ms: NOW_MS - 50, ended_at_ms: NOW_MS - 5 }),
    );
    await embedded.start({ registry: coreRegistry });
    await embedded.catchUp();
    expect(await isForgotten(embedded)).toMatchObject({ in_state: false });
    expect(await embedded.records('app.session')).toHaveLength(0);
  });

  it('an earlier generation of the state', async () => {
    const embedded = await lived(otto, recordOf('tip.served', { user_id: USER, tip_id: 't1', served_at_ms: NOW_MS - 10 }));
    await embedded.stop();
    const [state, aside] = [join(embedded.directory, 'state'), join(embedded.directory, 'aside')];
    mkdirSync(aside);
    cpSync(join(state, currentGeneration(embedded.directory)!), join(aside, 'gen-000009'), { recursive: true });
    await embedded.deleteState();
    await embedded.log.erasing.erase('tip.served', embedded.partitionOf(USER), [
      embedded.partitionOf(USER) === embedded.partitionOf('otto') ? 1 : 0,
    ]);
    for (const partition of [0, 1]) {
      const published = (await embedded.records('profile.features')).filter(
        (record) => record.partition === partition && record.key?.equals(Buffer.from(USER)),
      );
      await embedded.log.erasing.erase(
        'profile.features',
        partition,
        published.map(({ offset }) => offset),
      );
    }
    await embedded.start();
    await embedded.catchUp();
    renameSync(join(aside, 'gen-000009'), join(state, 'gen-000009'));
    const { receipt } = await isForgotten(embedded, { in_state: false, records: [], other_generations: ['gen-000009'] });
    expect(receipt!.removed.generations).toEqual(['gen-000009']);
  });
});

async function isForgotten(embedded: EmbeddedService, expected: object = {}) {
  const { result, error } = await forgottenBy(embedded.service, USER);
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ found: true, ...expected });
  expect(result!.receipt!.remains).toMatchObject({ records: [], files: [] });
  expect(filesWith(embedded.directory, USER)).toEqual([]);
  expect((await forgottenBy(embedded.service, USER)).result).toMatchObject({ found: false });
  return result!;
}

const lived = (...records: readonly NewRecord[]) => livedWith({}, ...records);

async function livedWith(more: EmbeddedOptions, ...records: readonly NewRecord[]): Promise<EmbeddedService> {
  const embedded = await embeddedService({ ...settings, ...more });
  await embedded.append(...records);
  await embedded.start();
  await embedded.catchUp();
  return embedded;
}

function filesWith(directory: string, text: string): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => existsSync(path) && readFileSync(path).includes(text));
}
