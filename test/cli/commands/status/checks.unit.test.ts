/** What each check of `status` says of what was seen, and what the screen says of all. */
import { describe, expect, it } from 'vitest';
import { nextCommand } from '../../../../src/cli/output/next-command.js';
import { ageText, bytesText, verdictOf, type Check } from '../../../../src/cli/commands/status/check.js';
import { deadLettersCheck, NEW_FOR_MS } from '../../../../src/cli/commands/status/checks/dead-letters.js';
import { diskCheck, LEAST_FREE_BYTES } from '../../../../src/cli/commands/status/checks/disk.js';
import { lagCheck } from '../../../../src/cli/commands/status/checks/lag.js';
import { logCheck } from '../../../../src/cli/commands/status/checks/log.js';
import { partitionsCheck, type PartitionFacts } from '../../../../src/cli/commands/status/checks/partitions.js';
import { policyCheck } from '../../../../src/cli/commands/status/checks/policy.js';
import { topicsCheck } from '../../../../src/cli/commands/status/checks/topics.js';
import { verifiedCheck } from '../../../../src/cli/commands/status/checks/verified.js';
import { loadConfig } from '../../../../src/config.js';
import { TipstreamError } from '../../../../src/errors.js';
import { NOT_RUNNING, type LagRow } from '../../../../src/log/lag.js';
import { topicSettings } from '../../../../src/log/topic-settings.js';
import type { LetterGroup } from '../../../../src/dead-letters/letter-list.js';
import type { Verified } from '../../../../src/store/directory/verified-note.js';

const NOW = 1_800_000_000_000;
const embedded = loadConfig({}, {});
const kafka = loadConfig({ brokers: 'a:9092,b:9092', data: "it's here" }, {});

describe('the log', () => {
  it('answers, or says what the log said, and how to look further', () => {
    expect(logCheck(embedded, { tookMs: 11.6 })).toMatchObject({ status: 'ok', took_ms: 12 });
    const failure = new TipstreamError('log_unavailable', 'Kafka is away', { hint: 'Check it.' });
    expect(logCheck(kafka, { failure })).toMatchObject({
      status: 'attention',
      summary: 'Kafka is away [log_unavailable]',
      hint: 'Check it.',
      next: 'kafka-broker-api-versions --bootstrap-server a:9092,b:9092',
    });
    expect(logCheck(embedded, { failure: new TipstreamError('no_data', 'none') })).toMatchObject({ next: 'npx tipstream start' });
  });
});

describe('the topics', () => {
  const all = topicSettings('', 4).map((topic) => ({ ...topic, retentionBytes: -1 }));
  it.each([
    ['are right', all, 'ok', undefined],
    ['are missing', all.slice(3), 'attention', "npx tipstream topics create --data 'it'\\''s here' --brokers a:9092,b:9092"],
    [
      'are kept too short',
      all.map((topic) => ({ ...topic, retentionMs: 1 })),
      'attention',
      expect.stringContaining('topics check') as string,
    ],
    ['differ', [{ ...all[0]!, partitions: 3 }, ...all.slice(1)], 'attention', expect.stringContaining('topics check') as string],
    ['may not be described', all.map((topic) => ({ ...topic, retentionMs: null })), 'could_not_tell', expect.any(String) as string],
  ])('%s', (_, found, status, next) => {
    expect(topicsCheck(kafka, found)).toMatchObject({ status, ...(next === undefined ? {} : { next }) });
  });
});

