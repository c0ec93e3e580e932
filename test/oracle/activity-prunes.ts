/**
 * Prunes of sessions and signals the slow and obvious way, as prunes.ts does them of tips: of one partition's events those are kept that no
 * prune took, going through the prunes one after the other. It imports nothing of src.
 */
import type { ActivityEvent } from './activity.js';
import { byCodePoint } from './policy.js';
import type { OraclePrune } from './prunes.js';

export interface StagedActivity {
  topic: string;
  offset: number;
  event: ActivityEvent;
}

export interface ActivityRemains<Staged> {
  events: Staged[];
  /** Of each prune, how many sessions and signals it took. */
  taken: { session: number; signal: number }[];
}

export function oracleActivityRemains<Staged extends StagedActivity>(
  events: readonly Staged[],
  prunes: readonly OraclePrune[],
): ActivityRemains<Staged> {
  let kept: Staged[] = [];
  let coming = [...events];
  const taken: { session: number; signal: number }[] = [];
  for (const prune of prunes) {
    const hasCome = ({ topic, offset }: Staged) => offset < (prune.positions[topic] ?? 0);
    kept = [...kept, ...coming.filter(hasCome)];
    coming = coming.filter((one) => !hasCome(one));
    const mine = kept.filter(
      ({ event: { value } }) =>
        byCodePoint(value.user_id, prune.afterUser) > 0 && (prune.toUser === null || byCodePoint(value.user_id, prune.toUser) <= 0),
    );
    // A session goes when its earliest start and its earliest end are both older; a signal unless it is the newest of those of its source.
    const goes = ({ event }: Staged): boolean => {
      if (event.topic === 'signal.synced') {
        const { user_id: user, source, synced_at_ms: at } = event.value;
        const times = mine.flatMap((other) =>
          other.event.topic === 'signal.synced' && other.event.value.user_id === user && other.event.value.source === source
            ? [other.event.value.synced_at_ms]
            : [],
        );
        return at < Math.max(...times.filter((time) => time < prune.horizonMs), -1);
      }
      const { user_id: user, session_id: id } = event.value;
      const parts = mine.flatMap((other) =>
        other.event.topic === 'app.session' && other.event.value.user_id === user && other.event.value.session_id === id
          ? [other.event.value]
          : [],
      );
      return (
        Math.min(...parts.map((part) => part.started_at_ms)) < prune.horizonMs &&
        Math.min(...parts.map((part) => part.ended_at_ms)) < prune.horizonMs
      );
    };
    const going = mine.filter(goes);
    const names = (topic: ActivityEvent['topic']) =>
      new Set(
        going.flatMap(({ event }) => {
          if (event.topic !== topic) return [];
          const { value } = event;
          return [
            JSON.stringify('source' in value ? [value.user_id, value.source, value.synced_at_ms] : [value.user_id, value.session_id]),
          ];
        }),
      ).size;
    taken.push({ session: names('app.session'), signal: names('signal.synced') });
    kept = kept.filter((one) => !going.includes(one));
  }
  return { events: [...kept, ...coming], taken };
}
