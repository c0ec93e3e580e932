/** Events of tips, sessions and signals of a few people, in any order and some of them twice; and the digest that the oracles give. */
import { oracleActivity, type ActivityEvent } from '../oracle/activity.js';
import { oracleDigest, oracleProfiles, type OracleEvent } from '../oracle/profile.js';
import { seededRandom } from './seeded-random.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 8, 1);
export const ACTIVITY = ['--features', 'core,activity'] as const;
/** In the middle of the events, near their end, and when the window has left most of them behind. */
export const TIMES = [START + 20 * DAY, START + 45 * DAY + 12_345, START + 75 * DAY] as const;

export type ActivityLine = OracleEvent | ActivityEvent;

/** Lines as `produce` takes them. */
export function activityLines(seed: number, count = 400): ActivityLine[] {
  const random = seededRandom(seed);
  const integer = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const lines = Array.from({ length: count }, (): ActivityLine => {
    const user_id = `user-${integer(1, 6)}`;
    const at = START + integer(0, 60 * DAY);
    const tip = { user_id, tip_id: `t${integer(1, 80)}` };
    switch (integer(0, 4)) {
      case 0:
        return { topic: 'tip.served', value: { ...tip, served_at_ms: at, category: ['a', 'b'][integer(0, 1)] } };
      case 1: {
        const action = ['done', 'dismiss', 'snooze'][integer(0, 2)]!;
        return { topic: 'tip.feedback', value: { ...tip, action, reacted_at_ms: at, utc_offset_min: integer(-840, 840) } };
      }
      case 2:
        return { topic: 'signal.synced', value: { user_id, source: ['10', '9', 'mail', 'a"b', 'ü'][integer(0, 4)]!, synced_at_ms: at } };
      default: {
        const length = [0, 1, 60_000, 60_001, integer(0, 5_000_000)][integer(0, 4)]!;
        const offset = random() < 0.6 ? { utc_offset_min: integer(-14, 14) * 60 } : {};
        const session = { user_id, session_id: `s${integer(1, 60)}`, started_at_ms: at, ended_at_ms: at + length };
        return { topic: 'app.session', value: { ...session, ...offset } };
      }
    }
  });
  // The same start with another end and offset, and the same event again.
  const again = lines.flatMap((line, i): ActivityLine[] => {
    if (line.topic !== 'app.session' || i % 5 > 0) return i % 20 === 0 ? [line] : [];
    const { value } = line as Extract<ActivityEvent, { topic: 'app.session' }>;
    return [{ topic: 'app.session', value: { ...value, ended_at_ms: value.ended_at_ms + 5, utc_offset_min: i % 2 === 0 ? null : -60 } }];
  });
  return [...lines, ...again];
}

/** Of all known users with the features of both sets, in the form that `digest` documents. */
export function activityDigest(lines: readonly ActivityLine[], asOfMs: number): string {
  const isTip = ({ topic }: ActivityLine) => topic.startsWith('tip.');
  const [tips, rest] = [lines.filter(isTip) as OracleEvent[], lines.filter((line) => !isTip(line)) as ActivityEvent[]];
  const profiles = [...oracleProfiles(tips, asOfMs)];
  return oracleDigest(new Map(profiles.map(([userId, core]) => [userId, { ...core, ...oracleActivity(rest, userId, asOfMs) }])));
}

export const ndjson = (lines: readonly ActivityLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
