/** Every export is the oracle's, in every format: all profiles as of any time, and the join with any spine. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byCodePoint, oracleProfiles, type OracleProfile } from '../oracle/profile.js';
import { asOfMs, userId } from '../support/tip-generators.js';
import { runs, withEmbeddedService } from '../support/embedded/directory.js';
import { tipEvents } from '../support/embedded/events.js';
import { profileEvents, readHistory } from '../support/embedded/history.js';
import { exported, rowsOfCsv, rowsOfNdjson, rowsOfParquet, type Row } from '../support/exported.js';
import { coreRegistry } from '../../src/projections/registry.js';

const STRANGER: OracleProfile = coreRegistry.emptyValues();
const MAX_TIME_MS = 253_402_300_799_999;
const time = asOfMs.map((ms) => Math.min(ms, MAX_TIME_MS));

const extra = fc.dictionary(fc.constantFrom('label', '', '1', 'a,b', '"', '__proto__', 'ü', 'as_of'), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 4,
});
const spineUser = fc.oneof(
  { weight: 4, arbitrary: userId },
  fc.constantFrom('nobody', ' ', 'x'.repeat(300), '\u0001', '\ud800', 'NULL', "'; --"),
);
const spineLines = fc
  .array(
    fc
      .record({ user: spineUser, at: time, iso: fc.boolean(), extra })
      .map(({ user, at, iso, extra }) => ({ user, at, extra, text: lineOf(user, at, iso, extra) })),
    { maxLength: 12 },
  )
  .chain((lines) =>
    fc
      .array(fc.nat(), { maxLength: 4 })
      .map((again) => (lines.length === 0 ? [] : [...lines, ...again.map((at) => lines[at % lines.length]!)])),
  );

/** Members in whatever order the dictionary has them, around the two that count. */
function lineOf(user: string, at: number, iso: boolean, others: Record<string, unknown>): string {
  // A small number would be asked back about, as seconds.
  const time = (iso && at < Date.UTC(9999, 0)) || at < 100_000_000_000 ? new Date(at).toISOString() : at;
  const members = [...Object.entries(others), ['as_of_ms', time], ['user_id', user]] as const;
  return `{${members.map(([name, value]) => `${JSON.stringify(name)} : ${JSON.stringify(value)}`).join(' , ')}}`;
}

/** As CSV and Parquet hold it: lone surrogates replaced; as CSV does, numbers as text. */
const utf8 = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? value.toWellFormed() : value]));
const asText = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(utf8(row)).map(([name, value]) => [name, value === null || typeof value === 'string' ? value : JSON.stringify(value)]),
  );

describe('an export', () => {
  it("is the oracle's, as of any time and for any spine", async () => {
    await fc.assert(
      fc.asyncProperty(tipEvents, fc.array(time, { minLength: 1, maxLength: 3 }), spineLines, (events, asked, lines) =>
        withEmbeddedService({ partitions: 2, publishProfiles: false }, async (embedded) => {
          await embedded.append(...events.map(({ topic, key, value }) => ({ topic, key, value })));
          await embedded.catchUp();
          const history = profileEvents(await readHistory(embedded));

          for (const asOfMs of asked) {
            const expected = [...oracleProfiles(history, asOfMs)]
              .sort((a, b) => byCodePoint(a[0], b[0]))
              .map(([user_id, features]): Row => ({ user_id, as_of_ms: asOfMs, ...features }));
            const ndjson = await exported(embedded.directory, 'ndjson', { asOfMs });
            expect(rowsOfNdjson(ndjson)).toEqual(expected);
            expect(Object.keys(rowsOfNdjson(ndjson)[0] ?? {})).toEqual(
              expected.length === 0 ? [] : ['user_id', 'as_of_ms', ...Object.keys(STRANGER)],
            );
            expect(await rowsOfCsv(await exported(embedded.directory, 'csv', { asOfMs }))).toEqual(expected.map(asText));
            expect(await rowsOfParquet(await exported(embedded.directory, 'parquet', { asOfMs }))).toEqual(expected.map(utf8));
          }

          const spine = lines.map(({ text }) => `${text}\n`).join('');
          const joined = rowsOfNdjson(await exported(embedded.directory, 'ndjson', { spine, spineName: 'spine.ndjson' }));
          const profiles = lines.map(
            ({ user, at }): Row => ({
              user_id: user,
              as_of_ms: at,
              ...(oracleProfiles(history, at).get(user) ?? STRANGER),
            }),
          );
          expect(joined.map((row) => JSON.stringify(sorted(row)))).toEqual(
            lines.map(({ extra }, i) => JSON.stringify(sorted({ ...reparsed(extra), ...profiles[i]! }))),
          );
          const table = await rowsOfParquet(await exported(embedded.directory, 'parquet', { spine, spineName: 'spine.ndjson' }));
          expect(table.map((row) => Object.fromEntries(Object.keys(profiles[0] ?? {}).map((name) => [name, row[name]])))).toEqual(
            profiles.map(utf8),
          );
        }),
      ),
      { numRuns: runs(25) },
    );
  });
});

const reparsed = (extra: object): Row => JSON.parse(JSON.stringify(extra)) as Row;
const sorted = (row: Row): [string, unknown][] => Object.entries(row).sort(([a], [b]) => byCodePoint(a, b));
