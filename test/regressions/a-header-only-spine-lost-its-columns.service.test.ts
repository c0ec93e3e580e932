/** A spine with a header and no lines gave the columns of the profile alone, so a pipeline of labels broke on an empty day. */
import { parquetMetadata } from 'hyparquet';
import { beforeEach, expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';
import { exported, rowsOfParquet } from '../support/exported.js';

const SPINE = '\ufefflabel,as_of_ms,user_id,"a, b"\r\n';
const ROW = `${SPINE}1,2026-11-20,ann,x\r\n`;

let directory: string;
beforeEach(async () => {
  const embedded = await embeddedService({ partitions: 1 });
  await embedded.catchUp();
  ({ directory } = embedded);
});

it('CSV has all columns', async () => {
  const [head] = (await exported(directory, 'csv', { spine: ROW, spineName: 's.csv' })).toString().split('\n');
  expect(head).toMatch(/^user_id,as_of_ms,.*,label,"a, b"\r$/);
  expect((await exported(directory, 'csv', { spine: SPINE, spineName: 's.csv' })).toString()).toBe(`${head}\n`);
});

it('NDJSON has no lines', async () => {
  expect(await exported(directory, 'ndjson', { spine: SPINE, spineName: 's.csv' })).toHaveLength(0);
});

it('Parquet has the same schema as with lines', async () => {
  const schemaOf = async (spine: string) => {
    const bytes = await exported(directory, 'parquet', { spine, spineName: 's.csv' });
    return { rows: (await rowsOfParquet(bytes)).length, schema: parquetMetadata(new Uint8Array(bytes).buffer).schema };
  };
  const one = await schemaOf(ROW);
  expect(await schemaOf(SPINE)).toEqual({ rows: 0, schema: one.schema });
  expect(one.schema.map(({ name }) => name)).toEqual(expect.arrayContaining(['label', 'a, b', 'tip_volume_30d']));
});

it('so has a spine of decisions', async () => {
  const spine = 'decision_id,user_id,label\n';
  const text = (await exported(directory, 'csv', { spine, spineName: 's.csv', asServed: true })).toString();
  expect(text).toMatch(/^user_id,decision_id,as_of_ms,.*,label\r\n$/);
});
