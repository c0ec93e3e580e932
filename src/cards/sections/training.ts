import type { DecisionSpan } from '../../store/queries/training-counts.js';
import type { TrainingData } from '../../store/queries/training-data.js';
import { moment, table } from '../markdown.js';

/** From which decisions the policy has learned, and how far in the log that goes. */
export function trainingSection({ own, shadow, positions, partitions, partitionCount }: TrainingData): string {
  return [
    table(
      ['', 'users', 'decisions', 'with a reward', 'mean reward', 'first requested at', 'last requested at'],
      [spanRow('it decided', own), spanRow('in the shadow', shadow)],
    ),
    'A decision in the shadow has a reward here only if the shadow learned from it.\nDecisions from before a reset are counted too.',
    table(
      ['topic', 'applied up to (partition:next offset)'],
      Object.entries(positions).map(([topic, offsets]) => [
        topic,
        Object.entries(offsets)
          .map(([partition, next]) => `${partition}:${next}`)
          .join(' '),
      ]),
    ),
    ...(partitions.length === partitionCount
      ? []
      : [`These are partitions ${partitions.join(', ')} of ${partitionCount}. The state of the others is elsewhere.`]),
  ].join('\n\n');
}

function spanRow(name: string, { users, decisions, rewarded, rewards, firstRequestedAtMs, lastRequestedAtMs }: DecisionSpan): string[] {
  return [
    name,
    String(users),
    String(decisions),
    String(rewarded),
    rewarded === 0 ? '-' : (rewards / rewarded).toFixed(4),
    moment(firstRequestedAtMs),
    moment(lastRequestedAtMs),
  ];
}
