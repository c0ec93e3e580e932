/** TLS and SASL against a broker that wants them, and what is said when they do not fit. */
import { afterAll, describe, expect, it } from 'vitest';
import { type KafkaLogOptions, openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import { SASL_USER, startBroker } from '../../support/broker/broker.js';
import { newTopic, readAll } from '../../support/broker/topics.js';

const broker = await startBroker({ own: true, tls: true });
afterAll(() => broker?.stop());

async function roundTrip(options: KafkaLogOptions): Promise<void> {
  const log = await openKafkaLog(options);
  try {
    const topic = await newTopic(log);
    await log.append([{ topic, key: null, value: Buffer.from('secret') }]);
    expect((await readAll(log, topic)).map(({ value }) => value?.toString())).toEqual(['secret']);
  } finally {
    await log.close();
  }
}

describe.skipIf(broker === null)('a secured listener', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('is used with SASL %s', async (mechanism) => {
    await roundTrip({ brokers: [broker!.saslBrokers!], sasl: { mechanism, ...SASL_USER } });
  });

  it.each(['plain', 'scram-sha-256'] as const)('refuses a wrong password with %s, and the error says so', async (mechanism) => {
    const opening = openKafkaLog({ brokers: [broker!.saslBrokers!], sasl: { mechanism, username: SASL_USER.username, password: 'wrong' } });
    await expect(opening).rejects.toMatchObject({ code: 'log_failed', hint: expect.stringContaining('password') as string });
  });

  it('is used with TLS and a given certificate authority', async () => {
    await roundTrip({ brokers: [broker!.tls!.brokers], ssl: { caPath: broker!.tls!.caPath } });
  });

  it('is not used when its certificate is not trusted, and the error says so', async () => {
    await expect(openKafkaLog({ brokers: [broker!.tls!.brokers], ssl: true })).rejects.toMatchObject({
      code: 'log_unavailable',
      hint: expect.stringContaining('CA certificate') as string,
    });
  });

  it('does not answer a client without TLS, and the error names the brokers', async () => {
    const brokers = broker!.tls!.brokers;
    await expect(openKafkaLog({ brokers: [brokers] })).rejects.toMatchObject({
      code: 'log_unavailable',
      message: expect.stringContaining(brokers) as string,
    });
  });
});
