/** A rebuild while a service runs on the directory: the service goes over to it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockData } from '../../../src/store/directory/data-lock.js';
import { currentGeneration } from '../../../src/store/directory/layout.js';
import { recordOf } from '../../support/embedded/service.js';
import { traffic } from '../../support/embedded/traffic.js';
import { plant, verified } from '../../support/planted-state.js';
import { answersOf, DAY, deadLetters, NOW, request, userRow, withHistory } from '../../support/rebuild-history.js';
import { rebuilt } from '../../support/rebuilds.js';

describe('a rebuild beside a running service', () => {
  it('is taken over by it between two batches, and reads go on', async () => {
    const events = traffic(13);
    const embedded = await withHistory(events);
    plant(embedded, 'user-7', `UPDATE tip SET served_at_ms = served_at_ms + 1 WHERE uid = ${userRow('user-7')} AND tip_id = 'learned-7'`);
    await embedded.start();
    const owner = lockData(embedded.directory, 1);
    await embedded.append(...events.next(100));
    await embedded.produce('tip.candidates', ...Array.from({ length: 5 }, (_, i) => request(i)));
    const notes: string[] = [];
    const document = await rebuilt(embedded, { notes });
    expect(document).toMatchObject({ swapped: true, changed_users: 1, previous: 'gen-000001' });
    expect(notes).toContain('the running service switched to gen-000002');
    expect(currentGeneration(embedded.directory)).toBe('gen-000002');
    expect(existsSync(join(embedded.directory, 'state', 'SWAP.json'))).toBe(false);
    await embedded.append(...events.next(100), recordOf('tip.served', { user_id: 'user-1', tip_id: 'after', served_at_ms: NOW - DAY }));
    await embedded.catchUp();
    owner.release();
    await embedded.stop();
    const answers = await answersOf(embedded);
    expect(answers).toEqual([...new Set(answers)]);
    const letters = await deadLetters(embedded);
    expect(letters).toEqual([...new Set(letters)]);
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
  });

  it('that does not answer is given up: the request is withdrawn, and nothing is swapped', async () => {
    const embedded = await withHistory();
    const owner = lockData(embedded.directory, 1);
    await expect(rebuilt(embedded, { swapWithinMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
    const abort = new AbortController();
    await expect(
      rebuilt(embedded, { signal: abort.signal, at: (point) => point === 'swap: requested' && abort.abort('SIGINT') }),
    ).rejects.toBe('SIGINT');
    expect(readdirSync(join(embedded.directory, 'state')).filter((name) => name.startsWith('SWAP'))).toEqual([]);
    expect(currentGeneration(embedded.directory)).toBe('gen-000001');
    // It ends while the swap is asked for: the rebuild does it.
    const notes: string[] = [];
    expect(await rebuilt(embedded, { notes, at: (point) => point === 'swap: requested' && owner.release() })).toMatchObject({
      swapped: true,
      resumed: true,
    });
    expect(notes).toContain('the process that ran on the data directory has ended: swapping without it');
    expect(currentGeneration(embedded.directory)).toBe('gen-000002');
  });
});
