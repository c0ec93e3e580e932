/**
 * Where the log still holds what a forgotten user had, as Kafka does until its retention ends, --known-at-column answered with it:
 * --known-at alone had read user.forgotten first.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { userDigest } from '../../src/events/user-digest.js';
import { forgottenRecord } from '../../src/producer/forgotten-record.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { rowsOfNdjson } from '../support/exported.js';

const AT = Date.UTC(2026, 10, 20, 9);

it('a forgotten user is not known at earlier positions either, by either option, and the others are', async () => {
  const embedded = await embeddedService({ registry: defaultRegistry, partitions: 1, publishProfiles: false, clock: () => AT + 1_000 });
  const folder = mkdtempSync(join(tmpdir(), 'tipstream-forgotten-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const user_id of ['ann', 'ben']) await embedded.produce('tip.served', { user_id, tip_id: 't1', served_at_ms: AT - 10 });
  const positions = { 'tip.served': 2, 'tip.feedback': 0 };
  const digest = userDigest('ann');
  const event = { forget_id: 'f1', user_digest: digest, forgotten_at_ms: AT, positions: { ...positions, 'tip.scored': 0 } };
  await embedded.log.append([forgottenRecord('', 0, event)]);
  const [positionsFile, spine] = ['p.json', 's.ndjson'].map((name) => join(folder, name)) as [string, string];
  const known = Object.fromEntries(Object.entries(positions).map(([topic, offset]) => [topic, { 0: offset }]));
  writeFileSync(positionsFile, JSON.stringify({ positions: known }));
  writeFileSync(spine, ['ann', 'ben'].map((user_id) => `${JSON.stringify({ user_id, as_of_ms: AT, known })}\n`).join(''));
  for (const option of [
    ['--known-at', positionsFile],
    ['--known-at-column', 'known'],
  ]) {
    const { code, stdout } = await runCommand(COMMANDS, ['export', '--spine', spine, ...option, '--json', '--data', embedded.directory]);
    expect(code).toBe(0);
    expect(rowsOfNdjson(Buffer.from(stdout)), option[0]).toMatchObject([{ tip_volume_30d: 0 }, { tip_volume_30d: 1 }]);
  }
});
