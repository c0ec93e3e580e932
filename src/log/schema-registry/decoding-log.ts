/** A log whose readers are given what values in a registry's wire format stand for. The values themselves stay as they lie. */
import type { Log, LogRecord, ReadRange } from '../port.js';
import { RegistryClient, type RegistryOptions } from './client.js';
import { joinDecoding, type LogLine } from './decoding-member.js';
import { Payloads } from './payloads.js';
import { Schemas } from './schemas.js';

export interface DecodingOptions extends RegistryOptions {
  /** How long a read waits for a registry that does not answer, ms. A group member waits for as long as it takes. */
  readonly patienceMs: number;
  readonly log?: LogLine;
}

export function decodingLog(log: Log, { patienceMs, log: line = () => undefined, ...registry }: DecodingOptions): Log {
  const client = new RegistryClient(registry);
  const schemas = new Schemas(client);
  const payloads = new Payloads(schemas);
  let waiting = 0;
  const withPayloads = async (records: readonly LogRecord[], signal?: AbortSignal): Promise<readonly LogRecord[]> =>
    payloads.attach(records) ?? (await payloads.resolve(records, { signal, limitMs: patienceMs }));
  return {
    kind: log.kind,
    erasing: log.erasing,
    createTopics: (topics) => log.createTopics(topics),
    describeTopics: (names) => log.describeTopics(names),
    append: (records, signal) => log.append(records, signal),
    offsets: (topic) => log.offsets(topic),
    highWatermarks: (topic) => log.highWatermarks(topic),
    heldSince: (topic, partition, offset) => log.heldSince(topic, partition, offset),
    read: (range) => (range.raw === true ? log.read(range) : readDecoding(log, range, withPayloads)),
    committed: (group, topic) => log.committed(group, topic),
    describeGroup: (group) => log.describeGroup(group),
    withPayloads,
    registryFacts: () => ({ requests: { ...client.requests }, schemas: schemas.size, waiting }),
    join: (options) => joinDecoding(log, options, { payloads, log: line, onWaiting: (change) => void (waiting += change) }),
    async close() {
      client.close();
      await log.close();
    },
  };
}

async function* readDecoding(
  log: Log,
  range: ReadRange,
  withPayloads: NonNullable<Log['withPayloads']>,
): AsyncGenerator<readonly LogRecord[], void, void> {
  for await (const records of log.read(range)) {
    try {
      yield await withPayloads(records, range.signal);
    } catch (error) {
      // A read that was told to stop ends; whoever told it knows.
      if (range.signal?.aborted === true) return;
      throw error;
    }
  }
}
