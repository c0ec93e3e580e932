/** What `export` takes and where it puts things: queries, grids, folders by day, and what a file says of itself. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { rowsOfCsv, rowsOfNdjson, rowsOfParquet } from '../support/exported.js';

const START = Date.UTC(2026, 10, 1);
const DAY = 86_400_000;
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
let embedded: EmbeddedService;
let data: string;
let folders: string;
let folder: string;
let test = 0;

beforeAll(async () => {
  embedded = await EmbeddedService.open(newDirectory(), {
    registry: defaultRegistry,
    partitions: 2,
    publishProfiles: false,
    clock: () => START + 60 * DAY,
  });
  data = embedded.directory;
  for (let i = 0; i < 40; i++) {
    const [user_id, at] = [`u${i % 5}`, START + (i % 13) * DAY + i * 3_600_000];
    await embedded.produce('tip.served', { user_id, tip_id: `t${i}`, served_at_ms: at, category: 'x' });
    if (i % 3 === 0) await embedded.produce('tip.feedback', { user_id, tip_id: `t${i}`, action: 'done', reacted_at_ms: at + 5_000 });
  }
  await embedded.produce('tip.candidates', { user_id: 'u1', decision_id: 'd1', requested_at_ms: START + 20 * DAY, candidates });
  await embedded.catchUp();
});
afterAll(async () => {
  await embedded.close();
  rmSync(folders, { recursive: true });
});
beforeEach(() => {
  folders ??= mkdtempSync(join(tmpdir(), 'tipstream-exports-'));
  folder = join(folders, String(++test));
  mkdirSync(folder);
});

const path = (name: string): string => join(folder, name);
const read = (name: string): Buffer => readFileSync(path(name));
const run = (...args: string[]): Promise<Answered> => runCommand(COMMANDS, ['export', '--data', data, ...args]);
async function good(...args: string[]): Promise<Answered> {
  const answered = await run(...args);
  expect(answered, args.join(' ')).toMatchObject({ code: 0 });
  return answered;
}

describe('a grid', () => {
  it('is every export as of each of its times, by user and then by time', async () => {
    const times = Array.from({ length: 20 }, (_, i) => START + i * 4 * DAY);
    const apart: object[] = [];
    for (const time of times) apart.push(...rowsOfNdjson(Buffer.from((await good('--as-of', String(time), '--json')).stdout)));
    const byUser = (apart as { user_id: string; as_of_ms: number }[]).sort((a, b) =>
      a.user_id < b.user_id ? -1 : a.user_id > b.user_id ? 1 : a.as_of_ms - b.as_of_ms,
    );
    const grid = await good('--grid', `2026-11-01..${new Date(times.at(-1)!).toISOString()}`, '--every', '4d', '--json');
    expect(rowsOfNdjson(Buffer.from(grid.stdout))).toEqual(byUser);
    expect(byUser.length).toBeGreaterThan(30);
  });

  it('has a day between its times unless --every says otherwise, and goes by the zone of its beginning', async () => {
    const times = async (...args: string[]): Promise<unknown[]> => [
      ...new Set(rowsOfNdjson(Buffer.from((await good(...args, '--json')).stdout)).map((row) => row['as_of_ms'])),
    ];
    const midnights = await times('--grid', '2026-11-14T00:00+05:30..2026-11-16T00:00+05:30');
    expect(midnights).toEqual([13, 14, 15].map((day) => START + (day - 1) * DAY + 18.5 * 3_600_000));
    expect(await times('--grid', '2026-11-14..2026-11-14T13:00', '--every', '6h')).toEqual(
      [0, 6, 12].map((h) => START + 13 * DAY + h * 3_600_000),
    );
  });

  it.each([
    [['--grid', '2026-11-02..2026-11-01'], 'ends before it begins'],
    [['--grid', '2026-11-02'], 'must be FROM..TO'],
    [['--grid', '1793491200..1793577600'], 'did you mean seconds?'],
    [['--grid', '2026-11-01..2026-11-02', '--every', '0d'], '--every must be a duration'],
    [['--grid', '2026-11-01..2026-11-30', '--every', '1ms'], 'let --every be longer'],
    [['--every', '1d', '--as-of', '2026-11-01'], 'give both'],
    [['--grid', '2026-11-01..2026-11-02', '--as-of', '2026-11-01'], '--as-of cannot go with --grid'],
    [['--user-column', 'x', '--as-of', '2026-11-01'], 'give --spine or --spine-sql too'],
    [['--partition-by', 'day', '--as-of', '2026-11-01'], 'name it with --out'],
    [['--spine', 'a.csv', '--spine-sql', 'SELECT 1'], 'there is one spine'],
  ])('%j is a mistake', async (args, message) => {
    expect(await run(...args)).toMatchObject({ code: 64, stdout: '', stderr: expect.stringContaining(message) as string });
  });
});

describe('a query as a spine', () => {
  it('gives a row for each of its own, of columns with other names too', async () => {
    const sql = 'SELECT user_id AS who, requested_at_ms AS at, decision_id, chosen_propensity FROM decisions';
    const { stdout } = await good('--spine-sql', sql, '--user-column', 'who', '--time-column', 'at', '--json');
    expect(rowsOfNdjson(Buffer.from(stdout))).toMatchObject([
      { user_id: 'u1', as_of_ms: START + 20 * DAY, tip_volume_30d: 8, decision_id: 'd1', chosen_propensity: 1 },
    ]);
  });

  it('that is wrong says what is', async () => {
    expect(await run('--spine-sql', 'SELECT user_id FROM decisions')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('the spine of --spine-sql cannot be used: it has no column as_of_ms') as string,
    });
    expect(await run('--spine-sql', "SELECT 7 AS user_id, 'soon' AS as_of_ms")).toMatchObject({
      stderr: expect.stringContaining('row 1 has no user_id that is a text') as string,
    });
    expect(await run('--spine-sql', 'SELECT user_id FROM decisionss')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('Did you mean decisions?') as string,
    });
    expect(await run('--spine-sql', 'DELETE FROM tips')).toMatchObject({ code: 64, stderr: expect.stringContaining('reads') as string });
  });
});

describe('a file by day', () => {
  const GRID = ['--grid', '2026-11-10..2026-11-12'];

  it.each(['parquet', 'csv', 'ndjson'])('in %s, in folders that readers of Hive know', async (format) => {
    await good(...GRID, '--out', path('out'), '--partition-by', 'day', '--format', format);
    expect(readdirSync(path('out')).sort()).toEqual(['_manifest.json', 'date=2026-11-10', 'date=2026-11-11', 'date=2026-11-12']);
    const rowsOf = { parquet: rowsOfParquet, csv: rowsOfCsv, ndjson: rowsOfNdjson }[format]!;
    const manifest = JSON.parse(read('out/_manifest.json').toString()) as {
      rows: number;
      files: { file: string; rows: number; sha256: string }[];
    };
    const all: object[] = [];
    for (const { file, rows, sha256 } of manifest.files) {
      const found = await rowsOf(read(join('out', file)));
      expect([file, found.length, sha256]).toEqual([
        file,
        rows,
        createHash('sha256')
          .update(read(join('out', file)))
          .digest('hex'),
      ]);
      expect(new Set(found.map((row) => new Date(Number(row['as_of_ms'])).toISOString().slice(0, 10)))).toEqual(
        new Set([file.slice(5, 15)]),
      );
      all.push(...found);
    }
    const whole = rowsOfNdjson(Buffer.from((await good(...GRID, '--json')).stdout));
    expect(all).toHaveLength(whole.length);
    expect(manifest).toMatchObject({ rows: whole.length, feature_set: defaultRegistry.featureSet });
  });

  it('takes the place of an export alone, and of nothing without --force', async () => {
    const args = [...GRID, '--out', path('out'), '--partition-by', 'day'];
    mkdirSync(path('out'));
    await good(...args); // an empty folder is as good as none
    expect(await run(...args)).toMatchObject({ code: 64, stderr: expect.stringContaining('the folder is not empty') as string });
    await good('--grid', '2026-11-11..2026-11-11', '--out', path('out'), '--partition-by', 'day', '--force');
    expect(readdirSync(path('out')).sort()).toEqual(['_manifest.json', 'date=2026-11-11']);
    writeFileSync(path('out/mine.txt'), '');
    expect(await run(...args, '--force')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('mine.txt in it is not from an export') as string,
    });
    expect(readdirSync(path('out')).sort()).toEqual(['_manifest.json', 'date=2026-11-11', 'mine.txt']);
    expect(readdirSync(folder)).toEqual(['out']);
  });

  it('leaves nothing where it fails', async () => {
    writeFileSync(path('s.csv'), 'user_id,as_of_ms,date\nu1,2026-11-10,x\n');
    expect(await run('--spine', path('s.csv'), '--out', path('out'), '--partition-by', 'day')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('the spine has a column date') as string,
    });
    const days = Array.from({ length: 401 }, (_, i) => `u1,${START + i * DAY}\n`).join('');
    writeFileSync(path('s.csv'), `user_id,as_of_ms\n${days}`);
    expect(await run('--spine', path('s.csv'), '--out', path('out'), '--partition-by', 'day')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('more than 400 days') as string,
    });
    expect(readdirSync(folder)).toEqual(['s.csv']);
  });
});

describe('what a file says of itself', () => {
  const DESCRIBED = {
    feature_set: defaultRegistry.featureSet,
    definitions_sha256: createHash('sha256').update(JSON.stringify(defaultRegistry.definitions)).digest('hex'),
    features: defaultRegistry.names,
    partitions_missing: [],
  };

  it.each(['csv', 'ndjson'])('stands beside %s', async (format) => {
    await good('--as-of', '2026-11-14', '--out', path(`p.${format}`));
    const manifest = JSON.parse(read(`p.${format}.manifest.json`).toString()) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      ...DESCRIBED,
      file: `p.${format}`,
      rows: 5,
      sha256: createHash('sha256')
        .update(read(`p.${format}`))
        .digest('hex'),
      positions: { 'tip.served': { 0: expect.any(Number) as number, 1: expect.any(Number) as number } },
      options: { as_of_ms: Date.UTC(2026, 10, 14), format },
    });
    expect(await run('--as-of', '2026-11-15', '--out', path(`q.${format}`), '--manifest', path(`p.${format}.manifest.json`))).toMatchObject(
      {
        code: 64,
        stderr: expect.stringContaining('it exists') as string,
      },
    );
    expect(existsSync(path(`q.${format}`))).toBe(false);
  });

  it('is in Parquet', async () => {
    await good('--as-of', '2026-11-14', '--out', path('p.parquet'));
    expect(readdirSync(folder)).toEqual(['p.parquet']);
    const bytes = read('p.parquet');
    const { key_value_metadata } = parquetMetadata(new Uint8Array(bytes).buffer);
    const values = Object.fromEntries(key_value_metadata!.map(({ key, value }) => [key, value!]));
    expect(values['tipstream.feature_set']).toBe(DESCRIBED.feature_set);
    expect(values['tipstream.definitions_sha256']).toBe(DESCRIBED.definitions_sha256);
    expect(JSON.parse(values['tipstream.options']!)).toMatchObject({ as_of_ms: Date.UTC(2026, 10, 14) });
    expect(JSON.parse(values['tipstream.positions']!)).toHaveProperty(['tip.served', '0']);
    expect(values['tipstream.version']).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('of stdout is written where --manifest says', async () => {
    const { stdout } = await good('--as-of', '2026-11-14', '--manifest', path('m.json'));
    expect(JSON.parse(read('m.json').toString())).toMatchObject({
      file: 'stdout',
      rows: 5,
      sha256: createHash('sha256').update(stdout).digest('hex'),
    });
  });
});
