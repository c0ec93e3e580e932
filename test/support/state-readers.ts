/** Every command that reads state files, run in the test's process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CliCommand, CommandFamily } from '../../src/cli/command.js';
import { digestCommand } from '../../src/cli/commands/digest.js';
import { evaluateCommand } from '../../src/cli/commands/evaluate.js';
import { exportCommand } from '../../src/cli/commands/export.js';
import { lagCommand } from '../../src/cli/commands/lag/lag.js';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { profileCommand } from '../../src/cli/commands/profile.js';
import { snapshotCommand } from '../../src/cli/commands/snapshot.js';
import { sqlCommand } from '../../src/cli/commands/sql.js';
import { verifyCommand } from '../../src/cli/commands/verify.js';
import { runCommand, type Answered } from './cli-in-process.js';

const READERS: Readonly<Record<string, readonly [command: CliCommand | CommandFamily, argv: readonly string[]]>> = {
  profile: [profileCommand, ['profile', 'u1']],
  digest: [digestCommand, ['digest']],
  'export of all': [exportCommand, ['export', '--as-of', String(Date.now() + 60_000)]],
  'export as served': [exportCommand, ['export', '--as-served']],
  sql: [sqlCommand, ['sql', 'SELECT count(*) FROM tips']],
  snapshot: [snapshotCommand, ['snapshot', 'OUT']],
  evaluate: [evaluateCommand, ['evaluate']],
  lag: [lagCommand, ['lag']],
  verify: [verifyCommand, ['verify']],
  'policies card': [policiesFamily, ['policies', 'card', 'egreedy-v1', '--no-rollout']],
  'policies prompts': [policiesFamily, ['policies', 'prompts']],
  'policies aa-test': [policiesFamily, ['policies', 'aa-test', '--rollouts', '1']],
  'policies migrate': [policiesFamily, ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--dry-run']],
};

export const STATE_READERS = Object.keys(READERS);

/** What the reader of that name answers of a data directory. */
export async function runReader(
  name: string,
  directory: string,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const [command, argv] = READERS[name]!;
  const folder = mkdtempSync(join(tmpdir(), 'tipstream-reader-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return runCommand([command], [...argv.map((arg) => (arg === 'OUT' ? join(folder, 'out.db') : arg)), '--data', directory, ...more], {
    env,
  });
}
