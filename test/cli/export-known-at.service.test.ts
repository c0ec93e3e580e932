/** Each row of a spine by what was known at positions of its own: what a decision was made with comes back, bit for bit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { rowsOfNdjson, type Row } from '../support/exported.js';
import { seededRandom } from '../support/seeded-random.js';

const START = Date.UTC(2026, 10, 1);
const HOUR = 3_600_000;
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
const SQL = "SELECT user_id, requested_at_ms AS as_of_ms, decision_id, record -> '$.positions' AS known FROM decisions";

let embedded: EmbeddedService;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tipstream-known-'));
  embedded = await EmbeddedService.open(newDirectory(), {
    registry: defaultRegistry,
    partitions: 2,
    publishProfiles: false,
    clock: () => START + 30 * 24 * HOUR,
  });
  const random = seededRandom(5);
  const below = (end: number): number => Math.floor(random() * end);
  let tip = 0;
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 15; i++) {
      // Late by up to four rounds: known to some decisions about a time and not to others.
      const [user_id, tip_id, at] = [`user${below(8)}`, `t${tip++}`, START + Math.max(0, round - below(5)) * HOUR + below(HOUR)];
      await embedded.produce('tip.served', { user_id, tip_id, served_at_ms: at, category: 'ab'[below(2)]! });
      if (below(2) === 0) await embedded.produce('tip.feedback', { user_id, tip_id, action: 'done', reacted_at_ms: at + below(HOUR) });
    }
    for (let user = 0; user < 8; user++) {
      const requested_at_ms = START + Math.max(0, round + 1 - below(3)) * HOUR;
      await embedded.produce('tip.candidates', { user_id: `user${user}`, decision_id: `d${round}`, requested_at_ms, candidates });
    }
    await embedded.catchUp();
  }
});
afterAll(async () => {
  await embedded.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]): Promise<Answered> => runCommand(COMMANDS, ['export', '--data', embedded.directory, ...args]);
const byDecision = (rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) =>
    `${String(a['user_id'])} ${String(a['decision_id'])}`.localeCompare(`${String(b['user_id'])} ${String(b['decision_id'])}`),
  );

describe('known at positions of its own', () => {
  it('each decision has the profile that it was made with, and by what is known now it often has another', async () => {
    const served = byDecision(rowsOfNdjson(Buffer.from((await run('--as-served', '--json')).stdout)));
    expect(served).toHaveLength(64);
    const { code, stdout } = await run('--spine-sql', SQL, '--known-at-column', 'known', '--json');
    expect(code).toBe(0);
    const known = byDecision(rowsOfNdjson(Buffer.from(stdout)));
    expect(known).toEqual(served.map((row) => ({ ...row })));
    const now = byDecision(rowsOfNdjson(Buffer.from((await run('--spine-sql', SQL.replace(/, record.*known/, ''), '--json')).stdout)));
    expect(now.filter((row, i) => row['tip_volume_30d'] !== known[i]!['tip_volume_30d']).length).toBeGreaterThan(10);
  });

  it('may go back and forth, and be those of all partitions', async () => {
    const [first, last] = [5, 30].map((offset) => ({ 'tip.served': { 0: offset, 1: offset }, 'tip.feedback': { 0: 5, 1: 5 } }));
    const rows = [last, first, last, { 'tip.served': 0 }, { 'tip.served': { 0: 20, 1: 20 } }].map((known, i) => ({
      user_id: `user${i % 8}`,
      as_of_ms: START + 20 * HOUR,
      known,
    }));
    writeFileSync(join(folder, 's.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { stdout } = await run('--spine', join(folder, 's.ndjson'), '--known-at-column', 'known', '--json');
    const found = rowsOfNdjson(Buffer.from(stdout));
    for (const [i, { user_id, known }] of rows.entries()) {
      writeFileSync(join(folder, 'p.json'), JSON.stringify({ positions: known }));
      writeFileSync(join(folder, 'one.ndjson'), JSON.stringify({ user_id, as_of_ms: START + 20 * HOUR }));
      if (i === 3) {
        expect(found[i]).toMatchObject({ user_id, tip_volume_30d: 0 });
        continue;
      }
      const alone = await run('--spine', join(folder, 'one.ndjson'), '--known-at', join(folder, 'p.json'), '--json');
      expect([found[i]]).toEqual(rowsOfNdjson(Buffer.from(alone.stdout)));
    }
  });

  it.each<[string, unknown, string]>([
    ['positions beyond the end', { 'tip.served': 100_000 }, 'line 1 of the spine: known names offset 100000 of tip.served partition'],
    ['other topics', { other: 1 }, 'known names neither tip.served nor tip.feedback'],
    ['no offset', { 'tip.served': -1 }, 'known has -1 for tip.served, which is not an offset'],
    ['nothing', null, 'line 1 has no known'],
    ['no JSON', 'x', 'line 1 of the spine: known is not JSON'],
  ])('%s is refused', async (_, known, message) => {
    writeFileSync(join(folder, 's.ndjson'), JSON.stringify({ user_id: 'user0', as_of_ms: START + HOUR, known }));
    expect(await run('--spine', join(folder, 's.ndjson'), '--known-at-column', 'known')).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
  });
});
