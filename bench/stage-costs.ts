/**
 * What a record costs, stage by stage, in one thread: reading it from the log, decoding it, folding it in memory, and doing all that
 * through the state file. CPU time and not wall time, so that whoever else uses the machine changes it little. The fold in memory
 * keeps everything in maps and writes nothing; what the state file adds is the whole batch less decoding and folding.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRecord, type DecodeRules } from '../src/events/decode.js';
import type { Log, LogRecord } from '../src/log/port.js';
import { applyTipChange, createAggregate, type Aggregate } from '../src/projections/aggregate.js';
import { defaultRegistry } from '../src/projections/registry.js';
import { foldFeedback, foldServed, NO_TIP, type TipState } from '../src/projections/tip.js';
import { fullTopicName, type FeedbackEvent, type ServedEvent } from '../src/topics.js';
import { LoneFold, rulesOf } from './lone-fold.js';

/** Microseconds of CPU per record. */
export interface StageCosts {
  readonly read: number;
  readonly decode: number;
  readonly fold: number;
  readonly stateFile: number;
  readonly records: number;
}

type Decoded = { readonly served: ServedEvent } | { readonly feedback: FeedbackEvent };

const BATCH_RECORDS = 20_000;

/** Measures on the last of the log's partitions; the first is run before it, to warm up the compiler. */
export async function stageCosts(log: Log, prefix: string, partitions: number): Promise<StageCosts> {
  await stagesOf(log, prefix, partitions, 0);
  return stagesOf(log, prefix, partitions, partitions - 1);
}

async function stagesOf(log: Log, prefix: string, partitions: number, partition: number): Promise<StageCosts> {
  const rules = rulesOf(partitions);
  const served = fullTopicName(prefix, 'tip.served');
  const topics = [served, fullTopicName(prefix, 'tip.feedback')];
  const [read, records] = await cpuOf(() => readAll(log, topics, partition));
  records.sort((a, b) => a.timestampMs - b.timestampMs);
  const [decode, events] = await cpuOf(() => records.map((record) => decoded(record, record.topic === served, rules)));
  const [fold] = await cpuOf(() => foldInMemory(events));
  const [whole] = await cpuOf(() => foldIntoFile(records, prefix, partition, rules));
  const each = (seconds: number) => Math.round((seconds * 1e8) / records.length) / 100;
  return {
    read: each(read),
    decode: each(decode),
    fold: each(fold),
    stateFile: each(Math.max(0, whole - decode - fold)),
    records: records.length,
  };
}

async function cpuOf<T>(work: () => T | Promise<T>): Promise<[seconds: number, result: T]> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1e6, result];
}

async function readAll(log: Log, topics: readonly string[], partition: number): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for (const topic of topics) {
    const { low, end } = (await log.offsets(topic)).get(partition)!;
    for await (const records of log.read({ topic, partition, from: low, to: end })) for (const record of records) found.push(record);
  }
  return found;
}

function decoded(record: LogRecord, isServed: boolean, rules: DecodeRules): Decoded {
  const event = isServed ? decodeRecord('tip.served', record, rules) : decodeRecord('tip.feedback', record, rules);
  if (!event.ok) throw new Error(event.rejection.message);
  return isServed ? { served: event.event as ServedEvent } : { feedback: event.event as FeedbackEvent };
}

function foldInMemory(events: readonly Decoded[]): number {
  const users = new Map<string, { readonly aggregate: Aggregate; readonly tips: Map<string, TipState> }>();
  const nowMs = Date.now();
  for (const event of events) {
    const { user_id: userId, tip_id: tipId } = 'served' in event ? event.served : event.feedback;
    let user = users.get(userId);
    if (user === undefined) users.set(userId, (user = { aggregate: createAggregate(), tips: new Map() }));
    const before = user.tips.get(tipId) ?? NO_TIP;
    const after = 'served' in event ? foldServed(before, event.served) : foldFeedback(before, event.feedback);
    if (after === before) continue;
    user.tips.set(tipId, after);
    applyTipChange(defaultRegistry, user.aggregate, before, after, nowMs);
  }
  return users.size;
}

async function foldIntoFile(records: readonly LogRecord[], topicPrefix: string, partition: number, rules: DecodeRules): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tipstream-bench-stages-'));
  const lone = new LoneFold(join(folder, 'state.db'), topicPrefix, partition, rules);
  for (let at = 0; at < records.length; at += BATCH_RECORDS) lone.fold(records.slice(at, at + BATCH_RECORDS));
  lone.close();
  await rm(folder, { recursive: true, force: true });
}
