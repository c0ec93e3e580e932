/** A partition with more users and tips than its worker keeps in memory: what was let go is read back as it was. */
import { describe, expect, it } from 'vitest';
import { oracleDigest, oracleProfiles } from '../../oracle/profile.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { profileEvents, readHistory } from '../../support/embedded/history.js';
import { numbersFrom } from '../../support/embedded/scenario.js';
import { recordOf } from '../../support/embedded/service.js';

const DAY_MS = 86_400_000;
const AT = 300 * DAY_MS;
/** Above CACHED_USERS, and with TIPS of them above CACHED_TIPS, of src/store/partition-state.ts. */
const USERS = 18_000;
const TIPS = 3;

describe('a partition larger than its caches', () => {
  it('comes to what the oracle says', async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`large partition: seed ${seed}`);
    const number = numbersFrom(seed);
    const pick = (below: number) => Math.floor(number() * below);
    const embedded = await embeddedService({ partitions: 1, clock: () => AT, maxBatchRecords: 7_000 });
    const at = () => AT - pick(40 * 24) * 3_600_000;
    const waves = [
      Array.from({ length: USERS * TIPS }, (_, i) =>
        recordOf('tip.served', { user_id: `user-${i % USERS}`, tip_id: `tip-${pick(4)}`, served_at_ms: at(), category: `c${pick(3)}` }),
      ),
      Array.from({ length: 12_000 }, () =>
        recordOf('tip.feedback', {
          user_id: `user-${pick(USERS)}`,
          tip_id: `tip-${pick(5)}`,
          action: ['done', 'dismiss', 'snooze'][pick(3)],
          reacted_at_ms: at(),
        }),
      ),
    ];
    for (const wave of waves) {
      for (let i = 0; i < wave.length; i += 10_000) await embedded.append(...wave.slice(i, i + 10_000));
      await embedded.catchUp();
    }
    const expected = oracleProfiles(profileEvents(await readHistory(embedded)), AT);
    expect(embedded.digest(AT)).toMatchObject({ digest: oracleDigest(expected), users: expected.size });
    const [{ tips, users }] = embedded.query<{ tips: number; users: number }>(
      0,
      'SELECT (SELECT count(*) FROM tip) AS tips, (SELECT sum(tips) FROM user) AS users',
    ) as [{ tips: number; users: number }];
    expect(users).toBe(tips);
  });
});