describe('the partitions', () => {
  const facts = (over: Partial<PartitionFacts> = {}): PartitionFacts => ({
    partitions: 4,
    readable: [0, 1, 2, 3],
    unreadable: new Map(),
    stopped: new Map(),
    silent: new Map(),
    running: true,
    owner: { pid: 7, started_at_ms: 0, http: null },
    held: new Set(),
    ...over,
  });
  const damaged = new TipstreamError('state_corrupt', 'it is damaged');
  it.each([
    ['all run', facts(), 'ok', 'process 7 runs; state of 4 of 4 partitions'],
    ['nothing runs', facts({ running: false }), 'attention', 'state of 4 of 4 partitions, and no process runs here'],
    ['nothing ever ran', facts({ running: false, readable: [] }), 'attention', 'no state yet, and no process runs here'],
    [
      'one stopped',
      facts({
        stopped: new Map([
          [2, { code: 'disk_full', message: 'the disk is full' }],
          [3, { code: 'x', message: 'y' }],
        ]),
      }),
      'attention',
      'partition 2 stopped (and 1 more): the disk is full [disk_full]',
    ],
    [
      'nothing comes of one',
      facts({ silent: new Map([[1, 'a record of tip.served waits for schema id 1']]) }),
      'attention',
      'nothing comes of partition 1: a record of tip.served waits for schema id 1',
    ],
    ['its note is not there', facts({ owner: undefined }), 'ok', /^a process runs; /],
    ['one is damaged', facts({ readable: [0, 1, 2], unreadable: new Map([[3, damaged]]) }), 'attention', 'it is damaged [state_corrupt]'],
    ['others have the rest', facts({ readable: [0, 1], held: new Set([2, 3]) }), 'ok', /other members have the others$/],
    ['nobody has one', facts({ readable: [0, 1], held: new Set([2]) }), 'attention', 'process 7 runs; nobody has partition 3'],
    ['the group does not answer', facts({ readable: [0], held: undefined }), 'could_not_tell', /the group could not be asked$/],
    [
      'it is the state of another log',
      facts({ refused: new TipstreamError('state_mismatch', 'another log') }),
      'attention',
      'another log [state_mismatch]',
    ],
  ])('%s', (_, seen, status, summary) => {
    const check = partitionsCheck(embedded, seen);
    expect(check.status).toBe(status);
    expect(check.summary).toMatch(summary);
    expect(check.next === undefined).toBe(status !== 'attention');
  });
});

describe('lag', () => {
  const row = (over: Partial<LagRow> = {}) =>
    ({ topic: 't', partition: 0, lag_records: 0, lag_seconds: 0, status: 'ok', rule: 'r', reason: 'R', ...over }) as LagRow;
  const waits = { lag_records: 5, lag_seconds: 60 };
  it.each([
    ['nothing waits', [row()], 'ok', 'nothing waits'],
    [
      'little waits',
      [row({ ...waits, lag_seconds: 1, rule: 'lag_seconds 1 <= 5' })],
      'ok',
      /^5 records wait, the oldest 1 s old: lag_seconds 1 <= 5$/,
    ],
    ['much waits', [row(), row({ ...waits, status: 'warn', rule: 'lag_seconds 60 > 5' })], 'attention', /WARN t\/0: lag_seconds 60 > 5$/],
    ['nothing runs, and nothing waits', [row({ status: 'stop', rule: NOT_RUNNING })], 'ok', 'nothing waits'],
    ['nothing runs, and something waits', [row({ ...waits, status: 'stop', rule: NOT_RUNNING })], 'attention', /STOP/],
    ['no state, and something waits', [row({ ...waits, status: 'unassigned' })], 'attention', /UNASSIGNED/],
    ['others have it', [row({ ...waits, status: 'unassigned', partition: 9 })], 'ok', 'nothing waits'],
    [
      'a transaction is open',
      [row({ lag_records: 3, lag_seconds: null, status: 'held' })],
      'attention',
      '3 records wait, of unknown age; HELD t/0: r',
    ],
  ])('%s', (_, rows, status, summary) => {
    const check = lagCheck(embedded, rows, new Set([9]));
    expect(check.status).toBe(status);
    expect(check.summary).toMatch(summary);
    expect(check.next === undefined).toBe(status !== 'attention');
  });
});

describe('dead letters', () => {
  const group = (records: number, code: string | null, ageMs: number): LetterGroup => ({
    topic: 'tip.served',
    code,
    records,
    oldest_failed_at_ms: NOW - ageMs,
    newest_failed_at_ms: NOW - ageMs,
  });
  it.each([
    ['none', [], true, 'ok', 'none'],
    ['none that could be read', [], false, 'could_not_tell', /in time/],
    [
      'new ones',
      [group(2, 'invalid_event', 60_000), group(1, 'invalid_json', 1e9)],
      true,
      'attention',
      /^3 refused .*\(2 invalid_event, 1 invalid_json\).* 60 s ago$/,
    ],
    ['old ones', [group(2, null, NEW_FOR_MS)], true, 'ok', /2 unknown/],
    ['more than could be read', [group(2, 'a', 5)], false, 'attention', /^at least 2/],
  ])('%s', (_, groups, isWhole, status, summary) => {
    const check = deadLettersCheck(embedded, { groups, isWhole, nowMs: NOW });
    expect(check).toMatchObject({ status, summary: expect.stringMatching(summary) as string });
  });
});

