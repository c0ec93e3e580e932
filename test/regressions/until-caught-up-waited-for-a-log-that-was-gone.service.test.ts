/** Once it had joined the group, catching up waited for a log that did not answer without end; and the first refusal ended it at once. */
import { expect, test } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';
import { traffic } from '../support/embedded/traffic.js';

const limit = (silentForMs: number) => ({ silentForMs, where: 'Kafka at a:1' });
const started = async () => {
  const embedded = await embeddedService({ partitions: 2 });
  await embedded.append(...traffic(5).next(200));
  return { embedded, service: await embedded.start() };
};

test.each(['hangs', 'refuses'] as const)('a log that %s for longer than is waited for is log_unavailable, and named', async (how) => {
  const { embedded, service } = await started();
  const answerAgain = how === 'hangs' ? embedded.faults.hang() : embedded.faults.refuse();
  const beganMs = performance.now();
  await expect(service.caughtUp(limit(1_000))).rejects.toMatchObject({
    code: 'log_unavailable',
    message: `Kafka at a:1 did not answer within 1 s: ${how === 'hangs' ? 'could not catch up' : 'the test keeps the log away'}`,
    hint: expect.stringContaining('--start-timeout-ms') as string,
  });
  expect(performance.now() - beganMs).toBeLessThan(8_000);
  answerAgain();
});

test.each(['hangs', 'refuses'] as const)('a log that %s for a moment is waited for', async (how) => {
  const { embedded, service } = await started();
  const answerAgain = how === 'hangs' ? embedded.faults.hang() : embedded.faults.refuse();
  const caughtUp = service.caughtUp(limit(20_000));
  expect(await Promise.race([caughtUp, new Promise((resolve) => setTimeout(resolve, 700, 'waits'))])).toBe('waits');
  answerAgain();
  await caughtUp;
  expect((await service.lag()).every(({ lag_records: lag }) => lag === 0)).toBe(true);
});
