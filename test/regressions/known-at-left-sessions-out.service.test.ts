/**
 * With `--features core,activity`, what was known at positions was folded from servings and reactions alone: sessions counted 0 and signals
 * had no age, whatever the log held.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { registryOf } from '../../src/projections/registry.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { rowsOfNdjson } from '../support/exported.js';

const AT = Date.UTC(2026, 10, 20, 9);
const registry = registryOf({ sets: ['core', 'activity'] });

it('profiles known at positions have sessions and signals, in the join too', async () => {
  const embedded = await embeddedService({ registry, partitions: 2, publishProfiles: false, clock: () => AT + 1_000 });
  const folder = mkdtempSync(join(tmpdir(), 'tipstream-activity-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: AT - 10 });
  await embedded.produce('app.session', { user_id: 'ann', session_id: 's1', started_at_ms: AT - 9_000, ended_at_ms: AT - 4_000 });
  await embedded.produce('signal.synced', { user_id: 'ann', source: 'mail', synced_at_ms: AT - 700 });
  await embedded.catchUp();
  const run = async (...args: string[]): Promise<string> => {
    const answered = await runCommand(COMMANDS, [...args, '--data', embedded.directory, '--features', 'core,activity', '--json']);
    expect(answered, args.join(' ')).toMatchObject({ code: 0 });
    return answered.stdout;
  };
  const { positions } = JSON.parse(await run('digest')) as { positions: object };
  await embedded.produce('app.session', { user_id: 'ann', session_id: 's2', started_at_ms: AT - 8_000, ended_at_ms: AT - 7_000 });
  await embedded.catchUp();

  const [positionsFile, spine, plain] = ['p.json', 'known.ndjson', 's.ndjson'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(positionsFile, JSON.stringify({ positions }));
  writeFileSync(spine, JSON.stringify({ user_id: 'ann', as_of_ms: AT, known: positions }));
  writeFileSync(plain, JSON.stringify({ user_id: 'ann', as_of_ms: AT }));
  const then = { sessions_30d: 1, typical_session_ms: 5_000, signal_age_ms: 700, signal_age_ms_by_source: { mail: 700 } };
  const rows = async (...args: string[]) => rowsOfNdjson(Buffer.from(await run('export', ...args)));
  expect(await rows('--spine', plain)).toMatchObject([{ ...then, sessions_30d: 2, typical_session_ms: 1_000 }]);
  expect(await rows('--spine', spine, '--known-at-column', 'known')).toMatchObject([then]);
  expect(await rows('--spine', plain, '--known-at', positionsFile)).toMatchObject([then]);
  expect(await rows('--grid', '2026-11-20T09:00..2026-11-20T09:00', '--known-at', positionsFile)).toMatchObject([then]);
});
