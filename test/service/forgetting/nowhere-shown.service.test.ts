/** After a user is forgotten, no command and no page shows the user: each that showed something before is asked again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { buildServer } from '../../../src/http/server.js';
import { newDirectory } from '../../support/embedded/directory.js';
import { EmbeddedService, recordOf } from '../../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { forgottenBy } from '../../support/forgotten-by.js';
import { runCommand } from '../../support/cli-in-process.js';

const USER = 'nowhere-shown';
const TIP = 'tip-of-nobody';
const DECISION = 'decision-of-nobody';
const NOW_MS = TRAFFIC_AS_OF_MS;
const AT_MS = NOW_MS - 86_400_000;
const AS_OF = String(NOW_MS);

const directory = newDirectory();
const file = (name: string) => join(directory, '..', `${directory.split('/').at(-1)}-${name}`);
let embedded: EmbeddedService;

/** Commands that show users, and what they are asked. The user is not among the arguments, so that an echo is no finding. */
const COMMANDS_ASKED: readonly (readonly string[])[] = [
  ...['tips', 'decisions'].map((view) => ['sql', `SELECT * FROM ${view}`, '--json']),
  ['export', '--as-of', AS_OF],
  ['export', '--as-of', String(AT_MS + 1_000), '--format', 'ndjson'],
  ...['tip.served', 'tip.feedback', 'tip.candidates', 'tip.scored', 'tip.scored.shadow', 'policy.control', 'profile.features'].map(
    (topic) => [...['tail', topic, '--from-beginning', '--until-end']],
  ),
  ['tail', 'tip.feedback-dlt', '--from-beginning', '--until-end', '--raw'],
  ['dead-letters', 'list', '--json'],
  ['audit', '--json'],
];
const PAGES_ASKED = [
  `/v1/profiles/${USER}`,
  `/v1/profiles/${USER}?as_of_ms=${AT_MS + 1_000}`,
  `/v1/users/${USER}/provenance`,
  `/v1/users/${USER}/decisions`,
  `/v1/users/${USER}/decisions/${DECISION}`,
  '/v1/dead-letters',
  '/v1/audit',
];

const ask = async (argv: readonly string[]) => runCommand(COMMANDS, [...argv, '--data', directory]);
const shows = (text: string) => [USER, TIP, DECISION].some((secret) => text.includes(secret));

let letter = '';
let addresses: string[] = [];

