/** Whether the topics are there, and kept as tipstream needs them. */
import type { Config } from '../../../../config.js';
import type { UnfoldedTopic } from '../../../../log/checks/unfolded.js';
import { featuresFolding } from '../../../../projections/registry.js';
import { unreadableInputs } from '../../../../log/checks/retention.js';
import { checkTopics } from '../../../../log/checks/topic-settings-check.js';
import type { TopicDescription } from '../../../../log/port.js';
import { topicSettings } from '../../../../log/topic-settings.js';
import { counted } from '../../../output/words.js';
import { nextCommand } from '../../../output/next-command.js';
import type { Check } from '../check.js';
import { registryFor } from '../../../state-source.js';

/** `unfolded`: which is no fault, since another service may fold them, and is said all the same. */
export function topicsCheck(config: Config, found: readonly TopicDescription[], unfolded: readonly UnfoldedTopic[] = []): Check {
  const told = config.given.has('partitions') ? config.partitions : undefined;
  const wanted = topicSettings(config.topicPrefix, config.partitions, undefined, registryFor(config).topics);
  const problems = checkTopics(wanted, found, told);
  const isApart = new Set(wanted.filter(({ ownPartitions }) => ownPartitions === true).map(({ name }) => name));
  const [shared, apart] = [found.filter(({ name }) => !isApart.has(name)), found.filter(({ name }) => isApart.has(name))];
  const partitions = shared[0]?.partitions ?? 0;
  const facts = { topics: found.length, partitions, problems };
  if (problems.length > 0) {
    const missing = problems.filter(({ problem }) => problem === 'missing').length;
    const { topic, problem, found: is, expected } = problems[0]!;
    const summary =
      missing === problems.length
        ? `${missing} of ${wanted.length} topics are missing`
        : `${counted(problems.length, 'problem')}, the first: ${topic} ${problem} is ${is}, not ${expected}`;
    const next = nextCommand(missing === problems.length ? 'topics create' : 'topics check', config);
    return { name: 'topics', status: 'attention', summary, next, ...facts };
  }
  const unreadable = unreadableInputs(config.topicPrefix, found);
  const others = apart.map(({ name, partitions: own }) => ` and ${name} of ${own}`).join('');
  const there = `${counted(shared.length, 'topic')} of ${counted(partitions, 'partition')}${others}`;
  if (unreadable.length > 0)
    return {
      name: 'topics',
      status: 'could_not_tell',
      summary: `${there}; how long they are kept may not be read (permission DescribeConfigs)`,
      next: nextCommand('topics check', config),
      ...facts,
      unreadable,
    };
  const passedOver = unfolded.map(
    ({ name, topic, records }) => `; ${topic} holds ${counted(records, 'event')} that only --features ${featuresFolding(name)} folds`,
  );
  return {
    name: 'topics',
    status: 'ok',
    summary: `${there}, as they should be${passedOver.join('')}`,
    ...facts,
    ...(unfolded.length === 0 ? {} : { unfolded: unfolded.map(({ topic, records }) => ({ topic, records })) }),
  };
}
