/**
 * Being forgotten, on random histories: events of several users on all topics, and in between users who are forgotten, some twice and
 * some who were never there. Whatever the order in which the topics come - each in its own, and what lies beyond a forgetting after
 * it - the state is that of a log that never had what was forgotten. A replay of the whole log gives it too.
 */
import fc from 'fast-check';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BatchProcessor } from '../../../src/consumers/fold/batch-processor.js';
import { userDigest } from '../../../src/events/user-digest.js';
import { partitionFunction } from '../../../src/log/partitioner.js';
import type { LogRecord } from '../../../src/log/port.js';
import { forgottenRecord } from '../../../src/producer/forgotten-record.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { CONSUMED_TOPICS, FORGOTTEN_TOPIC, type CandidatesEvent, type ConsumedTopic } from '../../../src/topics.js';
import { digestDocument } from '../../../src/store/queries/profiles.js';
import { PartitionReader } from '../../../src/store/queries/partition-reader.js';
import { oracleDigest, oracleProfiles, type OracleEvent } from '../../oracle/profile.js';
import { recordsAround } from '../../support/prune-history.js';
import { newDirectory, runs, RUNS_WITHIN_MS } from '../../support/embedded/directory.js';
import { numbersFrom } from '../../support/embedded/scenario.js';
import { stateContents } from '../../support/state-contents.js';

const NOW_MS = 200 * 86_400_000;
const USERS = ['a', 'b', 'B', '\uffff', '\u{1f600}', '-dash'];
const TOPICS: readonly ConsumedTopic[] = [
  FORGOTTEN_TOPIC,
  'policy.control',
  'tip.served',
  'tip.feedback',
  'tip.scored',
  'tip.scored.shadow',
];

type Planned = { readonly topic: string; readonly key: Buffer | null; readonly value: Buffer | null };

interface Forget {
  readonly digest: string;
  readonly cut: Readonly<Record<string, number>>;
}
interface Entry {
  readonly record: LogRecord;
  /** Of a record of user.forgotten. */
  readonly forget?: Forget;
}

const step = fc.oneof(
  { weight: 3, arbitrary: recordsAround(NOW_MS).map((records) => ({ records: records.slice(0, 12), user: undefined })) },
  { weight: 2, arbitrary: fc.constantFrom(...USERS).map((user) => ({ records: [], user })) },
);
const scenario = fc.record({
  steps: fc.array(step, { minLength: 2, maxLength: 12 }),
  seed: fc.integer(),
  batch: fc.integer({ min: 1, max: 30 }),
});

let passedOver = 0;
afterAll(() => expect(passedOver, 'nothing was ever forgotten: the test shows nothing').toBeGreaterThan(0));

describe('a user who was forgotten', () => {
  it(
    'is not in the state, in whatever order the topics come, and what comes later starts from nothing',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ steps, seed, batch }) => {
          const lanes = written(steps);
          const directory = newDirectory();
          mkdirSync(directory, { recursive: true });
          const interleaved = fold(join(directory, 'live.db'), inSomeOrder(lanes, numbersFrom(seed)), batch);
          const replayed = fold(
            join(directory, 'replay.db'),
            TOPICS.flatMap((topic) => lanes.get(topic)!),
            batch,
          );
          const naive = TOPICS.filter((topic) => topic !== FORGOTTEN_TOPIC).flatMap((topic) =>
            lanes.get(topic)!.filter((entry) => !isForgotten(entry, lanes)),
          );
          passedOver +=
            TOPICS.reduce((sum, topic) => sum + lanes.get(topic)!.length, 0) - naive.length - lanes.get(FORGOTTEN_TOPIC)!.length;
          const without = fold(join(directory, 'without.db'), naive, batch);
          expect(withoutPositions(interleaved)).toEqual(withoutPositions(without));
          expect(withoutPositions(replayed)).toEqual(withoutPositions(without));
          const events = naive.filter(({ record }) => record.topic === 'tip.served' || record.topic === 'tip.feedback');
          const oracle = events.map(({ record }) => ({ topic: record.topic, value: JSON.parse(String(record.value)) }) as OracleEvent);
          for (const asOfMs of [NOW_MS, NOW_MS - 20 * 86_400_000])
            expect(digestOf(interleaved, asOfMs)).toBe(oracleDigest(oracleProfiles(oracle, asOfMs)));
          rmSync(directory, { recursive: true });
        }),
        { numRuns: runs(25) },
      );
    },
    RUNS_WITHIN_MS,
  );
});