describe('the policy', () => {
  const base = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
  const promote = { control_id: 'p', type: 'promote', policy: 'egreedy-v2', percent: 10, effective_at_ms: NOW - 1 } as never;
  const configure = { control_id: 'c', type: 'configure', settings: { shadow: 'egreedy-v2' }, effective_at_ms: NOW - 1 } as never;
  it.each([
    ['the first', [], base, 'egreedy-v1 is live for everybody; no shadow'],
    ['two', [promote], base, 'egreedy-v2 is live for 10 %, egreedy-v1 is live for 90 %; no shadow'],
    ['a shadow by control', [configure], { ...base, shadow: undefined }, /egreedy-v2 in the shadow$/],
    ['a shadow that nobody noted', [], { ...base, shadow: undefined }, /what start was given$/],
  ])('%s', (_, controls, settings, summary) => {
    expect(policyCheck({ controls, base: settings, nowMs: NOW })).toMatchObject({
      status: 'ok',
      summary: expect.stringMatching(summary) as string,
    });
  });
  it('without state it cannot be told', () => {
    expect(policyCheck({ controls: undefined, base, nowMs: NOW }).status).toBe('could_not_tell');
  });
});

describe('verified', () => {
  const note: Verified = {
    verified_at_ms: NOW - 3 * 3_600_000,
    outcome: 'equal',
    as_of_ms: NOW,
    generation: 'gen-000001',
    positions: { t: { 0: 5, 1: 7 } },
    partitions_missing: [],
    sample_users: null,
    verified_users: 84,
    difference_count: 0,
    could_not_tell_count: 0,
  };
  const at = (...offsets: number[]) => new Map(offsets.map((offset, partition) => [partition, new Map([['t', offset]])]));
  it.each([
    ['never', undefined, at(5, 7), 'could_not_tell', 'never verified here'],
    ['nothing to verify', undefined, at(), 'could_not_tell', 'there is no state to verify'],
    ['just so', note, at(5, 7), 'ok', 'equal in 84 users, 3 h ago; nothing was applied since'],
    ['moved on', note, at(6, 1_207), 'ok', /1,201 records were applied since$/],
    [
      'a part',
      { ...note, sample_users: 10, verified_users: 10, partitions_missing: [2] },
      at(5, 7),
      'ok',
      /a sample of 10 users, without 1 partition/,
    ],
    ['not all could be told', { ...note, could_not_tell_count: 1 }, at(5, 7), 'ok', /1 thing could not be told/],
    ['differs', { ...note, outcome: 'differs' as const, difference_count: 2 }, at(5, 7), 'attention', /^2 differences in 84 users/],
    ['older', note, at(5, 6), 'could_not_tell', /older than what was verified 3 h ago/],
    ['made anew', { ...note, generation: 'gen-000000' }, at(5, 7), 'could_not_tell', /was rebuilt since/],
  ])('%s', (_, seen, applied, status, summary) => {
    const check = verifiedCheck(embedded, { note: seen, generation: 'gen-000001', applied, nowMs: NOW });
    expect(check.status).toBe(status);
    expect(check.summary).toMatch(summary);
  });
});

describe('the disk', () => {
  it.each([
    ['enough', LEAST_FREE_BYTES, 10, 'ok'],
    ['less than the bound', LEAST_FREE_BYTES - 1, 10, 'attention'],
    ['less than the state takes', 3 * LEAST_FREE_BYTES, 4 * LEAST_FREE_BYTES, 'attention'],
  ])('%s', (_, freeBytes, stateBytes, status) => {
    expect(diskCheck({ freeBytes, stateBytes, logBytes: null })).toMatchObject({ status, free_bytes: freeBytes, log_bytes: null });
  });
});

describe('the verdict', () => {
  const check = (name: string, status: Check['status']): Check => ({ name, status, summary: '' });
  it.each([
    [['ok', 'ok'], 'ok'],
    [['ok', 'could_not_tell'], 'could_not_tell'],
    [['could_not_tell', 'attention'], 'attention'],
  ] as const)('of %j', (statuses, verdict) => {
    expect(verdictOf(statuses.map((status) => check('lag', status)))).toBe(verdict);
  });
  it('is none of a state that was never verified, unless it differs', () => {
    expect(verdictOf([check('verified', 'could_not_tell')])).toBe('ok');
    expect(verdictOf([check('verified', 'attention')])).toBe('attention');
  });
});

it('texts', () => {
  expect([0, 119_999, 120_000, 7_199_000, 7_200_000, 172_800_000].map(ageText)).toEqual([
    '0 s',
    '2 min',
    '2 min',
    '119 min',
    '2 h',
    '2 days',
  ]);
  expect([0, 1023, 1536, 150 * 1024, 2 ** 40 * 2048].map(bytesText)).toEqual(['0 B', '1023 B', '1.5 KiB', '150 KiB', '2048 TiB']);
  expect(nextCommand('verify', embedded)).toBe('npx tipstream verify');
});
