/** An outage wrote 14 warnings a second, and every refused record one: the first goes out at once, then a count every ten seconds. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createLogger } from '../../src/cli/output/logger.js';
import { RepeatedLines } from '../../src/cli/output/repeated-lines.js';
import { jsonProblem } from '../../src/events/json-problem.js';
import { TipstreamError } from '../../src/errors.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly repeated?: number;
  readonly [field: string]: unknown;
}

function loggerTo(lines: Line[], countsEveryMs: number) {
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Line) };
  return createLogger({ logLevel: 'info' }, { isTTY: false, destination, countsEveryMs });
}

test('warnings of one kind are one line at once and a count for each period', async () => {
  const lines: Line[] = [];
  const logger = loggerTo(lines, 60);
  for (let attempt = 1; attempt <= 20; attempt++) logger.warn({ partition: attempt % 4, attempt }, 'publishing failed; trying again');
  for (let offset = 0; offset < 30; offset++)
    logger.warn(
      { offset, code: offset % 2 === 0 ? 'not_json' : 'invalid_event' },
      'a record was refused and goes to its dead-letter topic',
    );
  logger.warn('kafkajs: Connection error: connect ECONNREFUSED');
  logger.warn('kafkajs: Failed to connect to seed broker');
  logger.info('partition assigned');
  logger.info('partition assigned');
  expect(lines.map(({ level }) => level)).toEqual([40, 40, 40, 40, 30, 30]);
  await delay(150);
  const counts = lines.slice(6);
  expect(counts.map(({ msg, repeated, code }) => [msg, code, repeated])).toEqual([
    ['publishing failed; trying again', undefined, 19],
    ['a record was refused and goes to its dead-letter topic', 'not_json', 14],
    ['a record was refused and goes to its dead-letter topic', 'invalid_event', 14],
    ['kafkajs: Failed to connect to seed broker', undefined, 1],
  ]);
  expect(counts[0]).toMatchObject({ attempt: 20, level: 40 });
});

test('a kind that has been silent for a period is news again, and counts that wait are written at the end', () => {
  vi.useFakeTimers();
  try {
    const said: string[] = [];
    const repeated = new RepeatedLines({ everyMs: 10_000 });
    const line = (): void => {
      if (repeated.isFirst('outage', (times) => said.push(`outage, ${times} times`))) said.push('outage');
    };
    for (let i = 0; i < 3; i++) line();
    vi.advanceTimersByTime(10_000);
    line();
    vi.advanceTimersByTime(20_000);
    line();
    line();
    repeated.flush();
    expect(said).toEqual(['outage', 'outage, 2 times', 'outage, 1 times', 'outage', 'outage, 1 times']);
  } finally {
    vi.useRealTimers();
  }
});

test.each(['{"user_id": "ana", "note": secret}', 'secret', '{"a": tru', '["secret" 1]', '{"secret": "x', '', '\u0000secret'])(
  'no piece of %j is in what is said of it',
  (text) => {
    const error = (() => {
      try {
        return JSON.parse(text) as unknown;
      } catch (failure) {
        return failure;
      }
    })();
    expect(jsonProblem(error)).toMatch(/^[A-Z]/);
    expect(jsonProblem(error)).not.toMatch(/secret|ana|tru/);
    const lines: Line[] = [];
    const cause = new TipstreamError('internal', `partition 1 failed: ${String(error)}`, { cause: error, details: { user_id: 'ana' } });
    loggerTo(lines, 1_000).error({ err: cause }, `partition 1 stopped: ${cause.message}`);
    expect(JSON.stringify(lines)).not.toMatch(/secret|ana"|tru\b/);
  },
);
