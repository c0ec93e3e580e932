/** Which serving counts for a decision, as SQL finds it, held to src/policies/reward.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servedCandidate } from '../../../src/policies/reward.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { decisionPrompts } from '../../../src/store/queries/decision-prompts.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { scoreResponse } from '../../support/fake-application.js';

let directory: string;
let state: PartitionState;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tipstream-decision-prompts-'));
  state = new PartitionState(
    join(directory, 'partition-0000.db'),
    { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
    coreRegistry,
  );
});
afterEach(async () => {
  state.close();
  await rm(directory, { recursive: true, force: true });
});

type Link = readonly [tipId: string, servedAtMs: number, version: string | null];
const scored = (decisionId: string, tipIds: readonly string[]): ScoredEvent => {
  const { recorded: _, ...event } = scoreResponse({
    user_id: 'ana',
    decision_id: decisionId,
    candidates: tipIds.map((tip_id) => ({ tip_id, is_overdue: false, task_age_days: 0, priority: 1 })),
  });
  return { ...event, decision_id: decisionId };
};
function decide(
  decisionId: string,
  tipIds: readonly string[],
  links: readonly Link[],
  learned: { tipId: string; reward: 0 | 1 } | null = null,
  offset: number | null = 0,
): void {
  state.transaction(0, () => {
    const { uid } = state.users.obtain('ana');
    state.decisions.insert(uid, scored(decisionId, tipIds), offset);
    for (const [tipId, servedAtMs, version] of links) state.links.add(uid, decisionId, tipId, servedAtMs, version);
    if (learned !== null) state.decisions.setLearned(state.decisions.get(uid, decisionId)!.key, learned);
  });
}
const found = () =>
  new Map([...decisionPrompts(state.path)].map(({ decisionId, promptVersion, reward }) => [decisionId, { promptVersion, reward }]));

describe('the prompt of a decision', () => {
  const ODD = [
    'plain',
    'a"b',
    "it's",
    'back\\slash',
    '$.path',
    '[0]',
    '7',
    '__proto__',
    'constructor',
    '🦊',
    '\u{ffff}',
    'é',
    'e\u0301',
    '":[',
    'vectors',
    ' ',
    '%',
    'a/b',
  ];

  it.each(ODD)('is that of the candidate %j, whatever is in its name', (tipId) => {
    decide(
      'd',
      [tipId, 'other'],
      [
        [tipId, 5, 'v1'],
        ['no candidate', 1, 'v2'],
      ],
    );
    expect(found()).toEqual(new Map([['d', { promptVersion: 'v1', reward: null }]]));
  });

  it('is that of the earliest serving, the smaller tip_id by code point where two are', () => {
    const random = Array.from({ length: 200 }, (_, i) => (i * 7919) % 101);
    random.forEach((n, i) => {
      const candidates = [...new Set([0, 1, 2, 3].map((k) => ODD[(n * (k + 3) + i) % ODD.length]!))];
      const links = [0, 1, 2, 3].map((k): Link => [ODD[(n + k * 5 + i) % ODD.length]!, (n + k) % 3, k === 3 ? null : `v${k}`]);
      decide(`d${i}`, candidates, links);
    });
    const answers = found();
    random.forEach((_, i) => {
      const { uid } = state.users.find('ana')!;
      const { event } = state.decisions.get(uid, `d${i}`)!;
      const tip = servedCandidate(state.links.ofDecision(uid, `d${i}`), (tipId) => Object.hasOwn(event.features.vectors, tipId));
      expect(answers.get(`d${i}`), `d${i}`).toEqual(
        tip === null ? undefined : { promptVersion: state.links.promptVersion(uid, `d${i}`, tip), reward: null },
      );
    });
    expect(answers.size).toBeGreaterThan(20);
    expect(answers.size).toBeLessThan(200);
  });

  it('comes with its reward; without a serving, or before its record came back from the log, there is none', () => {
    decide(
      'rewarded',
      ['a', 'b'],
      [
        ['a', 2, 'v1'],
        ['b', 1, 'v2'],
      ],
      { tipId: 'b', reward: 1 },
    );
    decide('unnamed', ['a'], [['a', 2, null]], { tipId: 'a', reward: 0 });
    decide('surrogate', ['a'], [['a', 2, 'v\ud800']]);
    decide('unserved', ['a'], []);
    decide('unread', ['a'], [['a', 1, 'v1']], null, null);
    expect(found()).toEqual(
      new Map([
        ['rewarded', { promptVersion: 'v2', reward: 1 }],
        ['unnamed', { promptVersion: null, reward: 0 }],
        ['surrogate', { promptVersion: 'v\ud800', reward: null }],
      ]),
    );
  });

  it('stays when a prune has closed the decision', () => {
    decide('version', ['a'], []);
    decide('reward', ['a'], [], { tipId: 'a', reward: 0 });
    decide('nothing', ['a'], []);
    decide('left', ['a', 'b'], [['b', 9, 'later']]);
    state.transaction(0, () => {
      const { uid } = state.users.obtain('ana');
      state.closedDecisions.close(uid, 'version', null, 'v1');
      state.closedDecisions.close(uid, 'reward', { tipId: 'a', reward: 0 }, null);
      state.closedDecisions.close(uid, 'nothing', null, null);
      state.closedDecisions.close(uid, 'left', null, 'v1');
    });
    expect(found()).toEqual(
      new Map([
        ['version', { promptVersion: 'v1', reward: null }],
        ['reward', { promptVersion: null, reward: 0 }],
        ['left', { promptVersion: 'v1', reward: null }],
      ]),
    );
  });

  it('can be left in the middle', () => {
    for (let i = 0; i < 20; i++) decide(`d${i}`, ['a'], [['a', 1, 'v1']]);
    for (const _ of decisionPrompts(state.path)) break;
    expect(found().size).toBe(20);
  });
});
