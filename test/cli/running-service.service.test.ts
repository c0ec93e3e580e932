/** What `start` checks before it changes anything. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runService } from '../../src/cli/running-service.js';
import { loadConfig } from '../../src/config.js';
import { lockData } from '../../src/store/directory/data-lock.js';
import { TOPIC_NAMES } from '../../src/topics.js';
import { embeddedService } from '../support/embedded/directory.js';

test('a prefix that the state was not folded under is refused before topics are made with it', async () => {
  const embedded = await embeddedService({ partitions: 2 });
  await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: 1 });
  await embedded.catchUp();
  await embedded.stop();
  const config = loadConfig({ data: embedded.directory, topicPrefix: 'other.' }, {});
  await expect(runService(config, pino({ level: 'silent' }))).rejects.toMatchObject({
    code: 'state_mismatch',
    message: expect.stringContaining('"other."') as string,
    hint: expect.stringContaining('--topic-prefix') as string,
  });
  expect(await embedded.log.describeTopics(TOPIC_NAMES.map((name) => `other.${name}`))).toEqual([]);
  lockData(embedded.directory, 1).release();
});
