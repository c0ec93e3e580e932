import { describe, expect, test } from 'vitest';
import { inputWarnings, unreadableInputs } from '../../../src/log/checks/retention.js';
import type { TopicDescription } from '../../../src/log/port.js';
import { topicSettings } from '../../../src/log/topic-settings.js';

const DAY_MS = 86_400_000;
const PREFIX = 'signals.';
const described = (name: string, change: Partial<TopicDescription>): TopicDescription[] =>
  topicSettings(PREFIX, 4).map((topic) => ({ ...topic, retentionBytes: -1, ...(topic.name === PREFIX + name ? change : {}) }));
const warnings = (name: string, change: Partial<TopicDescription>) => inputWarnings(PREFIX, described(name, change));

describe('inputs that a rebuild could not rely on', () => {
  test('are none when all is kept for ever, or for 31 days', () => {
    expect(warnings('tip.served', {})).toEqual([]);
    expect(warnings('tip.served', { retentionMs: 31 * DAY_MS })).toEqual([]);
  });

  test.each(['tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow', 'policy.control'])(
    'are named when they are kept for less: %s',
    (name) => {
      expect(warnings(name, { retentionMs: 7 * DAY_MS })).toEqual([
        {
          topic: PREFIX + name,
          rebuild: true,
          message:
            `${PREFIX + name} is kept for 7 days (retention.ms 604800000), but profiles need 31 ` +
            'days; a rebuild would not reproduce the live state',
          hint:
            'Keep its records with `kafka-configs --bootstrap-server HOST:PORT --alter --entity-type topics ' +
            `--entity-name ${PREFIX + name} --add-config retention.ms=-1\`.`,
        },
      ]);
    },
  );

  test.each<[Partial<TopicDescription>, RegExp, string]>([
    [
      { cleanupPolicy: 'compact' },
      /is compacted \(cleanup\.policy compact\), which deletes all but the last record of each user; a rebuild would not/,
      'cleanup.policy=delete',
    ],
    // Without `delete`, ages and sizes mean nothing to Kafka.
    [
      { cleanupPolicy: 'compact', retentionMs: 1, retentionBytes: 1 },
      /^signals\.tip\.served is compacted \([^;]*; a rebuild/,
      'cleanup.policy=delete',
    ],
    [
      { cleanupPolicy: 'compact,delete', retentionMs: 90 * 60_000 },
      /is kept for 1\.5 hours .*; it is compacted/,
      'retention.ms=-1,cleanup.policy=delete',
    ],
    [{ retentionBytes: 1_000_000 }, /is kept up to a size \(retention\.bytes 1000000\)/, 'retention.bytes=-1'],
    [{ retentionMs: 0 }, /is kept for 0 ms/, 'retention.ms=-1'],
  ])('are described: %j', (change, message, remedy) => {
    const [warning, ...others] = warnings('tip.served', change);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(new RegExp(`--add-config ${remedy}\`\\.$`)) as string,
    });
  });

  test('do not include requests to score, which a rebuild does not need: they are told of all the same', () => {
    expect(warnings('tip.candidates', { retentionMs: DAY_MS })).toMatchObject([
      { rebuild: false, message: expect.stringContaining('requests to score can be lost before they are answered') as string },
    ]);
  });

  test('are not what is only written', () => {
    expect(warnings('profile.features', { retentionMs: 1 })).toEqual([]);
    expect(warnings('tip.served-dlt', { retentionMs: 1 })).toEqual([]);
  });

  test('are not told of when settings could not be read, but that is', () => {
    const unknown: Partial<TopicDescription> = { retentionMs: null, retentionBytes: null, cleanupPolicy: null };
    expect(warnings('tip.served', unknown)).toEqual([]);
    expect(unreadableInputs(PREFIX, described('tip.served', unknown))).toEqual([`${PREFIX}tip.served`]);
    expect(unreadableInputs(PREFIX, described('profile.features', unknown))).toEqual([]);
    expect(unreadableInputs(PREFIX, described('tip.served', {}))).toEqual([]);
  });
});
