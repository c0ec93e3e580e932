/** Spines of every kind: Parquet as pandas, Polars, pyarrow and DuckDB write it, gzip, queries, and columns of other names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { exported, rowsOfNdjson, rowsOfParquet, type Row } from '../support/exported.js';

const AT = Date.UTC(2026, 10, 20, 8);
const HOUR = 3_600_000;
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../fixtures/spines', name));
const OTHER_NAMES = { user: 'customer', time: 'ts' };
const PROFILE = /_30d$|^preferred_/;

let embedded: EmbeddedService;
beforeAll(async () => {
  embedded = await EmbeddedService.open(newDirectory(), { partitions: 2, publishProfiles: false, clock: () => AT + 5 * HOUR });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: AT - 1 });
  await embedded.produce('tip.served', { user_id: 'zoë', tip_id: 't1', served_at_ms: AT + 2 * HOUR + 122 });
  await embedded.catchUp();
});

afterAll(() => embedded.close());

/** Without the features that are not looked at. */
function seen(rows: readonly Row[]): Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name === 'tip_volume_30d' || !PROFILE.test(name))));
}

const ROWS = ['ann', 'ben', 'zoë'].map((user_id, i) => ({
  user_id,
  as_of_ms: AT + i * HOUR + 123,
  tip_volume_30d: i === 1 ? 0 : 1,
}));

describe('a spine in Parquet', () => {
  it.each(['us-snappy', 'us-zstd', 'us-gzip', 'us-brotli', 'us-none', 'ms-none', 'ns-none'])('of pyarrow, %s', async (name) => {
    const spine = fixture(`arrow-${name}.parquet`);
    const bytes = await exported(embedded.directory, 'ndjson', { spine, spineName: 's.parquet', columns: OTHER_NAMES });
    expect(bytes.toString()).toContain('"bought":9007199254740993,'); // which a double does not hold
    expect(seen(rowsOfNdjson(bytes))).toEqual(
      ROWS.map((row, i) => ({ ...row, bought: [1, null, expect.anything()][i], tags: [['a'], [], null][i] }) as Row),
    );
    const table = await exported(embedded.directory, 'parquet', { spine, spineName: 's.parquet', columns: OTHER_NAMES });
    expect((await rowsOfParquet(table)).map(({ bought, tags }) => [bought, tags])).toEqual(
      [
        [1, ['a']],
        [null, []],
        [9007199254740993n, null],
      ].map(([bought, tags]) => [bought, tags === null ? null : JSON.stringify(tags)]),
    );
  });

  it('of pandas in groups of two rows, of Polars and of DuckDB, known by its first bytes', async () => {
    for (const name of ['pandas', 'polars', 'duckdb']) {
      const rows = rowsOfNdjson(await exported(embedded.directory, 'ndjson', { spine: fixture(`${name}.parquet`) }));
      expect([name, seen(rows)]).toEqual([name, ROWS.map((row, i) => (name === 'pandas' ? { ...row, bought: [1, null, 2.5][i] } : row))]);
    }
  });

  it('and gzip, as a whole', async () => {
    const spine = gzipSync(fixture('polars.parquet'));
    expect(seen(rowsOfNdjson(await exported(embedded.directory, 'ndjson', { spine, spineName: 's.parquet.gz' })))).toEqual(ROWS);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no column', fixture('arrow-us-zstd.parquet'), /^the spine .*s\.parquet cannot be used: it has no column user_id$/],
    ['nothing', Buffer.alloc(0), /^the spine .*s\.parquet cannot be read as Parquet: /],
    ['half of it', fixture('polars.parquet').subarray(0, 400), /^the spine .*s\.parquet cannot be read as Parquet: /],
    ['bytes in the middle that are not its own', damaged(fixture('pandas.parquet')), /cannot be read as Parquet: /],
  ])('of %s is refused', async (_, spine, message) => {
    await expect(exported(embedded.directory, 'csv', { spine, spineName: 's.parquet' })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message) as string,
    });
  });
});

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(0xff, 4, 60);
  return copy;
}

describe('a spine with gzip', () => {
  const csv = `user_id,as_of_ms\n${ROWS.map(({ user_id, as_of_ms }) => `${user_id},${as_of_ms}\n`).join('')}`;
  const ndjson = ROWS.map(({ user_id, as_of_ms }) => `${JSON.stringify({ user_id, as_of_ms })}\n`).join('');

  it.each([
    ['s.csv.gz', csv],
    ['s.ndjson.gz', ndjson],
    ['s.csv', csv],
    ['s', csv],
    ['s', ndjson],
  ])('%s', async (spineName, text) => {
    expect(seen(rowsOfNdjson(await exported(embedded.directory, 'ndjson', { spine: gzipSync(text), spineName })))).toEqual(ROWS);
  });

  it('that is cut off is refused', async () => {
    const spine = gzipSync(csv).subarray(0, 40);
    await expect(exported(embedded.directory, 'csv', { spine, spineName: 's.csv.gz' })).rejects.toThrow(/is not whole: gzip says/);
  });
});

describe('columns of other names', () => {
  it('are taken, and those with the names of the output are refused', async () => {
    const spine = `when,customer\n2026-11-20T13:30:00.123+05:30,ann\n`;
    const wanted = { spine, spineName: 's.csv', columns: { user: 'customer', time: 'when' } };
    expect(seen(rowsOfNdjson(await exported(embedded.directory, 'ndjson', wanted)))).toEqual([ROWS[0]]);
    await expect(exported(embedded.directory, 'ndjson', { ...wanted, spine: 'when,customer,user_id\n1,2,3\n' })).rejects.toThrow(
      /line 1 has a column user_id, which the export makes itself/,
    );
    await expect(exported(embedded.directory, 'ndjson', { ...wanted, spine: `when,customer\n${AT / 1000},ann\n` })).rejects.toThrow(
      /line 2 has a when that looks wrong: .*did you mean seconds\?/,
    );
  });
});
