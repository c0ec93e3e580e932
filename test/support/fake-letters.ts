/** Dead letters for a service written by hand. */
import { eventSchema } from '../../src/contracts/json-schema.js';
import { listLetters } from '../../src/dead-letters/letter-list.js';
import { TipstreamError } from '../../src/errors.js';
import { JsonText } from '../../src/producer/json-form.js';
import type { DeadLetterSummary, DeadLettersDocument, LetterQuery, WholeLetter } from '../../src/service/application.js';
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
  return { ...listLetters(kept, query), read: { is_whole: true, letters: letters.length, unread: [], files_omitted: 0 } };
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
