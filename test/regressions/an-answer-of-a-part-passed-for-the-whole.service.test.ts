/**
 * With a state file removed, `verify` printed equal and exited with 0, and digest, sql, snapshot, export and lag answered in part without
 * a word.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrationReport } from '../../src/analysts/migration-report.js';
import { snapshotCommand } from '../../src/cli/commands/snapshot.js';
import { partitionFor } from '../../src/log/partitioner.js';
import type { Log } from '../../src/log/port.js';
import { policyNamed } from '../../src/policies/registry.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import { verify, type VerifyDocument } from '../../src/verify/verify.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { runReader, STATE_READERS } from '../support/state-readers.js';

const NOW = Date.now();
const GONE = partitionFor('murmur2', Buffer.from('u1'), 3);

/** Without the file of u1's partition; the state says that it is of this kind of log. */
async function partial(kind: 'sqlite' | 'kafka' = 'sqlite'): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 3 });
  for (let n = 0; n < 16; n++) await embedded.produce('tip.served', { user_id: `u${n}`, tip_id: `t${n}`, served_at_ms: NOW - 1_000 });
  await embedded.catchUp();
  await embedded.stop();
  for (let partition = 0; partition < 3; partition++) {
    const db = new Database(embedded.statePath(partition));
    db.prepare("UPDATE meta SET value = ? WHERE name = 'log'").run(kind);
    db.close();
  }
  removeFile(embedded.statePath(GONE));
  return embedded;
}

function removeFile(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
}

it.each(STATE_READERS.filter((name) => name !== 'verify'))('%s refuses an embedded state of which a file is missing', async (name) => {
  const { directory } = await partial();
  const { code, stdout, stderr } = await runReader(name, directory);
  // lag shows what it knows of the others, and says of the missing one that it is missing.
  expect([code, name === 'lag' ? '' : stdout]).toEqual([1, '']);
  expect(stderr).toContain(`partition-000${GONE}.db is missing [state_incomplete]`);
  expect(stderr).toMatch(/hint: Run `tipstream start`/);
});

it('verify is 2 without the whole, 0 with --partial, and 1 where there is nothing', async () => {
  const embedded = await partial();
  const whole = await runReader('verify', embedded.directory, ['--json']);
  expect(whole.code).toBe(2);
  expect(JSON.parse(whole.stdout)).toMatchObject({ equal: false, difference_count: 0, partitions_missing: [GONE] });
  expect(whole.stderr).toContain(`partitions_missing: [${GONE}]`);
  expect(await runReader('verify', embedded.directory, ['--partial'])).toMatchObject({ code: 0 });

  const folder = `${embedded.directory}/state/gen-000001`;
  for (const name of readdirSync(folder)) rmSync(`${folder}/${name}`);
  for (const more of [[], ['--partial']]) {
    const { code, stderr } = await runReader('verify', embedded.directory, more);
    expect([code, stderr]).toEqual([1, expect.stringContaining('[state_incomplete]')]);
  }
  rmSync(folder, { recursive: true });
  expect(await runReader('digest', embedded.directory)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('state_incomplete') as string,
  });
});

it('on Kafka, where other members of the group have the rest, every answer says what is not in it', async () => {
  const { directory } = await partial('kafka');
  const onKafka = { KAFKA_BROKERS: '127.0.0.1:1' };
  const ask = (name: string, ...more: string[]) => runReader(name, directory, more, onKafka);
  for (const name of ['digest', 'snapshot']) {
    const { code, stdout } = await ask(name, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ partitions_missing: [GONE] });
  }
  const rows = await ask('export of all', '--json');
  expect(JSON.parse(rows.stderr)).toEqual({ rows: rows.stdout.trim().split('\n').length, unknown: 0, partitions_missing: [GONE] });
  for (const name of ['sql', 'export of all', 'snapshot', 'digest', 'policies prompts', 'policies card'])
    expect(await ask(name), name).toMatchObject({ code: 0, stderr: expect.stringContaining(`partitions_missing: [${GONE}]`) as string });
  expect(await ask('profile')).toMatchObject({ code: 1, stderr: expect.stringContaining('no_data') as string });
});

it('a snapshot of a part says in its own table what is not in it, and a report on a migration says it too', async () => {
  const { directory } = await partial('kafka');
  const file = join(directory, 'part.db');
  const argv = ['snapshot', file, '--data', directory];
  expect(await runCommand([snapshotCommand], argv, { env: { KAFKA_BROKERS: '127.0.0.1:1' } })).toMatchObject({ code: 0 });
  const db = new Database(file, { readonly: true });
  expect(db.prepare("SELECT value FROM meta WHERE name = 'partitions_missing'").pluck().get()).toBe(`[${GONE}]`);
  db.close();
  const report = await migrationReport({
    state: { dataDirectory: directory, log: 'kafka', topicPrefix: '' },
    registry: defaultRegistry,
    controls: [],
    control: { control_id: 'c', type: 'migrate', effective_at_ms: NOW, policy: 'egreedy-v2', from: 'egreedy-v1' },
    userId: undefined,
    from: policyNamed('egreedy-v1'),
    into: policyNamed('egreedy-v2'),
    signal: new AbortController().signal,
  });
  expect(report).toMatchObject({ users: 0, partitions_missing: [GONE] });
});

it('on Kafka verify is equal of a part only where it was asked for one', async () => {
  const embedded = await partial('kafka');
  const log = new Proxy<Log>(embedded.log, {
    get: (target, name) => {
      if (name === 'kind') return 'kafka';
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const ask = (isPartial: boolean): Promise<VerifyDocument> =>
    verify({
      log,
      registry: defaultRegistry,
      target: { dataDirectory: embedded.directory, topicPrefix: '', partitioner: 'murmur2', maxValueBytes: 1_048_576 },
      question: { asOfMs: NOW, partial: isPartial },
      signal: new AbortController().signal,
    });
  expect(await ask(false)).toMatchObject({ equal: false, difference_count: 0, partitions_missing: [GONE] });
  expect(await ask(true)).toMatchObject({ equal: true, difference_count: 0, partitions_missing: [GONE] });
});
