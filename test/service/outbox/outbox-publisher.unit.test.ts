/** What is owed to the log is sent whenever it is added. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { OutboxPublisher } from '../../../src/service/outbox/outbox-publisher.js';
import { TipstreamError } from '../../../src/errors.js';
import type { Log, NewRecord } from '../../../src/log/port.js';
import { pause } from '../../../src/back-off.js';
import type { StoredMessage } from '../../../src/store/tables/outbox.js';

const PATIENCE = { timeout: 60_000 };
const message = (seq: number): StoredMessage => ({
  seq,
  topic: 'tip.scored',
  key: Buffer.from('user'),
  value: Buffer.from(String(seq)),
  headers: [],
});

describe('the publisher', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-publisher-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const publishers: OutboxPublisher[] = [];
  afterEach(() => publishers.splice(0).forEach((publisher) => publisher.stop()));

  function open(
    append: (records: readonly NewRecord[]) => Promise<void>,
    onPublished: (seq: number, publisher: OutboxPublisher) => void = () => undefined,
  ): OutboxPublisher {
    const log = { append: (records: readonly NewRecord[]) => append(records).then(() => []) } as unknown as Log;
    const publisher: OutboxPublisher = new OutboxPublisher(log, {
      partition: 0,
      overflowDirectory: directory,
      clock: Date.now,
      onRetry: () => undefined,
      onOverflow: () => undefined,
      onUndelivered: () => undefined,
      onFailed: () => undefined,
      onPublished: (messages) => onPublished(messages.at(-1)!.seq, publisher),
    });
    publishers.push(publisher);
    return publisher;
  }

  it.each(Array.from({ length: 12 }, (_, turns) => turns))('sends what is added %i turns after it had sent everything', async (turns) => {
    const sent: string[] = [];
    const publisher = open(
      (records) => Promise.resolve(void sent.push(...records.map(({ value }) => value!.toString()))),
      (seq, self) => {
        let later = Promise.resolve();
        for (let turn = 0; turn < turns; turn++) later = later.then(() => undefined);
        if (seq === 1) void later.then(() => self.add([message(2)]));
      },
    );
    publisher.add([message(1)]);
    await expect.poll(() => sent, PATIENCE).toEqual(['1', '2']);
    await publisher.flush();
    expect(publisher.backlog).toBe(0);
  });

  it('is flushed when everything is sent, what was added meanwhile included', async () => {
    const sent: string[] = [];
    const publisher = open(
      async (records) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        sent.push(...records.map(({ value }) => value!.toString()));
      },
      (seq, self) => seq < 5 && self.add([message(seq + 1)]),
    );
    publisher.add([message(1)]);
    await publisher.flush();
    expect(sent).toEqual(['1', '2', '3', '4', '5']);
  });

  it('is flushed when sending failed for good, and sends again with what is added next', async () => {
    const sent: string[] = [];
    let failing = true;
    const publisher = open((records) => {
      if (failing) return Promise.reject(new TipstreamError('topic_not_found', 'no such topic'));
      return Promise.resolve(void sent.push(...records.map(({ value }) => value!.toString())));
    });
    publisher.add([message(1)]);
    await publisher.flush();
    expect(publisher.backlog).toBe(1);
    failing = false;
    publisher.add([message(2)]);
    await publisher.flush();
    expect(sent).toEqual(['1', '2']);
  });

  it.each([
    new TipstreamError('topic_not_found', 'somebody deleted it'),
    new TipstreamError('invalid_argument', 'no such partition'),
    new TipstreamError('log_failed', 'refused', { details: { reason: 'INVALID_RECORD' } }),
    new TipstreamError('record_too_large', 'too large'),
  ])('goes on behind a dead letter that the log refuses: $code', async (refusal) => {
    const sent: string[] = [];
    const publisher = open((records) => {
      if (records.some(({ topic }) => topic.endsWith('-dlt'))) return Promise.reject(refusal);
      return Promise.resolve(void sent.push(...records.map(({ value }) => value!.toString())));
    });
    publisher.add([message(1), { ...message(2), topic: `tip.served-dlt` }, message(3)]);
    await publisher.flush();
    expect(sent).toEqual(['1', '3']);
    expect(publisher.backlog).toBe(0);
  });

  it('while held sends nothing, and is held when the log has answered what was under way', async () => {
    const sent: string[] = [];
    let answer = (): void => undefined;
    const publisher = open(async (records) => {
      sent.push(...records.map(({ value }) => value!.toString()));
      await new Promise<void>((resolve) => (answer = resolve));
    });
    publisher.add([message(1)]);
    let held = false;
    const holding = publisher.hold().then(() => (held = true));
    publisher.add([message(2)]);
    await pause(20);
    expect({ sent, held }).toEqual({ sent: ['1'], held: false });
    answer();
    await holding;
    await pause(20);
    expect(sent).toEqual(['1']);
    publisher.release();
    await expect.poll(() => sent, PATIENCE).toEqual(['1', '2']);
    answer();
    await publisher.flush();
    expect(publisher.backlog).toBe(0);
  });

  it('that stops while it is held never sends what waits', async () => {
    const sent: string[] = [];
    const publisher = open((records) => Promise.resolve(void sent.push(...records.map(({ value }) => value!.toString()))));
    await publisher.hold();
    publisher.add([message(1)]);
    publisher.stop();
    await publisher.flush();
    expect(sent).toEqual([]);
    expect(publisher.backlog).toBe(1);
  });

  it('keeps a dead letter for a log that is closed', async () => {
    const publisher = open(() => Promise.reject(new TipstreamError('log_failed', 'The log is closed')));
    publisher.add([{ ...message(1), topic: `tip.served-dlt` }]);
    await publisher.flush();
    expect(publisher.backlog).toBe(1);
  });
});
