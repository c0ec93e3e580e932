/**
 * The log on Apache Kafka, and the only folder that knows kafkajs.
 *
 * kafkajs does connections, TLS, SASL, metadata, group membership and administration. What decides whether records are lost or
 * repeated is ours, because kafkajs 2.2.4 gets it wrong and is no longer mended: fetching and decoding (fetch-request, record-batch,
 * codecs), a groupless read (reader), a group member's feeds (member, feeds, feed, co-partition), and appending (appender,
 * producer, produce-request, record-encoding). internals.ts names every part of kafkajs below its public API that this needs.
 */
import type { GroupMember, GroupOptions, Log } from '../port.js';
import { Appender } from './appender.js';
import { Connection } from './connection.js';
import { committedOffsets, describeGroup } from './groups.js';
import { KafkaGroupMember } from './member.js';
import { highWatermarks, offsetRanges } from './offset-ranges.js';
import type { KafkaLogOptions } from './options.js';
import { heldSince, readPartition } from './reader.js';
import { createTopics, describeTopics } from './topics.js';

export type { KafkaLogOptions, KafkaSaslOptions, KafkaTlsOptions, LogFunction } from './options.js';

/**
 * Connects to the cluster.
 * @throws invalid_argument for malformed options, log_unavailable when no broker answers, log_failed when the credentials are refused
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const connection = await Connection.open(options);
  const members = new Set<GroupMember>();
  let appender: Appender | undefined;
  return {
    kind: 'kafka',
    createTopics: (topics) => createTopics(connection, topics),
    describeTopics: (names) => describeTopics(connection, names),
    append: (records, signal) => (appender ??= new Appender(connection)).append(records, signal),
    offsets: (topic) => offsetRanges(connection, topic),
    highWatermarks: (topic) => highWatermarks(connection, topic),
    heldSince: (topic, partition, offset) => heldSince(connection, topic, partition, offset),
    read: (range) => readPartition(connection, range),
    committed: (group, topic) => committedOffsets(connection, group, topic),
    describeGroup: (group) => describeGroup(connection, group),
    join: async (groupOptions: GroupOptions) => {
      const member = await KafkaGroupMember.create(connection, groupOptions);
      members.add(member);
      await member.join();
      return member;
    },
    close: async () => {
      await Promise.all([...members].map((member) => member.stop()));
      await appender?.close();
      await connection.close();
    },
  };
}
