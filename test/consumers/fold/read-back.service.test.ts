/** A decision is encoded once: its row, its message and the record that is read back hold the same bytes. */
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BatchProcessor } from '../../../src/consumers/fold/batch-processor.js';
import { traceHeaders } from '../../../src/events/trace-context.js';
import type { LogRecord } from '../../../src/log/port.js';
import { partitionFunction } from '../../../src/log/partitioner.js';
import { defaultRegistry } from '../../../src/projections/registry.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import type { StoredMessage } from '../../../src/store/tables/outbox.js';
import { CORE_TOPICS, type ScoredEvent } from '../../../src/topics.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { DEFAULT_SETTINGS } from '../../support/embedded/service.js';

const AT = 8_640_000_000;
const MAX_VALUE_BYTES = 1_048_576;

const requestOf = (decision_id: string, user_id = 'ann') => ({
  decision_id,
  user_id,
  requested_at_ms: AT,
  candidates: ['t1', '__proto__', 'ü"\\'].map((tip_id) => ({ tip_id, is_overdue: false, task_age_days: 3, priority: 2 })),
});

class Partition {
  readonly state: PartitionState;
  readonly processor: BatchProcessor;
  readonly rejected: string[] = [];
  readonly outbox: StoredMessage[] = [];

  constructor(path: string, replay = false) {
    this.state = new PartitionState(
      path,
      { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: defaultRegistry.featureSet },
      defaultRegistry,
    );
    this.processor = new BatchProcessor(
      {
        state: this.state,
        registry: defaultRegistry,
        topics: CORE_TOPICS,
        onRejected: ({ code }) => this.rejected.push(code),
      },
      {
        topicPrefix: '',
        group: 'test',
        rules: { partitioner: partitionFunction('murmur2'), partitions: 1, maxValueBytes: MAX_VALUE_BYTES },
        scoring: { livePolicy: 'egreedy-v2', settings: DEFAULT_SETTINGS },
        publishProfiles: false,
        replay,
      },
    );
  }

  /** The message that the decision owes the log, as the record that it becomes. */
  decide(decisionId: string, offset: number, userId = 'ann'): LogRecord {
    this.state.transaction(AT, () => this.processor.answer({ candidates: requestOf(decisionId, userId) }, AT, this.outbox));
    return scoredRecord(this.outbox.at(-1)!.value!, offset, userId);
  }

  apply(...records: LogRecord[]): void {
    this.state.transaction(AT, () => {
      for (const record of records) this.processor.apply(record, AT, this.outbox);
    });
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.state.counts.takeChanged());
  }

  row(decisionId: string, userId = 'ann') {
    const { key, scoredOffset, event } = this.state.decisions.get(this.state.users.find(userId)!.uid, decisionId)!;
    return { key, scoredOffset, event };
  }
}

function scoredRecord(value: Buffer, offset: number, userId = 'ann'): LogRecord {
  return { topic: 'tip.scored', partition: 0, offset, timestampMs: AT, key: Buffer.from(userId), value, headers: [] };
}

const changed = ({ value, offset }: LogRecord, change: (event: ScoredEvent) => object): LogRecord =>
  scoredRecord(Buffer.from(JSON.stringify(change(JSON.parse(value!.toString()) as ScoredEvent))), offset);

/** Calls that encode or decode a decision: values with a ranking, and texts that hold one. */
const ofDecisions = (calls: readonly (readonly unknown[])[]) =>
  calls.filter(([value]) => (typeof value === 'string' ? value.includes('"ranking"') : value instanceof Object && 'ranking' in value));

async function partition(replay = false, name = 'live.db'): Promise<Partition> {
  const embedded = await embeddedService();
  return new Partition(join(embedded.directory, name), replay);
}

afterEach(() => void vi.restoreAllMocks());