beforeAll(async () => {
  embedded = await EmbeddedService.open(directory, { clock: () => NOW_MS, settings: { shadow: 'egreedy-v2' } });
  await embedded.append(...traffic(11).next(200));
  const candidates = [{ tip_id: TIP, is_overdue: false, task_age_days: 1, priority: 2 }];
  await embedded.append(
    recordOf('tip.candidates', { user_id: USER, decision_id: DECISION, requested_at_ms: AT_MS, candidates }),
    recordOf('tip.served', { user_id: USER, tip_id: TIP, decision_id: DECISION, served_at_ms: AT_MS + 1 }),
    recordOf('tip.feedback', { user_id: USER, tip_id: TIP, action: 'done', reacted_at_ms: AT_MS + 2 }),
    recordOf('tip.feedback', { user_id: USER, tip_id: TIP, action: 'shrug', reacted_at_ms: AT_MS + 3 }),
  );
  await embedded.start();
  await embedded.catchUp();
  const server = buildServer(embedded.service, { host: '127.0.0.1', tokens: undefined });
  await server.inject({ method: 'POST', url: '/reset', payload: { user_id: USER } });
  await embedded.catchUp();
  const [dead] = (await embedded.records('tip.feedback-dlt')).filter(({ key }) => String(key) === USER);
  letter = `tip.feedback-dlt/${dead!.partition}/${dead!.offset}`;
  const own = (await Promise.all(['tip.served', 'tip.feedback', 'tip.scored'].map((topic) => embedded.records(topic)))).flat();
  addresses = own.filter(({ key }) => String(key) === USER).map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`);
}, 60_000);
afterAll(() => embedded.close());

describe('a user who is forgotten', () => {
  it('was shown before, and is not after', async () => {
    for (const argv of COMMANDS_ASKED) expect(shows((await ask(argv)).stdout), `before: ${argv.join(' ')}`).toBe(true);
    for (const url of PAGES_ASKED) expect(shows((await get(url)).payload), `before: ${url}`).toBe(true);
    const { result } = await forgottenBy(embedded.service, USER, { by: { kind: 'command', name: 'ana', host: 'here' } });
    expect(result).toMatchObject({ found: true, receipt: { remains: { records: [], files: [] } } });
    for (const argv of COMMANDS_ASKED) {
      const { code, stdout, stderr } = await ask(argv);
      expect(code, `${argv.join(' ')}: ${stderr}`).toBe(0);
      expect([stdout, stderr].filter(shows), `after: ${argv.join(' ')}`).toEqual([]);
    }
  }, 120_000);

  it('is as unknown to pages as anybody who never was', async () => {
    for (const url of PAGES_ASKED) {
      const { statusCode, payload } = await get(url);
      const stranger = await get(url.replaceAll(USER, 'stranger'));
      expect(statusCode, url).toBe(stranger.statusCode);
      // What is asked for may be repeated.
      expect(url.includes(USER) ? payload.includes(TIP) : shows(payload), url).toBe(false);
    }
    for (const address of [...addresses, letter]) {
      const path = address.includes('-dlt') ? 'dead-letters' : 'events';
      expect((await get(`/v1/${path}/${address}`)).statusCode, address).toBe(404);
    }
    expect((await get(`/v1/profiles/${USER}`)).json()).toMatchObject({ error: { code: 'user_not_found' } });
    expect((await get(`/v1/users/${USER}/decisions/${DECISION}`)).statusCode).toBe(404);
  });

  it.each([
    ['profile', ['profile', USER, '--json']],
    ['profile as of earlier', ['profile', USER, '--json', '--as-of', String(AT_MS + 1_000)]],
    ['rebuild --user', ['rebuild', '--user', USER, '--dry-run', '--json']],
  ])('is user_not_found to %s', async (_, argv) => {
    const { code, stdout } = await ask(argv);
    expect([code, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, 'user_not_found']);
  });

  it('is unknown to a profile and an export as of what was known before', async () => {
    const known = file('known.json');
    writeFileSync(known, (await ask(['digest', '--json'])).stdout);
    const { code, stdout } = await ask(['profile', USER, '--json', '--known-at', known]);
    expect([code, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, 'user_not_found']);
    expect(shows((await ask(['export', '--as-of', AS_OF, '--known-at', known])).stdout)).toBe(false);
  });

  it('is in a spine that names the user unknown, with volume 0', async () => {
    const spine = file('spine.ndjson');
    writeFileSync(spine, `${JSON.stringify({ user_id: USER, as_of_ms: NOW_MS, label: 'mine' })}\n`);
    const { code, stdout, stderr } = await ask(['export', '--spine', spine, '--format', 'ndjson']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ user_id: USER, label: 'mine', tip_volume_30d: 0, completion_rate_30d: null });
  });

  it('has no dead letter to show or to redrive', async () => {
    for (const argv of [
      ['dead-letters', 'show', letter],
      ['dead-letters', 'redrive', letter],
    ])
      expect(await ask(argv), argv.join(' ')).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no') as string });
  });

  it('is in no snapshot that is made later', async () => {
    const snapshot = file('snapshot.db');
    expect((await ask(['snapshot', snapshot])).code).toBe(0);
    expect(existsSync(snapshot)).toBe(true);
    expect([USER, TIP, DECISION].filter((secret) => readFileSync(snapshot).includes(secret))).toEqual([]);
  });

  it('comes back with nothing of the past when there are events again', async () => {
    await embedded.stop(); // the command above has opened the state
    await embedded.append(recordOf('tip.served', { user_id: USER, tip_id: 'later', served_at_ms: NOW_MS - 5 }));
    await embedded.catchUp();
    const { features } = (await get(`/v1/profiles/${USER}`)).json<{ features: Record<string, unknown> }>();
    expect(features).toMatchObject({ tip_volume_30d: 1, completion_rate_30d: 0 });
    expect((await get(`/v1/users/${USER}/decisions`)).payload).not.toContain(DECISION);
    expect((await get(`/v1/users/${USER}/provenance`)).payload).not.toContain(TIP);
  });
});

function get(url: string) {
  return buildServer(embedded.service, { host: '127.0.0.1', tokens: undefined }).inject({ url });
}
