/** Servings at a steady rate, as an upstream sends them that batches for ten milliseconds: what is folded beside a measurement. */
import type { Log } from '../src/log/port.js';
import type { ServedEvent } from '../src/topics.js';
import { atPace } from './pace.js';

export interface FoldLoad {
  readonly log: Log;
  readonly prefix: string;
  readonly users: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  readonly name: string;
}

const APPENDS_PER_SECOND = 100;

export function foldLoad({ log, prefix, users, perSecond, seconds, name }: FoldLoad): Promise<void> {
  const each = Math.round(perSecond / APPENDS_PER_SECOND);
  return atPace({ perSecond: APPENDS_PER_SECOND, seconds }, (index) => {
    const servedAtMs = Date.now();
    const events = Array.from({ length: each }, (_, i): ServedEvent => {
      const number = index * each + i;
      return { tip_id: `${name}-${number}`, user_id: users[(number * 6_011) % users.length]!, served_at_ms: servedAtMs, category: 'home' };
    });
    const topic = `${prefix}tip.served`;
    return log.append(events.map((event) => ({ topic, key: Buffer.from(event.user_id), value: Buffer.from(JSON.stringify(event)) })));
  });
}
