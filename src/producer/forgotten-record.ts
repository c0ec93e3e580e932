/** A forgetting as the record that says so, on the user's partition. Its key is the digest: the log does not get the id. */
import type { NewRecord } from '../log/port.js';
import { FORGOTTEN_TOPIC, fullTopicName, type ForgottenEvent } from '../topics.js';

export function forgottenRecord(topicPrefix: string, partition: number, event: ForgottenEvent): NewRecord & { readonly partition: number } {
  return {
    topic: fullTopicName(topicPrefix, FORGOTTEN_TOPIC),
    partition,
    key: Buffer.from(event.user_digest),
    value: Buffer.from(JSON.stringify(event)),
  };
}
