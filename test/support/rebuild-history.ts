/** A stopped service with a history worth rebuilding, and what a rebuild must leave as it was. */
import { CORE_TOPICS, deadLetterTopic, TOPIC_NAMES, TOPICS } from '../../src/topics.js';
import { embeddedService } from './embedded/directory.js';
import type { EmbeddedService } from './embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from './embedded/traffic.js';
import { stateContents, pendingWork } from './state-contents.js';

export const NOW = TRAFFIC_AS_OF_MS;
export const DAY = 86_400_000;
export const SETTINGS = { shadow: 'egreedy-v2', shadowLearning: true } as const;
/** All topics. */
export const EVERYTHING = [...TOPIC_NAMES.filter((name) => TOPICS[name].folds !== 'rows'), ...CORE_TOPICS.map(deadLetterTopic)];
/** The user's uid, as SQL. */
export const userRow = (userId: string) => `(SELECT uid FROM user WHERE user_id = '${userId}')`;

/** Busy traffic, with rewarded decisions of user-0 to user-11, applied; the service is stopped. */
export async function withHistory(events = traffic(7)): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock: () => NOW, settings: SETTINGS });
  const at = NOW - DAY;
  const learners = Array.from({ length: 12 }, (_, i) => ({ user_id: `user-${i}`, tip_id: `learned-${i}` }));
  await embedded.produce(
    'tip.candidates',
    ...learners.map(({ user_id, tip_id }) => ({
      user_id,
      decision_id: `learned-${user_id}`,
      requested_at_ms: at,
      candidates: [{ tip_id, is_overdue: true, task_age_days: 3, priority: 4 }],
    })),
  );
  await embedded.produce('tip.served', ...learners.map((tip) => ({ ...tip, decision_id: `learned-${tip.user_id}`, served_at_ms: at + 1 })));
  await embedded.produce(
    'tip.feedback',
    ...learners.map((tip, i) => ({ ...tip, action: i % 3 === 0 ? 'dismiss' : 'done', reacted_at_ms: at + 60_000 })),
  );
  await embedded.append(...events.next(800));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

/** A request to score, from late in the traffic. */
export const request = (i: number) => ({
  decision_id: `late-${i}`,
  user_id: `user-${i % 40}`,
  requested_at_ms: NOW,
  candidates: [
    { tip_id: 'x', is_overdue: false, task_age_days: 1, priority: 2 },
    { tip_id: 'y', is_overdue: true, task_age_days: 2, priority: 3 },
  ],
});

/** The decisions in tip.scored, by id. */
export async function answersOf(embedded: EmbeddedService): Promise<string[]> {
  return (await embedded.scored()).map(({ decision_id }) => decision_id).sort();
}

/** topic/partition/offset of every record that has a dead letter. */
export async function deadLetters(embedded: EmbeddedService): Promise<string[]> {
  const letters = (await Promise.all(CORE_TOPICS.map((topic) => embedded.records(deadLetterTopic(topic))))).flat();
  const header = (headers: readonly (readonly [string, Buffer | null])[], name: string) =>
    headers.find(([found]) => found === `__dlq.errors.${name}`)![1]!.toString();
  return letters.map(({ headers }) => ['topic', 'partition', 'offset'].map((name) => header(headers, name)).join('/')).sort();
}

/** The whole of the live generation's files. */
export const liveContents = (embedded: EmbeddedService) =>
  [0, 1].map((partition) => ({ ...stateContents(embedded.statePath(partition)), ...pendingWork(embedded.statePath(partition)) }));
