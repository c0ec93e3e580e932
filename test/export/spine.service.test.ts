/** Spines: what is taken for one, and what is said of lines that cannot be. */
import { describe, expect, it } from 'vitest';
import { coreRegistry } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import { exported, rowsOfCsv, rowsOfNdjson } from '../support/exported.js';

const AT = Date.UTC(2026, 10, 20);
/** All but the volume. */
const { tip_volume_30d: _volume, ...profile } = coreRegistry.emptyValues();

async function service() {
  const embedded = await embeddedService({ partitions: 2 });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: AT - 1 });
  await embedded.catchUp();
  return embedded;
}

describe('a spine', () => {
  it('of CSV keeps its texts, its nulls and its empty texts', async () => {
    const { directory } = await service();
    const spine = '\ufeffnote,as_of_ms,user_id,n\r\n"a ""b"",\r\nc",2026-11-20,ann,007\r\n\r\n"",1795132800000,ben,\r\n';
    const bytes = await exported(directory, 'csv', { spine, spineName: 'labels.csv' });
    expect(bytes.toString().split('\r\n')[0]).toBe(
      'user_id,as_of_ms,completion_rate_30d,dismiss_rate_30d,mean_dwell_ms_30d,preferred_category,' +
        'preferred_hour,preferred_weekday,snooze_rate_30d,tip_volume_30d,note,n',
    );
    expect(await rowsOfCsv(bytes)).toEqual([
      {
        user_id: 'ann',
        as_of_ms: String(AT),
        ...profile,
        completion_rate_30d: '0',
        dismiss_rate_30d: '0',
        snooze_rate_30d: '0',
        tip_volume_30d: '1',
        note: 'a "b",\r\nc',
        n: '007',
      },
      { user_id: 'ben', as_of_ms: String(AT), ...profile, tip_volume_30d: '0', note: '', n: null },
    ]);
    expect(rowsOfNdjson(await exported(directory, 'ndjson', { spine, spineName: 'labels.csv' }))[1]).toMatchObject({
      note: '',
      n: null,
      tip_volume_30d: 0,
    });
  });

  it('is known by its first character when its name does not tell', async () => {
    const { directory } = await service();
    expect(rowsOfNdjson(await exported(directory, 'ndjson', { spine: `\n {"user_id":"ann","as_of_ms":${AT}.0}\n` }))).toMatchObject([
      { user_id: 'ann', as_of_ms: AT, tip_volume_30d: 1 },
    ]);
    expect(rowsOfNdjson(await exported(directory, 'ndjson', { spine: `user_id,as_of_ms\nann,${AT}` }))).toMatchObject([
      { user_id: 'ann', tip_volume_30d: 1 },
    ]);
    expect(await exported(directory, 'ndjson', { spine: '', spineName: 'none.ndjson' })).toHaveLength(0);
  });

  it('of more than a thousand lines is answered from a copy, the same', async () => {
    const { directory } = await service();
    const line = `{"user_id":"ann","as_of_ms":${AT}}\n`;
    const [one] = rowsOfNdjson(await exported(directory, 'ndjson', { spine: line, spineName: 's.ndjson' }));
    const many = rowsOfNdjson(await exported(directory, 'ndjson', { spine: line.repeat(1_001), spineName: 's.ndjson' }));
    expect(many).toEqual(Array.from({ length: 1_001 }, () => one));
  });

  it.each<[string, string, RegExp]>([
    [
      's.ndjson',
      `{"user_id":"a","as_of_ms":${AT}}\n{"user_id":7,"as_of_ms":${AT}}\n[]\n{"user_id":"a"}\nx\n`,
      /line 2 has no user_id that is a text; line 3 is not an object; line 4 has no as_of_ms [^;]*; line 5 is not JSON/,
    ],
    [
      's.ndjson',
      `{"user_id":"a","as_of_ms":${AT},"tip_volume_30d":3}`,
      /line 1 has a column tip_volume_30d, which the export makes itself/,
    ],
    [
      's.ndjson',
      '{"user_id":"a","as_of_ms":-1}\n{"user_id":"a","as_of_ms":1795132800000.5}\n{"user_id":"a","as_of_ms":"soon"}\n'.repeat(10),
      /line 1 has no as_of_ms.*line 10 has no as_of_ms[^;]*; and 20 more/,
    ],
    ['s.csv', `user_id,when\na,${AT}\n`, /line 1 has no column as_of_ms/],
    ['s.csv', `user_id,as_of_ms,x,x\na,${AT},2,3\n`, /line 1 names the column "x" twice/],
    ['s.csv', `user_id,as_of_ms\na,${AT}\nb,${AT},2\n`, /line 3 has 3 fields where the header has 2/],
    ['s.csv', `user_id,as_of_ms\n"a\nb",${AT}\na"b,${AT}\n`, /line 4 has a quote inside a field/],
    ['s.csv', 'user_id,as_of_ms,tip_volume_30d\n', /line 1 has a column tip_volume_30d, which the export makes itself/],
    ['s.csv', `user_id;as_of_ms\na;${AT}\n`, /line 1 has no column user_id \(columns are separated by commas, and not by ";"\)/],
    ['s.csv', `user_id\tas_of_ms\na\t${AT}\n`, /line 1 has no column user_id \(columns are separated by commas, and not by tabs\)/],
    ['s.csv', '', /line 1 is missing: it must name the columns/],
    ['s.csv', '\ufeff\n\n', /line 1 is missing: it must name the columns/],
    ['s.csv', 'user_id,as_of_ms\na,1.7951328E+12\n', /line 2 has no as_of_ms in Unix milliseconds or ISO 8601/],
    ['s.csv', 'user_id,as_of_ms\n"a"b,1\n', /line 2 has text after the closing quote/],
    ['s.csv', 'user_id,as_of_ms\na,"1\n', /line 2 has a quote that is never closed/],
  ])('%s: %j', async (spineName, spine, message) => {
    const { directory } = await service();
    await expect(exported(directory, 'csv', { spine, spineName })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message) as string,
    });
  });

  it('that is not UTF-8 is refused', async () => {
    const { directory } = await service();
    const spine = Buffer.from([...Buffer.from('{"user_id":"a'), 0xff, ...Buffer.from('","as_of_ms":1}\n')]) as unknown as string;
    await expect(exported(directory, 'csv', { spine, spineName: 's.ndjson' })).rejects.toThrow(/line 1 is not well-formed UTF-8/);
    await expect(
      exported(directory, 'csv', {
        spine: Buffer.concat([Buffer.from('user_id,as_of_ms\na'), Buffer.from([0xff, 0x0a])]) as unknown as string,
        spineName: 's.csv',
      }),
    ).rejects.toThrow(/not well-formed UTF-8/);
  });
});
