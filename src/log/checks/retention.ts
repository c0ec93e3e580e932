/**
 * Whether the inputs are kept long enough for a rebuild to give what is there now. Pure: takes what topics are found to be. Nothing is
 * wrong with live state when they are not: it has applied what came. But it can then not be made again, and not be proven.
 */
import type { TopicDescription } from '../port.js';
import { keepingProblems, type TopicProblem } from './topic-settings-check.js';
import { topicSettings } from '../topic-settings.js';
import { CONSUMED_TOPICS, fullTopicName, MIN_INPUT_RETENTION_MS, topicNamed, TOPICS } from '../../topics.js';

export interface InputWarning {
  /** With the prefix. */
  readonly topic: string;
  /** What is found, and what it leads to. */
  readonly message: string;
  /** The command that mends it. */
  readonly hint: string;
  /** false: only requests to score are lost, which a rebuild does not need. */
  readonly rebuild: boolean;
}

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

/** One for each input that is not kept, in the order of `found`; settings that could not be read are not held against a topic. */
export function inputWarnings(prefix: string, found: readonly TopicDescription[]): InputWarning[] {
  const wanted = new Map(topicSettings(prefix, 0, undefined, CONSUMED_TOPICS).map((settings) => [settings.name, settings]));
  return inputsAmong(prefix, found).flatMap((topic) => {
    const problems = keepingProblems(wanted.get(topic.name)!, topic);
    if (problems.length === 0) return [];
    const rebuild = TOPICS[topicNamed(prefix, topic.name)!].rebuiltFrom;
    const effect = rebuild
      ? 'a rebuild would not reproduce the live state'
      : 'requests to score can be lost before they are answered (a rebuild does not need them)';
    return [
      {
        topic: topic.name,
        rebuild,
        message: `${topic.name} ${problems.map(described).join('; it ')}; ${effect}`,
        hint:
          'Keep its records with `kafka-configs --bootstrap-server HOST:PORT --alter --entity-type topics --entity-name ' +
          `${topic.name} --add-config ${problems.map(remedy).join(',')}\`.`,
      },
    ];
  });
}

/** Inputs of which it could not be read how long they are kept. */
export function unreadableInputs(prefix: string, found: readonly TopicDescription[]): string[] {
  return inputsAmong(prefix, found)
    .filter(({ retentionMs, cleanupPolicy }) => retentionMs === null || cleanupPolicy === null)
    .map(({ name }) => name);
}

function inputsAmong(prefix: string, found: readonly TopicDescription[]): TopicDescription[] {
  const inputs = new Set(CONSUMED_TOPICS.map((topic) => fullTopicName(prefix, topic)));
  return found.filter(({ name }) => inputs.has(name));
}

function described({ problem, found }: TopicProblem): string {
  switch (problem) {
    case 'retention':
      return `is kept for ${duration(Number(found))} (retention.ms ${found}), but profiles need ${duration(MIN_INPUT_RETENTION_MS)}`;
    case 'retention_bytes':
      return `is kept up to a size (retention.bytes ${found}), however few days that is`;
    default:
      return `is compacted (cleanup.policy ${found}), which deletes all but the last record of each user`;
  }
}

function remedy({ problem }: TopicProblem): string {
  return problem === 'retention' ? 'retention.ms=-1' : problem === 'retention_bytes' ? 'retention.bytes=-1' : 'cleanup.policy=delete';
}

/** `7 days`, `1.5 hours`, `500 ms` */
function duration(ms: number): string {
  const [amount, unit] = ms >= 2 * DAY_MS ? [ms / DAY_MS, 'days'] : ms >= HOUR_MS ? [ms / HOUR_MS, 'hours'] : [ms, 'ms'];
  return `${Math.round(amount * 10) / 10} ${unit}`;
}
