/**
 * export, sql and snapshot as processes of their own: files that appear whole or not at all, signals, memory, and a writer that goes
 * on writing.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { oracleProfiles } from '../oracle/profile.js';
import { generatedEvents, oracleEvents, STREAM_AS_OF_MS, toRecords, type ProduceLine } from '../support/e2e/events.js';
import { openSqliteLog } from '../../src/log/sqlite/index.js';
import { CliWorkspace, linesOf, records } from '../support/cli-process.js';

const AS_OF = ['--as-of', String(STREAM_AS_OF_MS)];
let cli: CliWorkspace;
beforeEach(() => {
  cli = new CliWorkspace();
});
afterEach(() => cli.dispose());

const path = (name: string): string => join(cli.directory, name);
const scratch = (): string[] => (existsSync(path('data/scratch')) ? readdirSync(path('data/scratch')) : []);
const ndjson = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function take(count: number, seed = 1): ProduceLine[] {
  const events = generatedEvents(seed);
  return Array.from({ length: count }, () => events.next().value as ProduceLine).filter(({ topic }) => topic !== 'tip.candidates');
}

async function filled(lines: readonly ProduceLine[]): Promise<void> {
  expect((await cli.run(['produce'], { input: ndjson(lines) })).code).toBe(0);
  expect((await cli.run(['start', '--until-caught-up', '--no-http', '--no-publish-profiles', '--log-level', 'error'])).code).toBe(0);
}

describe('export', () => {
  test('to stdout and to files of every format, which are not replaced without --force', async () => {
    const lines = take(300);
    await filled(lines);
    const expected = oracleProfiles(oracleEvents(lines), STREAM_AS_OF_MS);
    const printed = await cli.run(['export', ...AS_OF, '--json']);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(new Map(records(printed.stdout).map(({ user_id, as_of_ms: _, ...features }) => [user_id, features]))).toEqual(expected);

    expect(await cli.run(['export', ...AS_OF, '--out', 'p.ndjson'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `${expected.size} rows\n`,
    });
    expect(readFileSync(path('p.ndjson'), 'utf8')).toBe(printed.stdout);
    writeFileSync(path('p.csv'), 'mine');
    expect(await cli.run(['export', ...AS_OF, '--out', 'p.csv'])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^error: cannot write p\.csv: it exists .*\nhint: .*--force/) as string,
    });
    expect(readFileSync(path('p.csv'), 'utf8')).toBe('mine');
    expect(await cli.run(['export', ...AS_OF, '--out', 'p.csv', '--force'])).toMatchObject({ code: 0 });
    expect(readFileSync(path('p.csv'), 'utf8')).toBe((await cli.run(['export', ...AS_OF])).stdout);
    expect(await cli.run(['export', ...AS_OF, '--out', 'p.parquet'])).toMatchObject({ code: 0 });
    expect(readFileSync(path('p.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    expect((await cli.run(['export', ...AS_OF, '--format', 'parquet'])).stdout.slice(0, 4)).toBe('PAR1');

    expect(await cli.run(['export', '--spine', '-'], { input: '{"user_id":"user-1","as_of_ms":"x"}\n' })).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringMatching(/line 1 has no as_of_ms/) as string,
    });
    expect(readdirSync(cli.directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(scratch()).toEqual([]);
  });

  test.each<[string[], RegExp]>([
    [[], /^error: say which profiles/],
    [['--as-of', '1', '--spine', 'x'], /^error: --as-of cannot go with --spine/],
    [['--as-of', 'soon'], /^error: --as-of must be/],
    [['--as-of', '1', '--format', 'xlsx'], /^error: --format must be csv, ndjson, parquet/],
    [['--as-of', '1', '--format', 'csv', '--json'], /^error: --json is NDJSON/],
  ])('misuse %j is 64', async (args, message) => {
    expect(await cli.run(['export', ...args])).toMatchObject({
      code: 64,
      stdout: args.includes('--json') ? expect.stringMatching(/^\{"error":.*\}\n$/) : '',
      stderr: expect.stringMatching(message) as string,
    });
  });

  test('ends at Ctrl-C without a trace, though nobody reads on', async () => {
    await filled(take(300));
    writeFileSync(path('spine.ndjson'), '{"user_id":"user-1","as_of_ms":1795000000000}\n'.repeat(100_000));
    const child = cli.start(['export', '--spine', 'spine.ndjson', '--json']);
    await linesOf(child.stdout).next();
    child.stdout.pause();
    expect(scratch()).toHaveLength(1);
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(130);
    expect(scratch()).toEqual([]);
  });

  test('of many spine lines stays small, from one moment, while the writer goes on', async () => {
    const lines = take(20_000);
    await filled(lines);
    const asked = Array.from({ length: 3_000 }, (_, i) => ({
      user_id: `user-${i % 61}`,
      as_of_ms: STREAM_AS_OF_MS - (i % 50) * 86_400_000,
      row: i,
    }));
    writeFileSync(path('spine.ndjson'), ndjson(asked));
    const service = cli.start(['start', '--no-http', '--log-level', 'silent']);
    const log = await openSqliteLog({ directory: path('data'), synchronous: 'normal' });
    let writing = true;
    let appended = 0;
    // Times after all that is asked about: the answer must not depend on how many of these have been folded.
    const writer = (async () => {
      while (writing) {
        const more = Array.from({ length: 200 }, () => ({
          topic: 'tip.served' as const,
          value: { user_id: `user-${appended++ % 60}`, tip_id: `late-${appended}`, served_at_ms: STREAM_AS_OF_MS + appended },
        }));
        await log.append(toRecords('', more));
        await delay(20);
      }
    })();
    try {
      const env = {
        NODE_OPTIONS: `--import ${new URL('../../bench/report-usage.mjs', import.meta.url).href}`,
        BENCH_USAGE_FILE: path('usage.json'),
      };
      for (const format of ['ndjson', 'parquet'] as const) {
        expect(await cli.run(['export', '--spine', 'spine.ndjson', '--out', `out.${format}`], { env })).toMatchObject({ code: 0 });
        expect((JSON.parse(readFileSync(path('usage.json'), 'utf8')) as { peakRssMib: number }).peakRssMib).toBeLessThan(300);
      }
    } finally {
      writing = false;
      await writer;
      await log.close();
      service.kill('SIGTERM');
    }
    expect(appended).toBeGreaterThan(0);
    const rows = records(readFileSync(path('out.ndjson'), 'utf8'));
    expect(rows.map(({ row }) => row)).toEqual(asked.map(({ row }) => row));
    const oracle = new Map(
      Array.from({ length: 3 }, (_, days) => STREAM_AS_OF_MS - days * 86_400_000).map((asOfMs) => [
        asOfMs,
        oracleProfiles(oracleEvents(lines), asOfMs),
      ]),
    );
    for (const { user_id, as_of_ms, row: _, ...features } of rows.filter(({ as_of_ms }) => oracle.has(as_of_ms as number)).slice(0, 200)) {
      const expected = oracle.get(as_of_ms as number)!.get(user_id as string);
      if (expected === undefined) expect(features).toMatchObject({ tip_volume_30d: 0, completion_rate_30d: null });
      else expect(features).toEqual(expected);
    }
  });
});

describe('sql', () => {
  test('prints a table, JSON or CSV, and says what is wrong with a statement', async () => {
    await filled([
      { topic: 'tip.served', value: { user_id: '42', tip_id: 'a\u202eb', served_at_ms: 1 } },
      { topic: 'tip.served', value: { user_id: 'b', tip_id: 't', served_at_ms: 2, category: '' } },
    ]);
    const sql = 'SELECT user_id, tip_id, served_at_ms, served_category AS category FROM tips ORDER BY served_at_ms';
    expect((await cli.run(['sql', sql])).stdout).toBe(
      'user_id  tip_id  served_at_ms  category\n42       a?b     1             NULL\nb        t       2\n',
    );
    expect(JSON.parse((await cli.run(['sql', sql, '--json'])).stdout)).toEqual([
      { user_id: '42', tip_id: 'a\u202eb', served_at_ms: 1, category: null },
      { user_id: 'b', tip_id: 't', served_at_ms: 2, category: '' },
    ]);
    expect((await cli.run(['sql', sql, '--csv'])).stdout).toBe('user_id,tip_id,served_at_ms,category\r\n42,a\u202eb,1,\r\nb,t,2,""\r\n');
    const where = 'SELECT served_at_ms AS at FROM tips WHERE user_id = :user AND served_at_ms < :before';
    expect(JSON.parse((await cli.run(['sql', '--param', 'user=42', '--param', 'before=2', where, '--json'])).stdout)).toEqual([{ at: 1 }]);
    expect(JSON.parse((await cli.run(['sql', '--param', 'user="42"', '--param', 'before=1', where, '--json'])).stdout)).toEqual([]);
    expect(await cli.run(['sql', 'SELECT missing FROM tips'])).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringMatching(/^error: no such column: missing \[invalid_argument\]\n/) as string,
    });
    expect(await cli.run(['sql', 'SELECT 1 AS a, 2 AS a', '--json'])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/two columns are named a/) as string,
    });
    expect(await cli.run(['sql', 'SELECT 1', '--data', 'none'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\[no_data\]/) as string,
    });
  });

  test('dies of Ctrl-C in the middle of a statement', async () => {
    await filled(take(10));
    const child = cli.start([
      'sql',
      'SELECT 1 AS i UNION ALL SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)',
      '--csv',
    ]);
    await linesOf(child.stdout).next();
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))).toBe('SIGINT');
    expect(scratch()).toEqual([]);
  });
});

test('snapshot writes one file, once', async () => {
  const lines = take(300);
  await filled(lines);
  const made = await cli.run(['snapshot', 'tips.db', ...AS_OF, '--json']);
  expect(JSON.parse(made.stdout)).toMatchObject({
    file: 'tips.db',
    as_of_ms: STREAM_AS_OF_MS,
    profiles: oracleProfiles(oracleEvents(lines), STREAM_AS_OF_MS).size,
    positions: { 'tip.served': expect.any(Object) as object },
  });
  expect(await cli.run(['snapshot', 'tips.db'])).toMatchObject({ code: 64, stderr: expect.stringMatching(/it exists/) as string });
  expect(await cli.run(['snapshot', 'tips.db', '--force'])).toMatchObject({ code: 0 });
  expect(readdirSync(cli.directory).sort()).toEqual(['data', 'tips.db']);
  expect(scratch()).toEqual([]);
});
