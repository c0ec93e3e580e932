/**
 * What analysts meet on Kafka: streams with everything in them that is hard to read, the commands that answer, and what they should
 * answer.
 */
import kafkajs from 'kafkajs';
import { expect } from 'vitest';
import type { ScoredEvent } from '../../../src/topics.js';
import type { Finished } from '../cli-process.js';
import { decisionsInLog } from '../e2e/decisions.js';
import { generatedEvents, STREAM_AS_OF_MS, type ProduceLine } from '../e2e/events.js';
import { ownersDigest, soleOwner } from '../e2e/state.js';
import { Stream } from '../e2e/stream.js';
import { configureTopics, kafkaAdmin, kcatLines, TransactionalProducer } from './inputs.js';

export const AS_OF = ['--as-of', String(STREAM_AS_OF_MS)];
/** The data directory of all of these. */
const DATA = 'data';
const ndjson = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** Two partitions of everything that is hard to read; answers what is in the log for whoever reads committed records. */
export async function hardStream(brokers: string, withKcat: boolean): Promise<{ stream: Stream; lines: ProduceLine[] }> {
  const stream = await Stream.open(brokers, { partitions: 2 });
  const admin = await kafkaAdmin(brokers);
  const byBroker = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
  await configureTopics(admin, { [stream.topic('tip.feedback')]: byBroker, [stream.topic('tip.scored')]: byBroker });
  const events = generatedEvents(7);
  const take = (count: number): ProduceLine[] => Array.from({ length: count }, () => events.next().value as ProduceLine);
  const [plain, committed, zipped, squeezed, last] = [take(300), take(200), take(200), take(200), take(100)];
  const aborted = take(150);

  const produced = await stream.run(['produce', '-', '--json'], { input: ndjson(plain) });
  expect(JSON.parse(produced.stdout)).toMatchObject({ accepted: plain.length, rejected: 0 });
  const producer = await TransactionalProducer.connect(stream);
  await producer.write(aborted.slice(0, 75), 'abort');
  await producer.write(committed, 'commit', kafkajs.CompressionTypes.GZIP);
  for (const [codec, share] of [
    ['gzip', zipped],
    ['zstd', squeezed],
  ] as const) {
    if (withKcat)
      for (const topic of ['tip.served', 'tip.feedback', 'tip.candidates'] as const) await kcatLines(stream, topic, codec, share);
    else await producer.write(share, 'commit');
  }
  await producer.write(aborted.slice(75), 'abort', kafkajs.CompressionTypes.GZIP);
  await producer.write(last, 'commit'); // so that topics end in markers
  return { stream, lines: [...plain, ...committed, ...zipped, ...squeezed, ...last] };
}

export async function catchUp(stream: Stream): Promise<void> {
  const finished = await stream.catchUp(DATA, ['--shadow', 'egreedy-v2', '--shadow-learning']);
  expect(finished, finished.stderr).toMatchObject({ code: 0 });
}

/** Every other answer is served, and two of three of those meet a reaction: something is learned. */
export async function reactTo(stream: Stream): Promise<ProduceLine[]> {
  const decisions = [...(await decisionsInLog(stream)).first.values()]
    .map((text) => JSON.parse(text) as ScoredEvent)
    .filter((_, index) => index % 2 === 0);
  const reactions = decisions.flatMap(({ user_id, decision_id, chosen_tip_id, profile: { as_of_ms } }, index): ProduceLine[] => {
    const tip = { user_id, tip_id: chosen_tip_id };
    const served: ProduceLine = {
      topic: 'tip.served',
      value: { ...tip, decision_id, served_at_ms: as_of_ms + 1_000, category: 'answers' },
    };
    return index % 3 === 0
      ? [served]
      : [
          served,
          { topic: 'tip.feedback', value: { ...tip, action: index % 3 === 1 ? 'done' : 'dismiss', reacted_at_ms: as_of_ms + 60_000 } },
        ];
  });
  expect(reactions.length).toBeGreaterThan(40);
  await (await TransactionalProducer.connect(stream)).write(reactions, 'commit');
  return reactions;
}

/** A command on the stream's data directory. */
export const inData = (stream: Stream, args: readonly string[]): Promise<Finished> =>
  stream.run([...args, '--data', stream.directory(DATA)]);

export const documentOf = ({ stdout }: Finished): Record<string, unknown> => JSON.parse(stdout) as Record<string, unknown>;

export const digestOf = (stream: Stream): string => ownersDigest(soleOwner(stream, DATA), STREAM_AS_OF_MS).digest;

/** `verify` finds nothing, and nothing it could not prove; answers what it says. */
export async function expectProven(stream: Stream, args: readonly string[] = []): Promise<Record<string, unknown>> {
  const verified = await inData(stream, ['verify', '--json', ...AS_OF, ...args]);
  expect(verified, `${verified.stderr}${verified.stdout.slice(0, 2_000)}`).toMatchObject({ code: 0 });
  const document = documentOf(verified);
  expect(document).toMatchObject({ equal: true, difference_count: 0, unproven_count: 0 });
  return document;
}
