/** When an event happened, by its own word. Pure. */
import { TOPICS, topicNamed, type TopicName } from '../topics.js';
import { decodeValue, type EncodedRecord, type EventOf } from './decode.js';

/** Unix ms; undefined: events of this topic do not say. */
export function happenedMs<Topic extends TopicName>(topic: Topic, event: EventOf<Topic>): number | undefined {
  const { eventTime } = TOPICS[topic];
  return eventTime === null ? undefined : ((event as Readonly<Record<string, unknown>>)[eventTime] as number);
}

/** The same of a record as it lies in the log; undefined, too, for one that is no event. */
export function happenedMsOf(
  prefix: string,
  record: Pick<EncodedRecord, 'value' | 'headers' | 'payload'> & { readonly topic: string },
): number | undefined {
  const topic = topicNamed(prefix, record.topic);
  if (topic === undefined || TOPICS[topic].eventTime === null) return undefined;
  const decoded = decodeValue(topic, record.value, record.headers, Infinity, record.payload);
  return decoded.ok ? happenedMs(topic, decoded.event) : undefined;
}
