/** What the answer says when the log is slow, or loses records while it is read: written by hand, since a real one is neither on demand. */
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../../src/errors.js';
import type { Log, LogRecord, ReadRange } from '../../../src/log/port.js';
import type { LookedQuality } from '../../../src/service/quality/quality-looks.js';
import { QualityAnswers } from '../../../src/service/quality/quality-answers.js';

const record = ({ topic, partition }: ReadRange, offset: number, timestampMs = 1_000): LogRecord => {
  const value = Buffer.from(JSON.stringify({ user_id: 'ana', tip_id: `t${offset}`, served_at_ms: 900 }));
  return { topic, partition, offset, timestampMs, key: Buffer.from('ana'), value, headers: [] };
};

/** What is looked at besides is in quality-looks.service.test.ts. */
const NOTHING = {} as LookedQuality;

const answersOf = (read: (range: ReadRange) => AsyncGenerator<readonly LogRecord[]>) => {
  const log = { kind: 'kafka', offsets: async () => new Map([[0, { low: 5, end: 9 }]]), read } as unknown as Log;
  return new QualityAnswers({
    log,
    options: { topicPrefix: '', logTimeoutMs: 200 },
    partitions: { numbers: [0] },
    looks: { found: async () => NOTHING },
    history: { history: () => Promise.reject(new Error('nobody asks')) },
  });
};

describe('data quality on a log that', () => {
  it('is slow says what was read of it', async () => {
    const answers = answersOf(async function* (range) {
      yield [record(range, 5), record(range, 6)];
      await new Promise((resolve) => range.signal!.addEventListener('abort', resolve));
    });
    const [served] = (await answers.dataQuality()).lateness;
    expect(served).toMatchObject({ records: 2, max_ms: 100, read: { is_whole: false } });
    expect(served!.read.partitions).toEqual([{ partition: 0, low: 5, from: 5, to: 7, end: 9 }]);
  });

  it('loses the records while they are read says that none was read', async () => {
    const answers = answersOf(async function* ({ topic }) {
      yield* [];
      throw new TipstreamError('offset_out_of_range', `${topic} begins later`);
    });
    const [served] = (await answers.dataQuality()).lateness;
    expect(served).toMatchObject({ records: 0, max_ms: null, latest: null, read: { is_whole: false } });
  });

  it('has a transaction marker where its end was is read whole all the same, and a record without a timestamp is told apart', async () => {
    const answers = answersOf(async function* (range) {
      yield [record(range, 5), record(range, 6, -1)];
    });
    const [served] = (await answers.dataQuality()).lateness;
    expect(served).toMatchObject({ records: 2, on_time: 1, no_timestamp: 1, read: { is_whole: true } });
  });
});
