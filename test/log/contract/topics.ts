/** Creating and describing topics, and the offsets of their partitions. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ContractContext, expectCode, numbered, settingsOf } from './fixture.js';

export function topicContract(context: ContractContext): void {
  describe('topics', () => {
    it('creates what is missing, says what it created, and changes nothing that exists', async () => {
      const [first, second] = [`contract.${randomUUID()}`, `contract.${randomUUID()}`];
      expect(await context.log.createTopics([settingsOf(first, 2)])).toEqual([first]);
      expect(await context.log.createTopics([settingsOf(first, 5), settingsOf(second, 3)])).toEqual([second]);
      expect(await context.log.createTopics([settingsOf(first, 2), settingsOf(second, 3)])).toEqual([]);
      const described = await context.log.describeTopics([first, second]);
      expect(new Map(described.map((topic) => [topic.name, topic.partitions]))).toEqual(
        new Map([
          [first, 2],
          [second, 3],
        ]),
      );
    });

    it('describes the settings a topic was created with, and leaves out unknown names', async () => {
      const name = `contract.${randomUUID()}`;
      const settings = settingsOf(name, 3, { retentionMs: 3_000_000_000, cleanupPolicy: 'compact', maxMessageBytes: 70_000 });
      await context.log.createTopics([settings]);
      expect(await context.log.describeTopics([name, `contract.${randomUUID()}`])).toMatchObject([settings]);
      expect(await context.log.describeTopics([])).toEqual([]);
    });

    it('keeps a topic and its settings across a restart', async () => {
      const name = await context.topic(3, { retentionMs: -1 });
      await context.log.append(numbered(name, 2, 4));
      const log = await context.reopen();
      expect(await log.describeTopics([name])).toMatchObject([{ name, partitions: 3, retentionMs: -1, cleanupPolicy: 'delete' }]);
      expect((await log.offsets(name)).get(2)).toEqual({ low: 0, end: 4 });
    });

    it('answers low and end for every partition, 0 and 0 when nothing was written', async () => {
      const name = await context.topic(3);
      await context.log.append(numbered(name, 1, 7));
      expect(await context.log.offsets(name)).toEqual(
        new Map([
          [0, { low: 0, end: 0 }],
          [1, { low: 0, end: 7 }],
          [2, { low: 0, end: 0 }],
        ]),
      );
      expect(new Map(await context.log.highWatermarks(name))).toEqual(
        new Map([
          [0, 0],
          [1, 7],
          [2, 0],
        ]),
      );
    });

    it('says topic_not_found for the offsets of an unknown topic', async () => {
      const name = `contract.${randomUUID()}`;
      const error = await expectCode(context.log.offsets(name), 'topic_not_found');
      expect(error.message).toContain(name);
      expect(error.hint).toContain('tipstream topics create');
      await expectCode(context.log.highWatermarks(name), 'topic_not_found');
    });

    it('moves low up and keeps end when records are deleted, even all of them', async ({ skip }) => {
      const truncateBefore = context.fixture.truncateBefore?.bind(context.fixture) ?? skip('this log deletes no records');
      const name = await context.topic(2);
      await context.log.append(numbered(name, 0, 10));
      await truncateBefore(name, 0, 4);
      expect((await context.log.offsets(name)).get(0)).toEqual({ low: 4, end: 10 });
      expect((await context.readAll(name, 0, 4)).map((each) => each.offset)).toEqual([4, 5, 6, 7, 8, 9]);
      await truncateBefore(name, 0, 10);
      expect((await context.log.offsets(name)).get(0)).toEqual({ low: 10, end: 10 });
      const [address] = await context.log.append(numbered(name, 0, 1));
      expect(address).toEqual({ topic: name, partition: 0, offset: 10 });
    });
  });
}
