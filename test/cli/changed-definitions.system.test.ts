/**
 * State of other feature definitions under the commands as people run them: each refuses and says what differs, `rebuild` moves over,
 * and then each answers.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultRegistry } from '../../src/projections/registry.js';
import { oracleDigest, type OracleEvent } from '../oracle/profile.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import { everything, oracleOf } from '../support/other-definitions.js';
import { CliWorkspace } from '../support/cli-process.js';

let cli: CliWorkspace;
beforeEach(() => {
  cli = new CliWorkspace();
});
afterEach(() => cli.dispose());

/** Answers the valid events of the log. */
async function foldedUnderOthers(): Promise<OracleEvent[]> {
  const embedded = await EmbeddedService.open(join(cli.directory, 'data'), {
    partitions: 2,
    clock: () => TRAFFIC_AS_OF_MS,
    registry: everything,
  });
  const records = traffic(21).next(900);
  await embedded.append(...records);
  await embedded.catchUp();
  await embedded.stop();
  await embedded.log.close();
  return records.flatMap(({ topic, value }): OracleEvent[] => {
    const text = value!.toString();
    if (topic === 'tip.candidates' || text === 'not json') return [];
    const event = { topic, value: JSON.parse(text) as OracleEvent['value'] };
    return event.value.served_at_ms === -1 ? [] : [event];
  });
}

const AS_OF = ['--as-of', String(TRAFFIC_AS_OF_MS)];

test('refused by every command with what differs; moved over by rebuild, which a dry run foretells; and then answered by all', async () => {
  const events = await foldedUnderOthers();
  const questions = [
    ['digest', ...AS_OF],
    ['profile', 'user-1', ...AS_OF],
    ['export', ...AS_OF],
    ['sql', 'SELECT count(*) FROM profiles', ...AS_OF],
    ['snapshot', 'out.db', ...AS_OF],
    ['verify', ...AS_OF],
  ];
  for (const question of questions) {
    const { code, stdout, stderr } = await cli.run([...question, '--json']);
    expect([question[0], code]).toEqual([question[0], 1]);
    expect(stderr).toContain('added: preferred_hour; changed: mean_dwell_ms_30d (window 14 d -> 30 d');
    expect(stderr).toContain('tipstream rebuild');
    if (question[0] === 'export') continue; // rows, and so no document, on stdout
    expect(JSON.parse(stdout)).toMatchObject({
      error: {
        code: 'state_mismatch',
        details: {
          added: ['preferred_hour'],
          changed: [{ name: 'mean_dwell_ms_30d' }, { name: 'tip_volume_30d' }],
          removed: ['snoozed_7d'],
        },
      },
    });
  }
  const refused = await cli.run(['start', '--until-caught-up', '--no-http']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('removed: snoozed_7d');
  expect(refused.stderr).toContain('tipstream rebuild');

  const known = oracleOf(defaultRegistry, events, TRAFFIC_AS_OF_MS);
  const foretold = await cli.run(['rebuild', '--dry-run']);
  expect(foretold.stderr).toContain('added: preferred_hour; changed: mean_dwell_ms_30d');
  expect(foretold.stderr).toMatch(/partition 0: from stored tips, because the tip rows that are kept hold all/);
  expect(foretold.stdout).toMatch(/snoozed_7d +removed/);
  const done = await cli.run(['rebuild', '--json']);
  expect(done.code).toBe(0);
  expect(JSON.parse(done.stdout.trim().split('\n').at(-1)!)).toMatchObject({
    swapped: true,
    resumed: true,
    definitions: { added: ['preferred_hour'], removed: ['snoozed_7d'] },
    sources: [
      { partition: 0, source: 'tips' },
      { partition: 1, source: 'tips' },
    ],
  });

  const digest = await cli.run(['digest', ...AS_OF, '--json']);
  expect(JSON.parse(digest.stdout)).toMatchObject({
    digest: oracleDigest(known),
    users: known.size,
    feature_set: defaultRegistry.featureSet,
  });
  for (const question of questions) expect([question[0], (await cli.run(question)).code]).toEqual([question[0], 0]);
  expect((await cli.run(['start', '--until-caught-up', '--no-http'])).code).toBe(0);
  expect((await cli.run(['verify'])).code).toBe(0);
});
