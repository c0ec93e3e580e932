/**
 * A data directory in which users have four weeks of decisions behind them, each policy live for an equal part, made by the service itself:
 * candidates from the past are appended, with promotes that make one policy live after the other; what it decides is served and
 * reacted to before the next is asked for. So every user has a profile and has taught every policy, and decisions were made with what
 * had been learned.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTopics } from '../src/log/ensure-topics.js';
import type { Log } from '../src/log/port.js';
import { openSqliteLog } from '../src/log/sqlite/index.js';
import { DEFAULT_POLICY, POLICIES } from '../src/policies/registry.js';
import { createProducer, type OutgoingEvent, type TipProducer } from '../src/producer/producer.js';
import type { ScoredEvent } from '../src/topics.js';
import { closedAfter } from './closed-after.js';
import { candidatesOf, feedbackOf, servedOf } from './decisions.js';
import { userIdOf } from './events.js';
import { startService, type Service } from './service.js';

export interface DecisionHistory {
  readonly data: string;
  readonly users: readonly string[];
  readonly decisions: number;
  /** Options that point the service here. */
  readonly args: readonly string[];
  remove(): Promise<void>;
}

export interface HistorySize {
  /** Rounded to whole users, of DECISIONS_PER_USER each. */
  readonly decisions: number;
  /** Of each decision. */
  readonly candidates: number;
  readonly partitions: number;
}

/** In the order in which they are live; the default policy is the last, and live still when the history is over. */
const REIGNS = [...POLICIES.map(({ name }) => name).filter((name) => name !== DEFAULT_POLICY), DEFAULT_POLICY];
const HISTORY_MS = 28 * 86_400_000;
const REIGN_MS = HISTORY_MS / REIGNS.length;
const ROUNDS_A_REIGN = 10;
const DECISIONS_PER_USER = REIGNS.length * ROUNDS_A_REIGN;
const ROUND_MS = REIGN_MS / ROUNDS_A_REIGN;
const SERVED_AFTER_MS = 1_000;
const REACTED_AFTER_MS = 60_000;
const EVENTS_PER_CALL = 1_000;
const LOOK_EVERY_MS = 20;
const SETTLED_WITHIN_MS = 120_000;

export async function decisionHistory({ decisions, candidates, partitions }: HistorySize): Promise<DecisionHistory> {
  const data = await mkdtemp(join(tmpdir(), 'tipstream-bench-decisions-'));
  const removeNow = () => rmSync(data, { recursive: true, force: true });
  process.once('exit', removeNow);
  const remove = async () => {
    await rm(data, { recursive: true, force: true });
    process.removeListener('exit', removeNow);
  };
  const args = ['--log', 'sqlite', '--data', data];
  const users = Array.from({ length: Math.max(1, Math.round(decisions / DECISIONS_PER_USER)) }, (_, index) => userIdOf(index));
  try {
    // The events are made again if the machine goes down, so filling need not wait for the disk.
    const log = await openSqliteLog({ directory: data, synchronous: 'normal' });
    try {
      await ensureTopics(log, { prefix: '', partitions, partitionsGiven: true });
      // Which of two policies earns more is chance here, and the guardrail must not act on it while the history is made.
      const service = await startService([...args, '--no-guardrail', '--max-task-idle-ms', '1']);
      await closedAfter(live(log, service, users, candidates), () => service.stop());
    } finally {
      await log.close();
    }
    return { data, users, decisions: users.length * DECISIONS_PER_USER, args, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function live(log: Log, service: Service, users: readonly string[], candidates: number): Promise<void> {
  const producer = createProducer(log);
  const startMs = Date.now() - HISTORY_MS - REACTED_AFTER_MS;
  await append(
    producer,
    REIGNS.map((policy, reign) => controlAt(policy, Math.ceil(startMs + reign * REIGN_MS))),
  );
  for (let round = 0; round < DECISIONS_PER_USER; round++) {
    const before = await log.offsets('tip.scored');
    await append(
      producer,
      users.map((userId, index) => {
        const requestedAtMs = Math.ceil(startMs + round * ROUND_MS) + Math.floor((index / users.length) * (ROUND_MS - REACTED_AFTER_MS));
        return {
          topic: 'tip.candidates',
          event: candidatesOf(userId, `past-${round}-${index}`, requestedAtMs, candidates),
          timestampMs: requestedAtMs,
        };
      }),
    );
    const wanted = ends(before) + users.length;
    await until(async () => ends(await log.offsets('tip.scored')) === wanted);
    await append(producer, await servings(log, before));
    await until(async () => (await service.lag()) === 0);
  }
}

type Offsets = Awaited<ReturnType<Log['offsets']>>;
const ends = (offsets: Offsets): number => [...offsets.values()].reduce((sum, { end }) => sum + end, 0);

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + SETTLED_WITHIN_MS; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error(`the service had not answered and learned within ${SETTLED_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function append(producer: TipProducer, events: readonly OutgoingEvent[]): Promise<void> {
  for (let at = 0; at < events.length; at += EVENTS_PER_CALL) await producer.sendAll(events.slice(at, at + EVENTS_PER_CALL));
}

function controlAt(policy: string, effectiveAtMs: number): OutgoingEvent {
  return {
    topic: 'policy.control',
    event: { control_id: `bench-${policy}`, type: 'promote', effective_at_ms: effectiveAtMs, policy },
    timestampMs: effectiveAtMs,
  };
}

/** Of the decisions since `from`. */
async function servings(log: Log, from: Offsets): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for (const [partition, { end }] of await log.offsets('tip.scored')) {
    for await (const records of log.read({ topic: 'tip.scored', partition, from: from.get(partition)!.end, to: end })) {
      for (const { value } of records) {
        const scored = JSON.parse(value!.toString()) as ScoredEvent;
        const requestedAtMs = scored.profile.as_of_ms;
        events.push({
          topic: 'tip.served',
          event: servedOf(scored, requestedAtMs + SERVED_AFTER_MS),
          timestampMs: requestedAtMs + SERVED_AFTER_MS,
        });
        const feedback = feedbackOf(scored, requestedAtMs + REACTED_AFTER_MS);
        if (feedback !== undefined) events.push({ topic: 'tip.feedback', event: feedback, timestampMs: requestedAtMs + REACTED_AFTER_MS });
      }
    }
  }
  return events;
}
