/** Runs kafkajs-baseline.mjs: what consuming and JSON.parse alone cost. */
import { fileURLToPath } from 'node:url';
import { startNode, type Usage } from './measured-process.js';

export interface Baseline extends Usage {
  readonly events: number;
  /** From the group joined to the last record parsed. */
  readonly tookMs: number;
  readonly fromFirstBatchMs: number;
}

const SCRIPT = fileURLToPath(new URL('./kafkajs-baseline.mjs', import.meta.url));

/** `nodeFlags`, because kafkajs gains a fifth from a larger young generation. */
export async function kafkajsBaseline(
  brokers: string,
  topics: readonly string[],
  events: number,
  nodeFlags: readonly string[] = [],
): Promise<Baseline> {
  const running = await startNode([...nodeFlags, SCRIPT], {
    BENCH_BROKERS: brokers,
    BENCH_TOPICS: topics.join(','),
    BENCH_EVENTS: String(events),
  });
  const { stdout, usage } = await running.finished;
  const {
    took_ms: tookMs,
    from_first_batch_ms: fromFirstBatchMs,
    events: counted,
  } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>;
  return { events: counted!, tookMs: tookMs!, fromFirstBatchMs: fromFirstBatchMs!, ...usage };
}
