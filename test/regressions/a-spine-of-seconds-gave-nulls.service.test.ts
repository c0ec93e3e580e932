/** Seconds in the column as_of_ms were joined in 1970, which gives nulls. And 1795132800000.0, as pandas writes it to CSV, was refused. */
import { beforeEach, expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';
import { exported, rowsOfNdjson } from '../support/exported.js';

const AT = Date.UTC(2026, 10, 20);

let directory: string;
beforeEach(async () => {
  const embedded = await embeddedService({ partitions: 1 });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: AT - 1 });
  await embedded.catchUp();
  ({ directory } = embedded);
});

const csv = (time: string) => exported(directory, 'ndjson', { spine: `user_id,as_of_ms\nann,${time}\n`, spineName: 's.csv' });
const ndjson = (time: string) => exported(directory, 'ndjson', { spine: `{"user_id":"ann","as_of_ms":${time}}\n`, spineName: 's.ndjson' });

it.each([
  '1795132800000.0',
  '1795132800000',
  '20261120',
  '20261120T000000Z',
  '2026-11-20T01:00:00+0100',
  '2026-11-20T00:00:00+00:00',
  '2026-11-20',
])('%s is the same time in CSV and in JSON', async (time) => {
  for (const bytes of [await csv(time), await ndjson(JSON.stringify(time)), ...(/^[\d.]+$/.test(time) ? [await ndjson(time)] : [])])
    expect(rowsOfNdjson(bytes)).toMatchObject([{ user_id: 'ann', as_of_ms: AT, tip_volume_30d: 1 }]);
});

it.each(['1795132800', '1795132800.0', '1795132800.25', '0'])('%s is asked back about', async (time) => {
  for (const ask of [() => csv(time), () => ndjson(time), () => ndjson(JSON.stringify(time))])
    await expect(ask()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(
        /line [12] has an as_of_ms that looks wrong: \d[\d.]* ms is 1970-01-.*; did you mean seconds\?$/,
      ) as string,
      hint: expect.stringMatching(/^[\d.]+ s is \d+ ms\. Give a time before 1973-03-04 as ISO 8601\.$/) as string,
    });
});

it('a part of a millisecond is refused', async () => {
  for (const ask of [() => csv('1795132800000.5'), () => ndjson('1795132800000.5'), () => ndjson('"1795132800000.5"')])
    await expect(ask()).rejects.toThrow(/has no as_of_ms in Unix milliseconds or ISO 8601/);
});
