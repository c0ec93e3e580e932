/** What went wrong, in tipstream's codes: kafkajs wraps the same few causes in a dozen error classes. */
import { TipstreamError } from '../../errors.js';
import { howToCreate } from '../topic-settings.js';

const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
]);
const UNAVAILABLE_TYPES = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);
const AUTHENTICATION_TYPES = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE']);

interface KafkaError extends Error {
  readonly type?: string;
  readonly code?: string | number;
}

/** The error behind the retrier's wrappers: the first with a protocol type, else the innermost of kafkajs. */
export function rootCause(error: unknown): KafkaError {
  let current = (error instanceof Error ? error : new Error(String(error))) as KafkaError;
  while (current.type === undefined && current.cause instanceof Error) current = current.cause as KafkaError;
  return current;
}

/** The broker cannot be reached or is not ready now; the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TipstreamError) return error.code === 'log_unavailable';
  const cause = rootCause(error);
  return UNREACHABLE.has(cause.name) || UNAVAILABLE_TYPES.has(cause.type ?? '');
}

export function isMissingTopic(error: unknown): boolean {
  return error instanceof TipstreamError && error.code === 'topic_not_found';
}

/**
 * Whether a join of the group that failed so may succeed later: what kafkajs itself would try again, which it says by a mark that is
 * absent from foreign errors.
 */
export function mayJoinAgain(error: unknown): boolean {
  if (isTransient(error)) return true;
  const { name, retriable } = error as { readonly name?: string; readonly retriable?: boolean };
  return retriable !== false && !['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError'].includes(name ?? '');
}

/**
 * @param action what was being done, as in "could not <action>"
 * @param brokers as configured, for the message
 */
export function asTipstreamError(error: unknown, action: string, brokers: readonly string[]): TipstreamError {
  if (error instanceof TipstreamError) return error;
  const cause = rootCause(error);
  const type = cause.type ?? '';
  const where = `Kafka at ${brokers.join(', ')}`;
  const details = { brokers, reason: cause.message, ...(type === '' ? {} : { kafka_error: type }) };
  const fail = (code: 'log_failed' | 'log_unavailable', what: string, hint: string): TipstreamError =>
    new TipstreamError(code, `${where} ${what}: could not ${action} (${cause.message})`, { hint, details, cause: error });

  if (AUTHENTICATION_TYPES.has(type) || cause.name === 'KafkaJSSASLAuthenticationError') {
    return fail(
      'log_failed',
      'refused the credentials',
      'Check the SASL mechanism, user name and password, and that the listener wants SASL.',
    );
  }
  if (type.endsWith('AUTHORIZATION_FAILED')) {
    return fail(
      'log_failed',
      'does not permit it',
      'Give the user the ACL: Read and Describe on topics and group, Write on what is published.',
    );
  }
  if (/certificate|self.signed|SSL|TLS|EPROTO/i.test(cause.message)) {
    return fail(
      'log_unavailable',
      'could not be trusted',
      "Check the CA certificate, the host name in the broker's certificate, and that the listener speaks TLS.",
    );
  }
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return new TipstreamError('topic_not_found', `${where} has no such topic: could not ${action}`, {
      hint: 'Create the topics first with `tipstream topics create`.',
      details,
      cause: error,
    });
  }
  if (isTransient(error)) {
    return fail(
      'log_unavailable',
      'does not answer',
      'Check that the brokers run, the addresses, and whether their listener wants TLS or SASL.',
    );
  }
  if (type === 'INVALID_TOPIC_EXCEPTION') {
    return new TipstreamError('invalid_argument', `${where} refuses the topic name: could not ${action}`, { details, cause: error });
  }
  return fail('log_failed', 'answered with an error', "See the broker's log for more.");
}

export function topicNotFound(topic: string): TipstreamError {
  return new TipstreamError('topic_not_found', `Topic ${topic} does not exist`, { hint: howToCreate(topic), details: { topic } });
}

export function offsetOutOfRange(topic: string, partition: number, offset: number, low: number, end: number): TipstreamError {
  return new TipstreamError(
    'offset_out_of_range',
    `Offset ${offset} of ${topic}/${partition} is not in the log, which holds ${low} to ${end}`,
    {
      hint:
        offset < low
          ? 'Records were deleted before they were read (retention): rebuild from what is left, or restore a newer snapshot.'
          : 'The topic was created again or the position belongs to another cluster.',
      details: { topic, partition, offset, low, end },
    },
  );
}

export function recordTooLarge(topic: string, partition: number | undefined, bytes: number): TipstreamError {
  return new TipstreamError('record_too_large', `A record of about ${bytes} bytes is too large for topic ${topic}`, {
    hint: "Send less, or raise the topic's max.message.bytes.",
    details: { topic, ...(partition === undefined ? {} : { partition }), bytes },
  });
}