/** What producers write, topic by topic; each forgetting with the ends of its moment. */
function written(steps: readonly { readonly records: readonly Planned[]; readonly user: string | undefined }[]) {
  const lanes = new Map<string, Entry[]>(TOPICS.map((topic) => [topic, []]));
  const put = (record: Planned, forget?: Forget) => {
    const lane = lanes.get(record.topic)!;
    lane.push({ record: { ...record, partition: 0, offset: lane.length, timestampMs: NOW_MS, headers: [] }, ...(forget && { forget }) });
  };
  for (const [at, { records, user }] of steps.entries()) {
    for (const record of records) for (const each of decided(record, at)) if (lanes.has(each.topic)) put(each);
    if (user === undefined) continue;
    const positions = Object.fromEntries(
      TOPICS.filter((topic) => topic !== FORGOTTEN_TOPIC).map((topic) => [topic, lanes.get(topic)!.length]),
    );
    const digest = userDigest(user);
    const { key, value, topic } = forgottenRecord('', 0, { forget_id: `f${at}`, user_digest: digest, forgotten_at_ms: NOW_MS, positions });
    put({ topic, key, value }, { digest, cut: positions });
  }
  return lanes;
}

/** Requests as their answers, and some users reset. */
function decided(record: Planned, at: number): Planned[] {
  if (record.topic !== 'tip.candidates') return [record];
  const { user_id, decision_id, requested_at_ms, candidates } = JSON.parse(String(record.value)) as CandidatesEvent;
  const scored = {
    ...{ decision_id, user_id, policy: 'egreedy-v1', scored_at_ms: requested_at_ms, epsilon: 0.1, explored: false },
    chosen_tip_id: candidates[0]!.tip_id,
    ranking: candidates.map(({ tip_id }) => ({ tip_id, score: 0, propensity: 1 / candidates.length })),
    features: { names: [], vectors: Object.fromEntries(candidates.map(({ tip_id }, i) => [tip_id, [1, i / 4096, 0, 0, 0, 0, 0]])) },
    ...{ model: { updates: 0, theta: [] }, salt: '0', feature_set: 'by-hand', input: null, positions: {} },
    profile: { as_of_ms: requested_at_ms, features: {} },
  };
  const reset = { control_id: `r-${user_id}-${at}`, type: 'reset', user_id, effective_at_ms: requested_at_ms };
  const as = (topic: string, event: object) => ({ topic, key: record.key, value: Buffer.from(JSON.stringify(event)) });
  return [as('tip.scored', scored), ...(at % 3 === 0 ? [as('policy.control', reset)] : [])];
}

function isForgotten({ record: { topic, key, offset } }: Entry, lanes: ReadonlyMap<string, Entry[]>): boolean {
  return lanes.get(FORGOTTEN_TOPIC)!.some(({ forget }) => forget!.digest === userDigest(key!) && offset < (forget!.cut[topic] ?? 0));
}

/** Any order that keeps each topic's own, and takes what lies beyond a forgetting after it. */
function inSomeOrder(lanes: ReadonlyMap<string, Entry[]>, next: () => number): Entry[] {
  const at = new Map(TOPICS.map((topic) => [topic as string, 0]));
  const order: Entry[] = [];
  for (;;) {
    const open = TOPICS.filter((topic) => {
      const entry = lanes.get(topic)![at.get(topic)!];
      if (entry === undefined) return false;
      const coming = lanes.get(FORGOTTEN_TOPIC)!.slice(at.get(FORGOTTEN_TOPIC)!);
      return topic === FORGOTTEN_TOPIC || !coming.some(({ forget }) => entry.record.offset >= forget!.cut[topic]!);
    });
    if (open.length === 0) return order;
    const topic = open[Math.floor(next() * open.length)]!;
    order.push(lanes.get(topic)![at.get(topic)!]!);
    at.set(topic, at.get(topic)! + 1);
  }
}

function fold(path: string, entries: readonly Entry[], batch: number): string {
  const state = new PartitionState(
    path,
    { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
    coreRegistry,
  );
  const processor = new BatchProcessor(
    { state, registry: coreRegistry, topics: [...CONSUMED_TOPICS] },
    {
      topicPrefix: '',
      group: '',
      rules: { partitioner: partitionFunction('murmur2'), partitions: 1, maxValueBytes: 1_048_576 },
      scoring: { livePolicy: 'egreedy-v1', settings: { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: true } },
      publishProfiles: true,
      replay: true,
    },
  );
  for (let from = 0; from < entries.length; from += batch)
    state.transaction(NOW_MS, () => entries.slice(from, from + batch).forEach(({ record }) => processor.apply(record, NOW_MS, [])));
  state.close();
  return path;
}

function withoutPositions(path: string) {
  const { positions: _, sums, ...contents } = stateContents(path);
  // A reward that came and changed leaves sums of nothing, in some orders.
  return { ...contents, sums: sums.filter((row) => !/^.{8}0*$/.test((row as { readonly state: string }).state)) };
}

function digestOf(path: string, asOfMs: number): string {
  const reader = new PartitionReader(path, coreRegistry);
  try {
    return digestDocument(new Map([[0, reader]]), asOfMs, coreRegistry.featureSet).digest;
  } finally {
    reader.close();
  }
}
