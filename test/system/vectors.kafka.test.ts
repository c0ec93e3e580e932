/** The worked examples through the whole service on Kafka, whoever produced them and however they were packed. */
import kafkajs from 'kafkajs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownersDigest, soleOwner } from '../support/e2e/state.js';
import { toRecords, VECTOR_EXPECTED, VECTOR_LINES, VECTOR_NDJSON, type ProduceLine } from '../support/e2e/events.js';
import { Stream } from '../support/e2e/stream.js';
import { sharedBroker } from '../support/broker/shared.js';
import { javaTool, javaToolsInstalled, kcat, kcatInstalled } from '../support/broker/tools.js';
import { CliWorkspace } from '../support/cli-process.js';
import { pythonOrSkip, runPython } from '../support/python.js';
import { ROOT } from './docs/markdown.js';

const brokers = await sharedBroker();
const [withKcat, withJava] = await Promise.all([kcatInstalled(), javaToolsInstalled()]);
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const TOPICS = ['tip.served', 'tip.feedback'] as const;

const withPython = pythonOrSkip("the worked examples written by Python's KafkaProducer");
const PYTHON_PRODUCER = `
import json, sys
from tipstream_client import KafkaProducer
brokers, prefix, examples = sys.argv[1:]
with KafkaProducer(brokers, topic_prefix=prefix) as producer:
    for line in open(examples, encoding="utf-8"):
        event = json.loads(line)
        producer.send(event["topic"], event["value"])
`;

interface Digest {
  readonly digest: string;
  readonly positions: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Without prefix: topic -> partition -> next offset. */
function unprefixed({ positions }: Digest, prefix: string): Digest['positions'] {
  return Object.fromEntries(Object.entries(positions).map(([topic, offsets]) => [topic.slice(prefix.length), offsets]));
}

/** key TAB value, a line each, as kcat and Java's console producer read them. */
function tabbed(topic: string, lines: readonly ProduceLine[]): string {
  return lines
    .filter((line) => line.topic === topic)
    .map(({ value }) => `${value.user_id}\t${JSON.stringify(value)}\n`)
    .join('');
}

/** The examples reach further back than what is kept, once today is late enough. */
const ALL = ['--retain', '36500d'];

describe.skipIf(brokers === null)('the worked examples on Kafka', () => {
  const embedded = new CliWorkspace();
  let embeddedDigest: Digest;

  beforeAll(async () => {
    await embedded.run(['produce', '-'], { input: VECTOR_NDJSON });
    const started = await embedded.run(['start', '--until-caught-up', '--no-http']);
    expect(started).toMatchObject({ code: 0 });
    embeddedDigest = JSON.parse((await embedded.run(['digest', '--as-of', '1795219200000', '--json'])).stdout) as Digest;
  });
  afterAll(() => embedded.dispose());

  /** Catches up, and compares with the expected digests and with the embedded log, offset by offset. */
  async function expectVectors(stream: Stream): Promise<void> {
    const caughtUp = await stream.catchUp('data', ALL);
    expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
    for (const [asOf, { digest, users }] of Object.entries(VECTOR_EXPECTED)) {
      expect(ownersDigest(soleOwner(stream, 'data'), Number(asOf)), `as of ${asOf}`).toMatchObject({ digest, users });
    }
    const printed = await stream.run(['digest', '--data', stream.directory('data'), '--as-of', '1795219200000', '--json']);
    const onKafka = JSON.parse(printed.stdout) as Digest;
    expect(onKafka.digest).toBe(embeddedDigest.digest);
    expect(unprefixed(onKafka, stream.prefix)).toEqual(embeddedDigest.positions);
  }

  it('written by tipstream produce', async () => {
    const stream = await Stream.open(brokers!);
    const produced = await stream.run(['produce', '-', '--json'], { input: VECTOR_NDJSON });
    expect(JSON.parse(produced.stdout)).toMatchObject({ accepted: VECTOR_LINES.length, rejected: 0 });
    await expectVectors(stream);
    await expectVectors(stream); // again, with nothing new
  });

  it.skipIf(!withKcat)('written by kcat, a fifth of them in each codec', async () => {
    const stream = await Stream.open(brokers!);
    const share = Math.ceil(VECTOR_LINES.length / CODECS.length);
    for (const [index, codec] of CODECS.entries()) {
      const lines = VECTOR_LINES.slice(index * share, (index + 1) * share);
      for (const topic of TOPICS) {
        const args = ['-b', brokers!, '-P', '-t', stream.topic(topic), '-K', '\t', '-z', codec, '-X', 'topic.partitioner=murmur2_random'];
        await kcat([...args, '-X', 'linger.ms=100'], tabbed(topic, lines));
      }
    }
    await expectVectors(stream);
  });

  it.skipIf(!withJava)('written by the Java producer', async () => {
    const stream = await Stream.open(brokers!);
    await Promise.all(
      TOPICS.map((topic) =>
        javaTool(
          'console-producer',
          ['--bootstrap-server', brokers!, '--topic', stream.topic(topic), '--compression-codec', 'zstd', '--property', 'parse.key=true'],
          tabbed(topic, VECTOR_LINES),
        ),
      ),
    );
    await expectVectors(stream);
  });

  it.skipIf(!withPython)("written by Python's KafkaProducer", async () => {
    const stream = await Stream.open(brokers!);
    const sources = ['contract', 'client'].map((name) => join(ROOT, `python/tipstream-${name}/src`)).join(delimiter);
    await runPython(['-c', PYTHON_PRODUCER, brokers!, stream.prefix, join(ROOT, 'test/fixtures/profile-events.ndjson')], {
      env: { PYTHONPATH: sources },
    });
    await expectVectors(stream);
  });

  it('written in transactions: what was aborted is not applied, and markers at the end are passed over', async () => {
    const stream = await Stream.open(brokers!);
    const producer = new kafkajs.Kafka({ brokers: [brokers!], logLevel: kafkajs.logLevel.NOTHING }).producer({
      transactionalId: `${stream.prefix}tx`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const write = async (lines: readonly ProduceLine[], end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      for (const topic of TOPICS) {
        const records = toRecords(
          stream.prefix,
          lines.filter((line) => line.topic === topic),
        );
        await transaction.send({ topic: stream.topic(topic), messages: records.map(({ key, value }) => ({ key, value })) });
      }
      await transaction[end]();
    };
    const strangers = VECTOR_LINES.slice(0, 200).map((line) => ({
      ...line,
      value: { ...line.value, tip_id: `aborted-${String(line.value['tip_id'])}` },
    }));
    try {
      await write(strangers, 'abort');
      await write(VECTOR_LINES.slice(0, 1000), 'commit');
      await write(VECTOR_LINES.slice(1000), 'commit');
      await write(strangers, 'abort');
    } finally {
      await producer.disconnect();
    }
    const caughtUp = await stream.catchUp('data', ALL);
    expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
    for (const [asOf, expected] of Object.entries(VECTOR_EXPECTED))
      expect(ownersDigest(soleOwner(stream, 'data'), Number(asOf))).toMatchObject(expected);
    const lag = JSON.parse((await stream.run(['lag', '--json', '--data', stream.directory('data'), '--group', stream.group])).stdout) as {
      lag_records: number;
    }[];
    expect(lag.map(({ lag_records: records }) => records)).toEqual(lag.map(() => 0));
  });
});