describe('a decision of this worker', () => {
  it('is encoded once for its row and its message', async () => {
    const live = await partition();
    const stringify = vi.spyOn(JSON, 'stringify');
    const record = live.decide('d1', 0);
    expect(ofDecisions(stringify.mock.calls)).toHaveLength(1);
    expect(JSON.stringify(live.row('d1').event)).toBe(record.value!.toString());
    expect(live.row('d1').scoredOffset).toBeNull();
  });

  it.each([
    ['', []],
    [', as one of a trace', traceHeaders({ traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, tracestate: 'a=1' })],
  ])('gets its offset when it is read back, without being decoded or written again%s', async (_, headers) => {
    const live = await partition();
    const record = { ...live.decide('d1', 7), headers };
    const parse = vi.spyOn(JSON, 'parse');
    const stringify = vi.spyOn(JSON, 'stringify');
    live.apply(record);
    expect(ofDecisions([...parse.mock.calls, ...stringify.mock.calls])).toEqual([]);
    vi.restoreAllMocks();
    expect(live.row('d1').scoredOffset).toBe(7);
    expect(live.counts()).toMatchObject({ decisions: 1, 'applied:tip.scored': 1 });
  });

  it('leaves the row that a replay makes of the same record', async () => {
    const live = await partition();
    const records = ['ann', 'bör', '\u{1f600}'].map((userId, offset) => live.decide(`d-${userId}`, offset, userId));
    live.apply(...records);
    const replayed = await partition(true, 'replayed.db');
    replayed.apply(...records);
    for (const userId of ['ann', 'bör', '\u{1f600}']) {
      const [one, other] = [live, replayed].map((of) => of.row(`d-${userId}`, userId));
      expect(other!.scoredOffset).toBe(one!.scoredOffset);
      expect(JSON.stringify(other!.event)).toBe(JSON.stringify(one!.event));
      expect(records.map(({ value }) => value!.toString())).toContain(JSON.stringify(one!.event));
    }
  });

  it('is learned from as soon as it is read back', async () => {
    const live = await partition();
    const record = live.decide('d1', 0);
    const event = (topic: string, value: object) => ({ ...scoredRecord(Buffer.from(JSON.stringify(value)), 0), topic });
    live.apply(
      event('tip.served', { user_id: 'ann', tip_id: '__proto__', decision_id: 'd1', served_at_ms: AT + 1 }),
      event('tip.feedback', { user_id: 'ann', tip_id: '__proto__', action: 'done', reacted_at_ms: AT + 2 }),
    );
    const learned = () => live.state.decisions.get(live.state.users.find('ann')!.uid, 'd1')!.learned;
    expect(learned()).toBeNull();
    live.apply(record);
    expect(learned()).toEqual({ tipId: '__proto__', reward: 1 });
  });

  it('is replaced by a record with a lower offset that says something else', async () => {
    const live = await partition();
    const own = live.decide('d1', 8);
    live.apply(
      changed({ ...own, offset: 7 }, (event) => ({ ...event, chosen_tip_id: 't1', salt: 'of another process' })),
      own,
    );
    expect(live.row('d1')).toMatchObject({ scoredOffset: 7, event: { salt: 'of another process' } });
    expect(live.counts()).toMatchObject({ decisions: 1, decisions_repeated: 1 });
  });

  it('keeps the lowest offset when its record is in the log twice', async () => {
    const live = await partition();
    const own = live.decide('d1', 3);
    live.apply(own, { ...own, offset: 4 });
    expect(live.row('d1').scoredOffset).toBe(3);
    expect(live.counts()).toMatchObject({ decisions: 1, decisions_repeated: 1 });
  });

  it.each<[string, (record: LogRecord) => LogRecord]>([
    ['with an unknown field', (record) => changed(record, (event) => ({ ...event, more: 1 }))],
    ['with its fields in another order', (record) => changed(record, ({ user_id, ...event }) => ({ user_id, ...event }))],
    ['with spaces', (record) => ({ ...record, value: Buffer.from(JSON.stringify(JSON.parse(record.value!.toString()), null, 1)) })],
    [
      'in an envelope',
      (record) => ({
        ...record,
        headers: Object.entries({ ce_specversion: '1.0', ce_id: '1', ce_source: '/x', ce_type: 'tip.scored' }).map(
          ([name, value]) => [name, Buffer.from(value)] as const,
        ),
      }),
    ],
  ])('is decoded when it comes %s, and its row ends the same', async (_, change) => {
    const live = await partition();
    const own = live.decide('d1', 5);
    const before = live.row('d1');
    live.apply(change(own));
    expect(live.rejected).toEqual([]);
    expect(live.row('d1')).toEqual({ ...before, scoredOffset: 5 });
  });

  it.each<[string, (record: LogRecord) => LogRecord, string]>([
    ['under the key of another user', (record) => ({ ...record, key: Buffer.from('bob') }), 'foreign_key'],
    ['without a key', (record) => ({ ...record, key: null }), 'missing_key'],
    ['cut short', (record) => ({ ...record, value: record.value!.subarray(0, -1) }), 'not_json'],
    ['cut within its id', (record) => ({ ...record, value: record.value!.subarray(0, 17) }), 'not_json'],
    ['empty', (record) => ({ ...record, value: Buffer.alloc(0) }), 'not_json'],
  ])('is refused as any record is when it comes %s', async (_, change, code) => {
    const live = await partition();
    const own = live.decide('d1', 5);
    live.decide('d1-of-bob', 6, 'bob');
    live.apply(change(own));
    expect(live.rejected).toEqual([code]);
    expect(live.row('d1').scoredOffset).toBeNull();
  });
});
