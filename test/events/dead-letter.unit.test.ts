import { expect, test } from 'vitest';
import { DEAD_LETTER_HEADERS, deadLetterHeaders, originalHeaders, readDeadLetterReason } from '../../src/events/dead-letter.js';

const REASON = {
  topic: 'signals.tip.served',
  partition: 3,
  offset: 12,
  group: 'tipstream',
  stage: 'validate',
  code: 'invalid_event',
  message: 'user_id: is missing ✗',
  failedAtMs: 1_767_225_600_000,
  redriveCount: 2,
};
const ORIGINAL = [
  ['trace', Buffer.from('a')],
  ['trace', Buffer.from([0xff])],
] as const;

test('the original headers stay, byte for byte, and the reason follows in the names of the contract', () => {
  const headers = deadLetterHeaders(ORIGINAL, REASON);
  expect(headers.slice(0, 2)).toEqual(ORIGINAL);
  expect(headers.slice(2).map(([name]) => name)).toEqual([
    '__dlq.errors.topic',
    '__dlq.errors.partition',
    '__dlq.errors.offset',
    '__dlq.errors.group',
    '__dlq.errors.stage',
    '__dlq.errors.code',
    '__dlq.errors.message',
    '__dlq.errors.failed_at_ms',
    '__dlq.errors.redrive_count',
  ]);
  expect(headers.slice(2).map(([name]) => name)).toEqual(DEAD_LETTER_HEADERS);
  expect(readDeadLetterReason(headers)).toEqual(REASON);
  expect(originalHeaders(headers)).toEqual(ORIGINAL);
});

test('a record refused a second time carries one reason, the newest', () => {
  const again = deadLetterHeaders(deadLetterHeaders(ORIGINAL, REASON), { ...REASON, redriveCount: 3 });
  expect(again).toHaveLength(2 + DEAD_LETTER_HEADERS.length);
  expect(readDeadLetterReason(again).redriveCount).toBe(3);
});

test('headers that somebody else wrote are read as far as they make sense', () => {
  const headers = [
    ['__dlq.errors.offset', Buffer.from('-1')],
    ['__dlq.errors.code', Buffer.from('odd')],
  ] as const;
  expect(readDeadLetterReason(headers)).toEqual({
    topic: null,
    partition: null,
    offset: null,
    group: null,
    stage: null,
    code: 'odd',
    message: null,
    failedAtMs: null,
    redriveCount: null,
  });
});
