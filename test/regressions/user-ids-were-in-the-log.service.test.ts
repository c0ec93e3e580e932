/** A rebuild logged the user's id at info, a failed request the path with the id in it as an error, and a 501 was logged as an error. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import { buildServer } from '../../src/http/server.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { LoggedLine } from '../support/embedded/service.js';

const USER = 'ana.surname@example.org';
const DEBUG = 20;

test('no line at info or above holds the id of a user', async () => {
  const embedded = await embeddedService({ partitions: 2 });
  await embedded.produce('tip.served', { user_id: USER, tip_id: 't', served_at_ms: 1_795_900_000_000 });
  await embedded.catchUp();
  const { service } = embedded;
  const lines: LoggedLine[] = embedded.logged;
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as LoggedLine) });
  const server = buildServer(service, { host: '127.0.0.1', logger });
  const inject = async (method: 'GET' | 'POST', url: string, payload: object = {}): Promise<number> => {
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    return (await server.inject({ method, url, headers, ...(method === 'POST' ? { payload } : {}) })).statusCode;
  };
  const path = `/v1/profiles/${encodeURIComponent(USER)}`;

  const job = await service.rebuildUser(USER, { dryRun: false });
  await expect.poll(() => service.rebuildJob(job.job_id).state).toBe('done');
  expect(await inject('GET', `/v1/nothing/${encodeURIComponent(USER)}`)).toBe(404);
  const generate = { user_id: USER, candidates: [{ tip_id: 'a', is_overdue: true, task_age_days: 1, priority: 4 }] };
  expect(await inject('POST', '/generate', generate)).toBe(501);

  const profile = service.profile.bind(service);
  service.profile = () => Promise.reject(new Error('a defect'));
  expect(await inject('GET', path)).toBe(500);
  service.profile = () => Promise.reject(new TipstreamError('timeout', 'the log did not answer'));
  expect(await inject('GET', path)).toBe(504);
  service.profile = profile;

  const requests = lines.filter(({ msg }) => msg === 'request failed');
  expect(requests.map(({ level, path: route, code }) => [level, route, code])).toEqual([
    [50, '/v1/profiles/:user_id', 'internal'],
    [40, '/v1/profiles/:user_id', 'timeout'],
  ]);
  expect(lines.some(({ msg }) => msg === 'rebuilt one user from the log')).toBe(true);
  for (const line of lines.filter(({ level }) => level > DEBUG)) expect(decodeURIComponent(JSON.stringify(line))).not.toContain('surname');
  await server.close();
});
