/**
 * Another oracle for the join: DuckDB's ASOF JOIN, on running sums over the tips of a snapshot. It reads the exported Parquet too: its
 * rows, what it says of itself, and its files by day.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import { runCommand } from '../support/cli-in-process.js';
import { duckdbOrSkip, queryWithDuckdb } from '../support/duckdb.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { seededRandom } from '../support/seeded-random.js';

const START = Date.UTC(2026, 9, 1);
const DAY = 86_400_000;
const WINDOW = 30 * DAY;
const USERS = 6;
const ROWS = 2_000;

describe.skipIf(!duckdbOrSkip('the join in DuckDB'))('the join in DuckDB', () => {
  let embedded: EmbeddedService;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tipstream-duckdb-'));
    embedded = await EmbeddedService.open(newDirectory(), {
      registry: defaultRegistry,
      partitions: 2,
      publishProfiles: false,
      clock: () => START + 70 * DAY,
    });
    const random = seededRandom(11);
    const below = (end: number): number => Math.floor(random() * end);
    for (let tip = 0; tip < 900; tip++) {
      const [user_id, tip_id, at] = [`u${tip % 3 === 0 ? 0 : below(USERS)}`, `t${tip}`, START + below(60) * DAY + below(3)];
      await embedded.produce('tip.served', { user_id, tip_id, served_at_ms: at });
      if (below(2) === 0)
        await embedded.produce('tip.feedback', { user_id, tip_id, action: 'done', reacted_at_ms: at + (below(45) - 2) * DAY + below(3) });
    }
    await embedded.catchUp();
    const rows = Array.from({ length: ROWS }, (_, row) => `u${below(USERS + 1)},${START + (below(110) - 5) * DAY + below(4)},${row}\n`);
    writeFileSync(join(folder, 'spine.csv'), `user_id,as_of_ms,row\n${rows.join('')}`);
    await run('snapshot', join(folder, 'snapshot.db'), '--as-of', String(START + 40 * DAY));
    await run('export', '--spine', join(folder, 'spine.csv'), '--out', join(folder, 'joined.parquet'));
    await run('export', '--grid', '2026-10-20..2026-10-25', '--out', join(folder, 'days'), '--partition-by', 'day');
    await run('export', '--grid', '2026-10-20..2026-10-25', '--out', join(folder, 'days.parquet'));
  });
  afterAll(async () => {
    await embedded.close();
    rmSync(folder, { recursive: true });
  });

  async function run(command: string, ...args: string[]): Promise<void> {
    expect(await runCommand(COMMANDS, [command, '--data', embedded.directory, ...args])).toMatchObject({ code: 0 });
  }
  const ask = (sql: string): Promise<readonly (readonly unknown[])[]> => queryWithDuckdb(join(folder, 'snapshot.db'), sql);
  const file = (name: string): string => `'${join(folder, name)}'`;

  it('is an ASOF JOIN with the running sums at the ends of windows', async () => {
    // An event at t counts from after t on, and no longer after t + 30 days.
    const sums = (name: string, entered: string): string => `${name} AS (
      SELECT user_id, at_ms, sum(sum(n)) OVER (PARTITION BY user_id ORDER BY at_ms) AS ${name} FROM (
        SELECT user_id, ${entered} AS at_ms, 1 AS n FROM snapshot.tips WHERE ${entered} <= served_at_ms + ${WINDOW}
        UNION ALL SELECT user_id, served_at_ms + ${WINDOW}, -1 FROM snapshot.tips WHERE ${entered} <= served_at_ms + ${WINDOW}
      ) GROUP BY user_id, at_ms)`;
    const doneAt = 'CASE WHEN done_at_ms > served_at_ms THEN done_at_ms WHEN done_at_ms IS NOT NULL THEN served_at_ms END';
    const [counted] = await ask(`WITH ${sums('served', 'served_at_ms')}, ${sums('done', doneAt)},
      joined AS (SELECT * FROM read_parquet(${file('joined.parquet')}))
      SELECT count(*), count(*) FILTER (WHERE tip_volume_30d > 0), count(DISTINCT tip_volume_30d),
        count(*) FILTER (WHERE tip_volume_30d IS DISTINCT FROM coalesce(served, 0)),
        count(*) FILTER (WHERE completion_rate_30d IS DISTINCT FROM coalesce(done, 0) / nullif(served, 0))
      FROM joined ASOF LEFT JOIN served ON joined.user_id = served.user_id AND joined.as_of_ms > served.at_ms
        ASOF LEFT JOIN done ON joined.user_id = done.user_id AND joined.as_of_ms > done.at_ms`);
    const [rows, known, volumes, ...different] = counted as number[];
    expect(rows).toBe(ROWS);
    expect(known).toBeGreaterThan(ROWS / 2);
    expect(volumes).toBeGreaterThan(50);
    expect(different).toEqual([0, 0]);
  });

  it('keeps the order of the spine, and says of itself what it is', async () => {
    expect(
      await ask(`SELECT count(*) FROM (SELECT row, row_number() OVER () - 1 AS place FROM read_parquet(${file('joined.parquet')}))
      WHERE CAST(row AS BIGINT) <> place`),
    ).toEqual([[0]]);
    expect(
      await ask(`SELECT decode(value) FROM parquet_kv_metadata(${file('joined.parquet')}) WHERE decode(key) = 'tipstream.feature_set'`),
    ).toEqual([[defaultRegistry.featureSet]]);
  });

  it('finds the files of a folder by day', async () => {
    const columns = `user_id, as_of_ms, ${defaultRegistry.names.join(', ')}`;
    const days = `read_parquet('${join(folder, 'days')}/*/*.parquet', hive_partitioning = true)`;
    const itsDay = "strftime(make_timestamp(as_of_ms * 1000), '%Y-%m-%d')";
    expect(await ask(`SELECT count(DISTINCT date), count(*) FILTER (WHERE CAST(date AS VARCHAR) <> ${itsDay}) FROM ${days}`)).toEqual([
      [6, 0],
    ]);
    const whole = `SELECT ${columns} FROM read_parquet(${file('days.parquet')})`;
    expect(
      await ask(`SELECT count(*) FROM ((${whole} EXCEPT ALL SELECT ${columns} FROM ${days}) UNION ALL
      (SELECT ${columns} FROM ${days} EXCEPT ALL ${whole}))`),
    ).toEqual([[0]]);
  });
});
