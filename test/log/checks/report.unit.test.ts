import { pino } from 'pino';
import { expect, test } from 'vitest';
import { reportInputs } from '../../../src/log/checks/report.js';
import { TipstreamError } from '../../../src/errors.js';
import type { Log, TopicDescription } from '../../../src/log/port.js';
import { topicSettings } from '../../../src/log/topic-settings.js';

const WEEK_MS = 7 * 86_400_000;
const DESCRIBED: TopicDescription[] = topicSettings('', 4);
const NAMES = DESCRIBED.map(({ name }) => name);

async function reported(kind: Log['kind'], describe: () => Promise<readonly TopicDescription[]>) {
  const lines: { level: number; topic?: string; topics?: string[]; hint?: string; msg: string }[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const warnings = await reportInputs({ kind, describeTopics: describe } as unknown as Log, '', NAMES, logger);
  return {
    warnings: warnings.map(({ topic }) => topic),
    lines: lines.map(({ level, topic, topics }) => ({
      level,
      ...(topic === undefined ? {} : { topic }),
      ...(topics === undefined ? {} : { topics }),
    })),
  };
}

const changed = (changes: Record<string, Partial<TopicDescription>>) => () =>
  Promise.resolve(DESCRIBED.map((topic) => ({ ...topic, ...changes[topic.name] })));
const SHORT = { 'tip.served': { retentionMs: WEEK_MS }, 'tip.candidates': { retentionMs: WEEK_MS } };

test('nothing is said of topics that are kept', async () => {
  expect(await reported('kafka', changed({}))).toEqual({ warnings: [], lines: [] });
});

test('a line is a warning where a rebuild would miss something', async () => {
  expect(await reported('kafka', changed(SHORT))).toEqual({
    warnings: ['tip.served', 'tip.candidates'],
    lines: [
      { level: 40, topic: 'tip.served' },
      { level: 30, topic: 'tip.candidates' },
    ],
  });
});

test('the embedded log, which deletes nothing, is not asked', async () => {
  expect(await reported('sqlite', () => expect.unreachable())).toEqual({ warnings: [], lines: [] });
});

test('what may not be read is said once, for all topics concerned', async () => {
  const unknown = { retentionMs: null, cleanupPolicy: null };
  expect(await reported('kafka', changed({ 'tip.served': unknown, 'tip.feedback': unknown }))).toEqual({
    warnings: [],
    lines: [{ level: 30, topics: ['tip.served', 'tip.feedback'] }],
  });
});

test('a log that does not answer keeps nobody from starting', async () => {
  expect(await reported('kafka', () => Promise.reject(new TipstreamError('log_unavailable', 'no broker answers')))).toEqual({
    warnings: [],
    lines: [{ level: 30 }],
  });
});
