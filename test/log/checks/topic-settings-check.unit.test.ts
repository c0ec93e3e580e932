import { describe, expect, test } from 'vitest';
import type { TopicDescription } from '../../../src/log/port.js';
import { checkTopics } from '../../../src/log/checks/topic-settings-check.js';
import { topicSettings } from '../../../src/log/topic-settings.js';

const WANTED = topicSettings('', 4);
const asWanted = (): TopicDescription[] => WANTED.map((topic) => ({ ...topic }));
const withTopic = (name: string, change: Partial<TopicDescription>) =>
  asWanted().map((topic) => (topic.name === name ? { ...topic, ...change } : topic));
const problemsOf = (found: TopicDescription[], partitions?: number) =>
  checkTopics(WANTED, found, partitions).map(({ topic, problem }) => `${topic} ${problem}`);

test('topics as tipstream creates them have no problem', () => {
  expect(problemsOf(asWanted())).toEqual([]);
});

describe('problems', () => {
  const cases: [name: string, change: Partial<TopicDescription>, problems: string[]][] = [
    ['tip.served', { partitions: 5 }, ['tip.served partition_count']],
    ['tip.served-dlt', { partitions: 5 }, ['tip.served-dlt partition_count']],
    ['tip.served', { retentionMs: 31 * 86_400_000 }, []],
    ['tip.served', { retentionMs: 31 * 86_400_000 - 1 }, ['tip.served retention']],
    ['profile.features', { retentionMs: 1 }, []],
    ['tip.served', { retentionBytes: -1 }, []],
    ['tip.served', { retentionBytes: 1_000_000 }, ['tip.served retention_bytes']],
    ['profile.features', { retentionBytes: 1_000_000 }, []],
    ['tip.served', { cleanupPolicy: 'compact', retentionMs: 1, retentionBytes: 1 }, ['tip.served cleanup_policy']],
    ['tip.served', { cleanupPolicy: 'compact' }, ['tip.served cleanup_policy']],
    ['tip.served', { cleanupPolicy: 'compact,delete' }, ['tip.served cleanup_policy']],
    ['profile.features', { cleanupPolicy: 'delete, compact' }, []],
    ['profile.features', { cleanupPolicy: 'delete' }, ['profile.features cleanup_policy']],
    ['tip.served-dlt', { maxMessageBytes: 1_048_588 }, ['tip.served-dlt max_message_bytes']],
    ['tip.served', { maxMessageBytes: 2_000_000 }, ['tip.served-dlt max_message_bytes']],
    ['tip.served', { retentionMs: null, cleanupPolicy: null, maxMessageBytes: null }, []],
  ];
  test.each(cases)('%s %j', (name, change, problems) => {
    expect(problemsOf(withTopic(name, change))).toEqual(problems);
  });

  test('a missing topic', () => {
    expect(problemsOf(asWanted().filter((topic) => topic.name !== 'tip.scored'))).toEqual(['tip.scored missing']);
  });

  test('the number that most topics have is right, unless one is insisted on', () => {
    const eight = asWanted().map((topic) => ({ ...topic, partitions: topic.name === 'tipstream.audit' ? 1 : 8 }));
    expect(problemsOf(eight)).toEqual([]);
    expect(problemsOf(eight, 4)).toHaveLength(WANTED.length - 1);
  });

  test('a topic without keys has one partition, however many the others have', () => {
    const many = asWanted().map((topic) => ({ ...topic, partitions: 4 }));
    expect(problemsOf(many)).toEqual(['tipstream.audit partition_count']);
    expect(problemsOf(many, 4)).toEqual(['tipstream.audit partition_count']);
  });
});
