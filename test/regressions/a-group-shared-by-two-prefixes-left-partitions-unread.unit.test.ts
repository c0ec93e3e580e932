/** Two services with other topic prefixes and one group: partitions were dealt by number to members that did not subscribe to them. */
import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { coPartitionAssigner, decodeAssignment, type MemberState } from '../../src/log/kafka/co-partition.js';
import { partitionsOfTopics } from '../../src/log/kafka/groups.js';

const { MemberMetadata } = kafkajs.AssignerProtocol;

function member(memberId: string, topics: readonly string[], state: Partial<MemberState>) {
  const userData = Buffer.from(JSON.stringify({ address: null, partitions: [], ...state }));
  return { memberId, memberMetadata: MemberMetadata.encode({ version: 1, topics: [...topics], userData }) };
}

/** What the leader, which knows its own topics alone, gives each: member -> topic -> partitions. */
async function dealt(leader: Readonly<Record<string, number>>, members: readonly ReturnType<typeof member>[]) {
  const assigner = coPartitionAssigner(
    () => ({ address: null, partitions: [], count: 0 }),
    () => undefined,
    () => undefined,
  )({
    cluster: {
      findTopicPartitionMetadata: (topic) => Array.from({ length: leader[topic] ?? 0 }, (_, partitionId) => ({ partitionId })),
    },
  });
  const assigned = await assigner.assign({ members: [...members], topics: Object.keys(leader) });
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [memberId, Object.fromEntries(decodeAssignment(memberAssignment))]),
  );
}

test('every partition of each set of topics goes to a member that subscribes to it', async () => {
  expect(
    await dealt({ 'a.x': 4, 'a.y': 4 }, [
      member('1', ['a.x', 'a.y'], { count: 4 }),
      member('2', ['b.x', 'b.y'], { count: 6 }),
      member('3', ['b.y', 'b.x'], { count: 6, partitions: [4, 5] }),
    ]),
  ).toEqual({
    1: { 'a.x': [0, 1, 2, 3], 'a.y': [0, 1, 2, 3] },
    2: { 'b.x': [0, 1, 2], 'b.y': [0, 1, 2] },
    3: { 'b.x': [3, 4, 5], 'b.y': [3, 4, 5] },
  });
});

test('members of an older version, which do not say how many partitions there are, share with those that read the same', async () => {
  const mixed = [member('1', ['x'], {}), member('2', ['x'], { count: 2 })];
  expect(await dealt({ x: 2 }, mixed)).toEqual({ 1: { x: [0] }, 2: { x: [1] } });
});

test('where topics overlap, no partition is read in two places', async () => {
  const upgrade = [member('old', ['x', 'y'], { count: 2, partitions: [0, 1] }), member('new', ['x', 'y', 'z'], { count: 2 })];
  expect(await dealt({ x: 2, y: 2 }, upgrade)).toEqual({
    old: { x: [], y: [] },
    new: { x: [0, 1], y: [0, 1], z: [0, 1] },
  });
});

test('a partition counts as owned only by whoever reads these topics', () => {
  const all = (topics: readonly string[]) => new Map(topics.map((topic) => [topic, [0, 1]]));
  expect(partitionsOfTopics(all(['a', 'b']), ['a', 'b'], ['a', 'b'])).toEqual([0, 1]);
  expect(partitionsOfTopics(all(['c', 'd']), ['c', 'd'], ['a', 'b'])).toEqual([]);
  expect(partitionsOfTopics(all(['a', 'b', 'c']), ['a', 'b', 'c'], ['a', 'b'])).toEqual([0, 1]);
  expect(partitionsOfTopics(all(['b', 'c']), ['b', 'c'], ['a', 'b'])).toEqual([]);
  expect(partitionsOfTopics(new Map([['a', [0, 1]]]), ['a', 'b'], ['a', 'b'])).toEqual([]);
});

test('the default group follows the prefix', () => {
  expect(loadConfig({}, {}).group).toBe('tipstream');
  expect(loadConfig({ topicPrefix: 'signals.' }, {}).group).toBe('signals.tipstream');
  expect(loadConfig({}, { TIPSTREAM_TOPIC_PREFIX: 'signals.' }).group).toBe('signals.tipstream');
  expect(loadConfig({ topicPrefix: 'signals.', group: 'mine' }, {}).group).toBe('mine');
});
