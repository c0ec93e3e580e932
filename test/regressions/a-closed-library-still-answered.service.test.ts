/** getProfile answered after close, as if the handle were open. */
import { expect, test } from 'vitest';
import { openTipstream } from '../../src/index.js';
import { embeddedService } from '../support/embedded/directory.js';

const NOW = Date.UTC(2026, 10, 20);
const SERVED = { tip_id: 't', user_id: 'ana', served_at_ms: NOW - 5 };

test('every method throws closed after close, and close may be called again', async () => {
  const embedded = await embeddedService({ clock: () => NOW });
  await embedded.produce('tip.served', SERVED);
  await embedded.catchUp();
  const tipstream = await openTipstream({ data: embedded.directory });
  expect((await tipstream.getProfile('ana', { asOf: NOW })).features).toMatchObject({ tip_volume_30d: 1 });
  await tipstream.close();
  const closed = { code: 'closed', message: 'this Tipstream has been closed', hint: 'Call openTipstream again.' };
  await expect(tipstream.getProfile('ana', { asOf: NOW })).rejects.toMatchObject(closed);
  await expect(tipstream.rebuildProfile('ana')).rejects.toMatchObject(closed);
  await expect(tipstream.producer.send('tip.served', SERVED)).rejects.toMatchObject(closed);
  await expect(tipstream.producer.sendAll([{ topic: 'tip.served', event: SERVED }])).rejects.toMatchObject(closed);
  await tipstream.close();
});
