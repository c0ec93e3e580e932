/** `verify` ended with a line of JSON for people too: neither what was compared nor a verdict in words. */
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { plant } from '../support/planted-state.js';
import { runReader } from '../support/state-readers.js';

const NOW = Date.now();
const AS_OF = new Date(NOW).toISOString();
const LONG = `${'u'.repeat(120)}1`;
const MINE = partitionFor('murmur2', Buffer.from(LONG), 2);
const OTHER = 1 - MINE;

async function stopped(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2 });
  for (let n = 0; n < 30; n++) await embedded.produce('tip.served', { user_id: LONG, tip_id: `t${n}`, served_at_ms: NOW - 1_000 });
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

async function linesOf(embedded: EmbeddedService, code: number, ...more: string[]): Promise<string[]> {
  const answered = await runReader('verify', embedded.directory, ['--as-of', AS_OF, ...more]);
  expect(answered.code).toBe(code);
  const lines = answered.stdout.trimEnd().split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  return lines;
}

it('says equal of each partition and of the whole', async () => {
  const embedded = await stopped();
  const rows = [`${MINE}          30       30      1      equal`, `${OTHER}          0        0       0      equal`].sort();
  expect(await linesOf(embedded, 0)).toEqual([
    'PARTITION  RECORDS  EVENTS  USERS  RESULT',
    ...rows,
    '',
    `equal: 1 user, 2 partitions, as of ${AS_OF}`,
  ]);
});

it('says where it differs, and how often', async () => {
  const embedded = await stopped();
  plant(embedded, LONG, "UPDATE tip SET served_at_ms = served_at_ms - 1 WHERE tip_id IN ('t1', 't2')");
  const lines = await linesOf(embedded, 2);
  expect(lines.at(-1)).toMatch(/^differs: \d+ differences, 1 user$/);
  expect(lines.find((line) => line.startsWith(`${MINE} `))).toMatch(/ differs: \d+ differences of 1 user$/);
  expect(lines.find((line) => line.startsWith(`${OTHER} `))).toMatch(/ equal$/);
  expect(lines).toContainEqual(expect.stringMatching(/^ {4}events {2}tip\.served\//));

  const { stdout } = await runReader('verify', embedded.directory, ['--json', '--as-of', AS_OF]);
  const document = JSON.parse(stdout) as { difference_count: number; partitions: object[] };
  expect(document.partitions[MINE]).toEqual({
    partition: MINE,
    result: 'differs',
    records: 30,
    events: 30,
    verified_users: 1,
    difference_count: document.difference_count,
    differing_users: 1,
    unproven_count: 0,
    could_not_tell: 0,
  });
  expect(document.partitions[OTHER]).toMatchObject({ partition: OTHER, result: 'equal', difference_count: 0 });
});

it('says that it cannot tell of a partition that is not here', async () => {
  const embedded = await stopped();
  for (const end of ['', '-wal', '-shm']) rmSync(embedded.statePath(OTHER) + end, { force: true });
  const whole = await linesOf(embedded, 2);
  expect(whole).toContain(`${OTHER}          -        -       -      no state file here`);
  expect(whole.at(-1)).toBe('cannot tell: nothing is proven of 1 of 2 partitions');
  expect((await linesOf(embedded, 0, '--partial')).at(-1)).toBe(`equal: 1 user, 1 of 2 partitions, as of ${AS_OF}`);
});
