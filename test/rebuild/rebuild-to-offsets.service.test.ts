/** A rebuild up to given positions. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { traffic } from '../support/embedded/traffic.js';
import { verified } from '../support/planted-state.js';
import { answersOf, deadLetters, NOW, withHistory } from '../support/rebuild-history.js';
import { rebuilt } from '../support/rebuilds.js';

describe('--to-offsets', () => {
  it('stops there: the digest is what it was, and start goes on to what it is now', async () => {
    const events = traffic(11);
    const embedded = await withHistory(events);
    const then = embedded.digest(NOW);
    await embedded.append(...events.next(400));
    await embedded.catchUp();
    await embedded.stop();
    const now = embedded.digest(NOW);
    expect(now.digest).not.toBe(then.digest);
    const answers = await answersOf(embedded);
    const letters = await deadLetters(embedded);

    const document = await rebuilt(embedded, { to: then.positions });
    expect(document).toMatchObject({ swapped: true, compared_elsewhere: [0, 1] });
    expect(document.positions).toEqual(then.positions);
    expect(embedded.digest(NOW)).toEqual(then);
    await embedded.catchUp();
    await embedded.stop();
    expect(embedded.digest(NOW).digest).toBe(now.digest);
    expect(await answersOf(embedded)).toEqual(answers);
    expect(await deadLetters(embedded)).toEqual(letters);
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
  });

  it('refuses what is not in the log', async () => {
    const embedded = await withHistory();
    await expect(rebuilt(embedded, { to: { 'tip.unheard': { 0: 1 } } })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/"tip.unheard" is not a topic/) as string,
    });
    await expect(rebuilt(embedded, { to: { 'tip.served': { 7: 1 } } })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/no partition 7/) as string,
    });
    await expect(rebuilt(embedded, { to: { 'tip.served': { 0: 99_999 } } })).rejects.toMatchObject({
      code: 'offset_out_of_range',
      message: expect.stringMatching(/the log holds 0 to \d+/) as string,
    });
    expect(readdirSync(join(embedded.directory, 'state')).filter((name) => name.startsWith('gen-'))).toEqual(['gen-000001']);
  });
});
