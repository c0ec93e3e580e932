/** The log contract on a real broker. What only Kafka can do to a log is in the other files of this folder. */
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { describe } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import { logContract } from '../contract/contract.js';
import type { LogFixture } from '../contract/fixture.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { deleteBefore } from '../../support/broker/topics.js';

const brokers = await sharedBroker();

async function openFixture(address: string): Promise<LogFixture> {
  let log = await openKafkaLog({ brokers: [address] });
  const admin = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    log,
    reopen: async () => {
      await log.close();
      return (log = await openKafkaLog({ brokers: [address] }));
    },
    cleanup: async () => {
      await log.close();
      await admin.disconnect();
    },
    truncateBefore: (topic, partition, offset) => deleteBefore(admin, topic, { [partition]: offset }),
    elsewhere: { module: fileURLToPath(new URL('../../support/broker/elsewhere.ts', import.meta.url)), argument: address },
  };
}

describe.skipIf(brokers === null)('on a real broker', () => {
  logContract('kafka', () => openFixture(brokers!), { atomicAppend: false });
});
