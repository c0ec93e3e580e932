/** The join of many rows with users of many tips: each row is what the profile of that time is by itself. */
import { describe, expect, it } from 'vitest';
import { coreRegistry } from '../../src/projections/registry.js';
import { withReaders } from '../../src/store/queries/profiles.js';
import { TIME_INDEX_ABOVE_TIPS } from '../../src/store/tables/schema.js';
import { embeddedService } from '../support/embedded/directory.js';
import { exported, rowsOfNdjson } from '../support/exported.js';
import { seededRandom } from '../support/seeded-random.js';
import { stateIn } from '../support/state-in.js';

const START = Date.UTC(2026, 9, 1);
const DAY = 86_400_000;

describe('the join', () => {
  it('answers each row as a profile of its own, with an index of times and without', async () => {
    const random = seededRandom(41);
    const below = (end: number): number => Math.floor(random() * end);
    const embedded = await embeddedService({ partitions: 2, publishProfiles: false, clock: () => START + 60 * DAY });
    const tips = { ann: 12, ben: TIME_INDEX_ABOVE_TIPS + 200, cy: TIME_INDEX_ABOVE_TIPS };
    for (const [user_id, count] of Object.entries(tips)) {
      for (let i = 0; i < count; i++) {
        const [tip_id, at] = [`t${i}`, START + below(60) * DAY + below(3) - 1];
        if (below(8) > 0) await embedded.produce('tip.served', { user_id, tip_id, served_at_ms: at, category: 'abc'[below(3)]! });
        const action = ['done', 'dismiss', 'snooze'][below(3)]!;
        if (below(3) > 0) await embedded.produce('tip.feedback', { user_id, tip_id, action, reacted_at_ms: at + below(3) * DAY });
      }
    }
    await embedded.catchUp();

    const users = [...Object.keys(tips), 'nobody'];
    const rows = Array.from({ length: 1_500 }, (_, label) => ({
      user_id: users[below(users.length)]!,
      as_of_ms: START + (below(100) - 20) * DAY + below(3) - 1,
      label,
    }));
    rows.push(...rows.slice(0, 40));
    const spine = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const joined = rowsOfNdjson(await exported(embedded.directory, 'ndjson', { spine, spineName: 's.ndjson' }));

    const expected = await withReaders(stateIn(embedded.directory), coreRegistry, (readers) =>
      rows.map(({ label, ...row }) => {
        const found = [...readers.values()].map((reader) => reader.profileFromTips(row.user_id, row.as_of_ms)).find((one) => one?.known);
        return { ...row, ...(found?.features ?? coreRegistry.emptyValues()), label };
      }),
    );
    expect(joined).toEqual(expected);
    expect(new Set(joined.map((row) => row['tip_volume_30d'])).size).toBeGreaterThan(50);
  });
});
