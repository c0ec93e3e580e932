/**
 * Candidates in, decisions out, as an upstream and an independent consumer see them: one append a candidates event, at a steady rate,
 * and a reader of tip.scored on a connection of its own. Every decision is then served, and most are reacted to, so that profiles and
 * policies learn meanwhile.
 */
import type { Log, LogRecord } from '../src/log/port.js';
import type { ScoredEvent } from '../src/topics.js';
import { candidatesOf, feedbackOf, servedOf } from './decisions.js';
import { percentiles, type Percentiles } from './latencies.js';
import { atPace } from './pace.js';

export interface DecisionLoad {
  /** The upstream's and the consumer's. */
  readonly writing: Log;
  readonly reading: Log;
  readonly prefix: string;
  readonly users: readonly string[];
  readonly perSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly name: string;
}

const ANSWERED_WITHIN_MS = 30_000;

/** From before the append of the candidates to the arrival of their decision, without those of the warm-up. */
export async function decisionLoad(load: DecisionLoad, afterWarmUp: () => void = () => undefined): Promise<Percentiles> {
  const { writing, prefix, users, perSecond, name } = load;
  const askedMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  let measuring = false;
  let answered = () => undefined as void;
  const append = (topic: string, event: { readonly user_id: string }) =>
    writing.append([{ topic: prefix + topic, key: Buffer.from(event.user_id), value: Buffer.from(JSON.stringify(event)) }]);
  const following: Promise<unknown>[] = [];

  const stop = await follow(load, (record) => {
    const arrivedMs = performance.now();
    const scored = JSON.parse(record.value!.toString()) as ScoredEvent;
    const asked = askedMs.get(scored.decision_id);
    if (asked === undefined) return;
    askedMs.delete(scored.decision_id);
    if (measuring) latenciesMs.push(arrivedMs - asked);
    if (askedMs.size === 0) answered();
    following.push(append('tip.served', servedOf(scored, Date.now())));
    const feedback = feedbackOf(scored, Date.now());
    if (feedback !== undefined) following.push(append('tip.feedback', feedback));
  });
  const ask = (stage: string) => (index: number) => {
    const event = candidatesOf(users[(index * 6_007) % users.length]!, `${name}-${stage}-${index}`, Date.now());
    askedMs.set(event.decision_id, performance.now());
    return append('tip.candidates', event);
  };
  const allAnswered = async () => {
    if (askedMs.size === 0) return;
    const late = setTimeout(() => answered(), ANSWERED_WITHIN_MS);
    await new Promise<void>((resolve) => (answered = resolve));
    clearTimeout(late);
    if (askedMs.size > 0) throw new Error(`${askedMs.size} candidates events were not answered within ${ANSWERED_WITHIN_MS} ms`);
  };
  try {
    await atPace({ perSecond, seconds: load.warmUpSeconds }, ask('warm-up'));
    await allAnswered();
    measuring = true;
    afterWarmUp();
    await atPace({ perSecond, seconds: load.seconds }, ask('measured'));
    await allAnswered();
    await Promise.all(following);
    return percentiles(latenciesMs);
  } finally {
    await stop();
  }
}

/** Reads every partition of tip.scored from its end on; answers how to stop. */
async function follow({ reading, prefix }: DecisionLoad, take: (record: LogRecord) => void): Promise<() => Promise<void>> {
  const topic = `${prefix}tip.scored`;
  const ended = new AbortController();
  const readers = [...(await reading.offsets(topic))].map(async ([partition, { end }]) => {
    for await (const records of reading.read({ topic, partition, from: end, signal: ended.signal }))
      for (const record of records) take(record);
  });
  return async () => {
    ended.abort();
    await Promise.allSettled(readers);
  };
}
