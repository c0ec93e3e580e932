/** The facts about topics stand in one table; what is derived from it is what each reader relies on. */
import { describe, expect, it } from 'vitest';
import {
  ANSWER_TOPICS,
  CONSUMED_TOPICS,
  DECISION_TOPICS,
  REBUILT_FROM_TOPICS,
  REQUEST_TOPICS,
  REWARD_TOPICS,
  TIP_TOPICS,
  TOPIC_NAMES,
  TOPICS,
  consumedWith,
  isRowTopic,
  topicsWith,
} from '../src/topics.js';

describe('the table of topics', () => {
  it.each([
    ['requests', REQUEST_TOPICS, ['tip.candidates']],
    ['answers', ANSWER_TOPICS, ['tip.scored', 'tip.scored.shadow']],
    ['tips', TIP_TOPICS, ['tip.served', 'tip.feedback']],
    ['decisions', DECISION_TOPICS, ['tip.scored', 'tip.scored.shadow']],
    ['rewards', REWARD_TOPICS, ['tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow']],
    [
      'what producers write beside rows',
      topicsWith({ writtenBy: 'producers' }).filter((topic) => !isRowTopic(topic)),
      ['policy.control', 'tip.served', 'tip.feedback', 'tip.candidates'],
    ],
    [
      'what is consumed where no row topics are wanted',
      consumedWith([]),
      ['user.forgotten', 'policy.control', 'tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow', 'tip.candidates'],
    ],
    [
      'what is consumed with sessions',
      consumedWith(['app.session']),
      [
        'user.forgotten',
        'policy.control',
        'tip.served',
        'tip.feedback',
        'app.session',
        'tip.scored',
        'tip.scored.shadow',
        'tip.candidates',
      ],
    ],
  ])('says which topics hold %s', (_, topics, names) => expect(topics).toEqual(names));

  it('takes facts before the requests that are answered from them', () => {
    expect(CONSUMED_TOPICS).toEqual([...REBUILT_FROM_TOPICS, ...REQUEST_TOPICS]);
  });

  it.each(TOPIC_NAMES)('%s is rebuilt from when its records are folded into state, and then it is consumed', (name) => {
    const { role, folds, rebuiltFrom, writtenBy } = TOPICS[name];
    expect(rebuiltFrom).toBe(folds !== null);
    if (rebuiltFrom) expect(role).toBe('consumed');
    if (role === 'published') expect(writtenBy).not.toBe('producers');
  });
});
