/** Readers answered, with exit code 0, from state files of another log, of other topics or of another partition. */
import { copyFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openTipstream } from '../../src/index.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { runReader, STATE_READERS } from '../support/state-readers.js';

const NOW = Date.now();

async function lived(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 3 });
  for (let n = 0; n < 12; n++) await embedded.produce('tip.served', { user_id: `u${n}`, tip_id: `t${n}`, served_at_ms: NOW - 1_000 });
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

// A migration begins with the log's controls, and refuses a log without any.
it.each(STATE_READERS.filter((name) => name !== 'policies migrate'))(
  '%s refuses the state of another log, and of other topics',
  async (name) => {
    const { directory } = await lived();
    const prefixed = await runReader(name, directory, ['--topic-prefix', 'signals.']);
    expect(prefixed).toMatchObject({ code: 1, stderr: expect.stringContaining('prefix ""; this process uses "signals."') as string });
    const onKafka = await runReader(name, directory, [], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(onKafka).toMatchObject({ code: 1, stderr: expect.stringContaining('holds offsets of a sqlite log') as string });
    const others = await runReader(name, directory, ['--partitions', '7']);
    expect(others).toMatchObject({ code: 1, stderr: expect.stringContaining('of 3 partitions; this process was told 7') as string });
  },
);

it.each(STATE_READERS)('%s refuses the file of one partition under the name of another', async (name) => {
  const embedded = await lived();
  copyFileSync(embedded.statePath(0), embedded.statePath(1));
  const { code, stderr } = await runReader(name, embedded.directory);
  expect([code, stderr]).toEqual([1, expect.stringContaining('belongs to partition 0, not 1')]);
});

it('a file of a state with another number of partitions is refused', async () => {
  const [three, two] = [await lived(), await embeddedService({ partitions: 2 })];
  await two.catchUp();
  await two.stop();
  copyFileSync(two.statePath(1), three.statePath(1));
  const { code, stderr } = await runReader('digest', three.directory);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/partition-0001\.db was folded from topics of 2 partitions; .*partition-0000\.db/),
  ]);
});

it("the library's reader refuses them too", async () => {
  const { directory } = await lived();
  const tipstream = await openTipstream({ data: directory, topicPrefix: 'signals.', partitions: 3 });
  try {
    await expect(tipstream.getProfile('u1')).rejects.toMatchObject({ code: 'state_mismatch' });
  } finally {
    await tipstream.close();
  }
});
