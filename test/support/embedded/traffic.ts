/** A busy stream of valid and refused events on a data directory's log, and what it must come to; the same for the same seed. */
import type { NewRecord } from '../../../src/log/port.js';
import { recordOf } from './service.js';
import { numbersFrom } from './scenario.js';

const HOUR_MS = 3_600_000;
export const TRAFFIC_START_MS = 1_700_000_000_000;
/** Some of the traffic lies before the window of this time, some after it. */
export const TRAFFIC_AS_OF_MS = TRAFFIC_START_MS + 40 * 24 * HOUR_MS;

export interface Traffic {
  /** The next `count` records. */
  next(count: number): NewRecord[];
}

export function traffic(seed: number, users = 40): Traffic {
  const number = numbersFrom(seed);
  const pick = (below: number) => Math.floor(number() * below);
  let made = 0;
  const one = (): NewRecord => {
    const user_id = `user-${pick(users)}`;
    const at = TRAFFIC_START_MS + pick(45 * 24) * HOUR_MS;
    const tip_id = `tip-${pick(60)}`;
    switch (pick(10)) {
      case 0:
        return recordOf('tip.candidates', {
          decision_id: `decision-${made++}`,
          user_id,
          requested_at_ms: at,
          candidates: [0, 1, 2].map((i) => ({
            tip_id: `tip-${(made + 7 * i) % 60}`,
            is_overdue: i === 1,
            task_age_days: pick(30),
            priority: 1 + pick(4),
          })),
        });
      case 1:
        return made % 3 === 0
          ? { topic: 'tip.feedback', key: Buffer.from(user_id), value: Buffer.from('not json') }
          : recordOf('tip.served', { user_id, tip_id, served_at_ms: -1 });
      case 2:
      case 3:
      case 4:
      case 5:
        return recordOf('tip.served', {
          user_id,
          tip_id,
          served_at_ms: at,
          decision_id: `decision-${pick(made + 1)}`,
          category: `category-${pick(5)}`,
        });
      default:
        return recordOf('tip.feedback', {
          user_id,
          tip_id,
          action: ['done', 'dismiss', 'snooze'][pick(3)],
          reacted_at_ms: at + pick(200) * HOUR_MS,
          utc_offset_min: 60 * pick(5),
        });
    }
  };
  return { next: (count) => Array.from({ length: count }, one) };
}

/** Sessions and signals of the same users in the same time, some refused: ids come again, so that events meet in one row. */
export function activityTraffic(seed: number, users = 40): Traffic {
  const number = numbersFrom(seed + 77_777);
  const pick = (below: number) => Math.floor(number() * below);
  const one = (): NewRecord => {
    const user_id = `user-${pick(users)}`;
    const at = TRAFFIC_START_MS + pick(45 * 24) * HOUR_MS;
    const kind = pick(12);
    if (kind < 4) return recordOf('signal.synced', { user_id, source: `source-${pick(3)}`, synced_at_ms: at });
    const session_id = `${kind === 4 ? 'refused' : 'session'}-${pick(6)}`;
    const ended_at_ms = kind === 4 ? at - 1 : at + pick(120) * 60_000;
    return recordOf('app.session', { user_id, session_id, started_at_ms: at, ended_at_ms, utc_offset_min: 60 * pick(5) });
  };
  return { next: (count) => Array.from({ length: count }, one) };
}
