/** Dead letters for a service written by hand. */
import { eventSchema } from '../../src/contracts/json-schema.js';
import { listLetters, type LetterQuery } from '../../src/dead-letters/letter-list.js';
import { TipstreamError } from '../../src/errors.js';
import { JsonText } from '../../src/producer/json-form.js';
import type { DeadLetterSummary, DeadLettersDocument, RedriveJob, WholeLetter } from '../../src/service/application.js';
import { inputOfDeadLetterTopic, type ConsumedTopic } from '../../src/topics.js';

const FAILED_AT_MS = Date.UTC(2026, 0, 31, 17, 50);

export const letter = (offset: number, over: Partial<DeadLetterSummary> = {}): DeadLetterSummary => ({
  topic: 'tip.served-dlt',
  partition: offset % 4,
  offset,
  source_topic: 'tip.served',
  source_partition: offset % 4,
  source_offset: offset * 10,
  stage: 'validate',
  code: 'invalid_event',
  message: 'served_at_ms: is missing (expected number)',
  failed_at_ms: FAILED_AT_MS + offset * 1_000,
  redrive_count: 0,
  key: `user-${offset}`,
  ...over,
});

export const LETTERS: readonly DeadLetterSummary[] = [
  letter(1),
  letter(2, { repeated: 1 }),
  letter(3, { stage: 'decode', code: 'not_json', message: 'the value is not JSON: unexpected end', key: null }),
  letter(4, {
    topic: 'tip.feedback-dlt',
    source_topic: 'tip.feedback',
    stage: 'route',
    code: 'wrong_partition',
    message: 'the key belongs to partition 3 of 4, not to 0',
    redrive_count: 1,
  }),
];

export function listed(letters: readonly DeadLetterSummary[], query: LetterQuery): DeadLettersDocument {
  const kept = letters.map((summary) => ({
    input: inputOfDeadLetterTopic('', summary.topic) as ConsumedTopic,
    summary,
    failedAtMs: summary.failed_at_ms ?? 0,
  }));
  return {
    ...listLetters(kept, query),
    running_redrive: null,
    read: { is_whole: true, letters: letters.length, unread: [], files_omitted: 0 },
  };
}

export const VALUE = '{"user_id":"user-1","tip_id":"t","served_at":1769882400000, "deep":[[[1.50]]]}';

export const WHOLE: WholeLetter = {
  ...letter(1),
  group: 'tipstream',
  timestamp_ms: FAILED_AT_MS,
  value: new JsonText(VALUE),
  key_hex: Buffer.from('user-1').toString('hex'),
  value_hex: Buffer.from(VALUE).toString('hex'),
  headers: { trace: 'abc' },
  schema: eventSchema('tip.served'),
};

export function wholeLetterAt(topic: string, partition: number, offset: number): WholeLetter {
  if (topic === WHOLE.topic && partition === WHOLE.partition && offset === WHOLE.offset) return WHOLE;
  throw new TipstreamError('not_found', `there is no record ${topic}/${partition}/${offset}`, { details: { topic, partition, offset } });
}

export const REDRIVE: RedriveJob = {
  job_id: '1d2f3a44-5b66-4c77-8d88-9e99aa00bb11',
  state: 'done',
  dry_run: true,
  request: { topic: 'tip.served', dry_run: true },
  progress: { step: 'looking', done: 4_816, total: 4_816 },
  redriven: 0,
  started_at_ms: FAILED_AT_MS + 60_000,
  result: {
    dry_run: true,
    matching: 3,
    redriven: 2,
    skipped: { redriven: 1, failed_again: 0, unknown_source: 0, bytes_missing: 0, too_large: 0 },
    left: 0,
    stopped: false,
    records: [
      {
        dead_letter: 'tip.served-dlt/1/1',
        source: 'tip.served/1/10',
        code: 'invalid_event',
        redrive_count: 1,
        to: { topic: 'tip.served', partition: 1 },
        refused: null,
      },
      {
        dead_letter: 'tip.served-dlt/3/3',
        source: 'tip.served/3/30',
        code: 'not_json',
        redrive_count: 1,
        to: { topic: 'tip.served', partition: 3 },
        refused: { code: 'not_json', message: 'the value is not JSON: unexpected end' },
      },
    ],
    records_omitted: 0,
    would_be_refused: 1,
    profiles: {
      as_of_ms: FAILED_AT_MS + 60_000,
      users: [{ user_id: 'user-1', before: { tip_volume_30d: 4 }, after: { tip_volume_30d: 5 }, changed: ['tip_volume_30d'] }],
      users_omitted: 0,
      users_elsewhere: 0,
    },
    notes: [],
  },
};

export function redriveNamed(jobId: string): RedriveJob {
  if (jobId === REDRIVE.job_id) return REDRIVE;
  throw new TipstreamError('not_found', `there is no redrive ${jobId}`);
}
