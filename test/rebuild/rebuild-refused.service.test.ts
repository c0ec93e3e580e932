/** What a rebuild refuses to do, or does only with --force. */
import { describe, expect, it } from 'vitest';
import { removeOtherGenerations } from '../../src/rebuild/rebuild.js';
import { lockData } from '../../src/store/directory/data-lock.js';
import { currentGeneration } from '../../src/store/directory/layout.js';
import { lockRebuild } from '../../src/store/directory/rebuild-lock.js';
import { plant } from '../support/planted-state.js';
import { answersOf, liveContents, NOW, userRow, withHistory } from '../support/rebuild-history.js';
import { rebuilt } from '../support/rebuilds.js';

describe('a rebuild that must not', () => {
  it('run beside another one, or with --to-offsets beside a service, is refused', async () => {
    const embedded = await withHistory();
    const other = lockRebuild(embedded.directory);
    await expect(rebuilt(embedded)).rejects.toMatchObject({
      code: 'data_in_use',
      message: expect.stringMatching(/another rebuild is running/) as string,
    });
    other.release();
    const { positions: to } = embedded.digest(NOW);
    const owner = lockData(embedded.directory, 1);
    await expect(rebuilt(embedded, { to })).rejects.toMatchObject({
      code: 'data_in_use',
      message: expect.stringMatching(/a service runs on/) as string,
    });
    expect(await rebuilt(embedded, { to, dryRun: true })).toMatchObject({ swapped: false, changed_users: 0 });
    owner.release();
    expect(currentGeneration(embedded.directory)).toBe('gen-000001');
  });

  it('swap, because the log has lost what was folded, says who would change, and does with --force', async () => {
    const embedded = await withHistory();
    const before = liveContents(embedded);
    expect((await rebuilt(embedded, { dryRun: true })).incomplete).toEqual([]);
    const [{ end } = { end: 0 }] = (await embedded.log.offsets('tip.served')).values();
    await embedded.log.truncateBefore('tip.served', 0, Math.floor(end / 2));
    removeOtherGenerations(embedded.directory);
    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: false, incomplete: [`tip.served/0 begins at ${Math.floor(end / 2)}`] });
    expect(document.refused!.users).toBe(document.changed_users);
    expect(document.refused!.users).toBeGreaterThan(5);
    expect(document.refused!.user_ids).toEqual(document.changes.slice(0, 20).map(({ user_id }) => user_id));
    expect(liveContents(embedded)).toEqual(before);
    expect(currentGeneration(embedded.directory)).toBe('gen-000001');
    expect(await rebuilt(embedded, { force: true })).toMatchObject({
      swapped: true,
      resumed: true,
      changed_users: document.changed_users,
      refused: null,
    });
  });

  it('take another log for the one that was folded swaps only with --force, and then follows that log', async () => {
    const embedded = await withHistory();
    const folded = embedded.digest(NOW).positions;
    plant(embedded, 'user-1', "UPDATE position SET last_hash = 'ffff' WHERE topic IN ('tip.served', 'tip.candidates')");
    const partition = embedded.partitionOf('user-1');
    plant(embedded, 'user-1', `DELETE FROM tip WHERE uid = ${userRow('user-1')}`);
    const document = await rebuilt(embedded);
    expect(document.swapped).toBe(false);
    expect(document.refused!.incomplete).toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(`^tip.served/${partition} holds another record at \\d+ than was folded`))]),
    );
    const forced = await rebuilt(embedded, { force: true });
    expect(forced).toMatchObject({ swapped: true });
    // Nothing is known of which of that log's requests were answered: they are looked at again, and their answers are found.
    expect(forced.positions['tip.candidates']![partition]).toBe(0);
    expect(forced.positions['tip.served']).toEqual(folded['tip.served']);
    const answers = await answersOf(embedded);
    await embedded.catchUp();
    expect(await answersOf(embedded)).toEqual(answers);
  });
});
