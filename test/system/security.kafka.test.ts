/** TLS and SASL as an operator gives them: by flags, with the password in the environment. */
import { afterAll, describe, expect, it } from 'vitest';
import { VECTOR_EXPECTED, VECTOR_NDJSON } from '../support/e2e/events.js';
import { ownersDigest, soleOwner } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { SASL_USER, startBroker } from '../support/broker/broker.js';
import { DocsShell } from './docs/docs-shell.js';
import { shellBlocks } from './docs/markdown.js';

const broker = await startBroker({ own: true, tls: true });
afterAll(() => broker?.stop());

const env = { TIPSTREAM_KAFKA_PASSWORD: SASL_USER.password };
const sasl = (mechanism: string): string[] => [
  '--brokers',
  broker!.saslBrokers!,
  '--kafka-sasl-mechanism',
  mechanism,
  '--kafka-username',
  SASL_USER.username,
];

describe.skipIf(broker === null)('a secured broker', () => {
  it('serves produce, start, lag and topics check, over SASL and over TLS', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2 });
    const prefix = ['--topic-prefix', stream.prefix];
    const produced = await stream.runPlain(['produce', '-', '--json', ...prefix, ...sasl('plain')], { input: VECTOR_NDJSON, env });
    expect(produced, produced.stderr).toMatchObject({ code: 0 });

    const tls = ['--brokers', broker!.tls!.brokers, '--kafka-ca', broker!.tls!.caPath];
    for (const [directory, flags] of Object.entries({ 'scram-256': sasl('scram-sha-256'), 'scram-512': sasl('scram-sha-512'), tls })) {
      const data = stream.directory(directory);
      const started = await stream.runPlain(
        ['start', '--until-caught-up', '--no-http', '--data', data, '--group', directory, ...prefix, ...flags],
        { env },
      );
      expect(started, started.stderr).toMatchObject({ code: 0 });
      expect(started.stderr).not.toContain(SASL_USER.password);
      for (const [asOf, expected] of Object.entries(VECTOR_EXPECTED))
        expect(ownersDigest(soleOwner(stream, directory), Number(asOf)), directory).toMatchObject(expected);
    }
    const lag = await stream.runPlain(['lag', '--json', '--data', stream.directory('tls'), '--group', 'tls', ...prefix, ...tls]);
    expect((JSON.parse(lag.stdout) as { lag_records: number }[]).every(({ lag_records: records }) => records === 0)).toBe(true);
    expect(await stream.runPlain(['topics', 'check', ...prefix, ...sasl('scram-sha-512')], { env })).toMatchObject({ code: 0 });
  });

  it('README.md: TLS and SASL together', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 1 });
    // The page's authority is one that Node.js knows; here it is told of ours.
    const terminal = new DocsShell({ NODE_EXTRA_CA_CERTS: broker!.tls!.caPath, TIPSTREAM_TOPIC_PREFIX: stream.prefix });
    try {
      await terminal.follow(shellBlocks('README.md', 'On your Kafka').at(-1)!, {
        replacements: [
          { shown: 'broker-1:9094', real: broker!.tls!.saslBrokers },
          { shown: 'TIPSTREAM_KAFKA_PASSWORD=...', real: `TIPSTREAM_KAFKA_PASSWORD=${SASL_USER.password}` },
          { shown: '--kafka-username tipstream', real: `--kafka-username ${SASL_USER.username}` },
        ],
      });
    } finally {
      terminal.dispose();
    }
  });

  it('refuses a wrong password and an unknown authority, and the error says what to check', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 1 });
    const start = ['start', '--until-caught-up', '--no-http', '--data', stream.directory('data'), '--topic-prefix', stream.prefix];
    const wrong = await stream.runPlain([...start, ...sasl('scram-sha-256')], { env: { TIPSTREAM_KAFKA_PASSWORD: 'not-the-password' } });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/(?=[^]*\[log_failed\])[^]*"hint":"[^"]*password/) as string });
    expect(wrong.stderr).not.toContain('not-the-password');
    const untrusted = await stream.runPlain([...start, '--brokers', broker!.tls!.brokers, '--kafka-ssl', '--start-timeout-ms', '6000']);
    expect(untrusted).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/(?=[^]*\[log_unavailable\])[^]*"hint":"[^"]*CA certificate/) as string,
    });
  });
});
