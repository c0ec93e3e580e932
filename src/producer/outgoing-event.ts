/**
 * What programs hand to the typed producer. These types reach whoever uses the library, so they name nothing of Node's: a program needs no
 * @types/node to compile.
 */
import type { z } from 'zod';
import type { RecordAddress } from '../log/record-address.js';
import type { SCHEMAS } from '../topic-schemas.js';
import type { ProducedTopic } from '../topics.js';

/** Header pairs in the order they are written; a name may repeat, and a value of null stays null. A Buffer is a Uint8Array. */
export type OutgoingHeaders = readonly (readonly [name: string, value: Uint8Array | null])[];

export type EventInput<Topic extends ProducedTopic> = z.input<(typeof SCHEMAS)[Topic]>;

export interface SendOptions {
  /** Unix ms of the record; the log's clock unless given. */
  readonly timestampMs?: number;
  readonly headers?: OutgoingHeaders;
}

export type OutgoingEvent = {
  [Topic in ProducedTopic]: { readonly topic: Topic; readonly event: EventInput<Topic> | Uint8Array } & SendOptions;
}[ProducedTopic];

export interface TipProducer {
  /**
   * Resolves when the event is durable, with its address: one, or one per partition for a policy.control event without a user_id.
   * An event given as bytes, JSON in UTF-8, is written byte for byte after the same check.
   * Throws invalid_event (details: topic, stage, reason) before anything is written, topic_not_found for a topic that tipstream does not
   * know or the log does not have, invalid_argument for options that are not known, and what the log throws.
   */
  send<Topic extends ProducedTopic>(
    topic: Topic,
    event: EventInput<Topic> | Uint8Array,
    options?: SendOptions,
  ): Promise<readonly RecordAddress[]>;
  /** All or, when one of them is not valid, none; in the order given within each partition. */
  sendAll(events: readonly OutgoingEvent[]): Promise<readonly RecordAddress[]>;
}
