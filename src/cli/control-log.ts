/** policy.control as commands read and write it: straight from and to the log, whether or not a service runs. */
import type { Config } from '../config.js';
import { userOfControl } from '../events/control-user.js';
import { decodeRecord } from '../events/decode.js';
import { openLog, type OpenLogOptions } from '../log/open.js';
import type { Log } from '../log/port.js';
import { controlRefusal } from '../policies/controls/control-refusal.js';
import type { SharedControl } from '../producer/control-completion.js';
import { createProducer, type TipProducer } from '../producer/producer.js';
import { fullTopicName, type ControlEvent } from '../topics.js';

export interface ControlLog {
  readonly log: Log;
  /** Those for everybody when the log was opened, as partition 0 has them, in the order of the log: each is in every partition. */
  readonly controls: readonly ControlEvent[];
  /** The same, as it is now: to be compared with just before a control is appended, and after it. */
  read(): Promise<ControlEvent[]>;
  /** Where partition 0 has the record of that control_id that counts; undefined: nowhere. */
  offsetOf(controlId: string): Promise<number | undefined>;
  readonly producer: TipProducer;
  close(): Promise<void>;
}

const ANY_PARTITION = 0;

/** Throws what opening the log throws, no_data where the embedded one does not exist, and topic_not_found. */
export async function openControlLog(config: Config, options: OpenLogOptions = {}): Promise<ControlLog> {
  // Nobody means to write to a log that there is not: a directory that was mistyped is said, and not made.
  if (config.log === 'sqlite' && options.readOnly !== true) await (await openLog(config, { readOnly: true })).close();
  const log = await openLog(config, options);
  try {
    const read = () => sharedControls(log, config);
    const offsetOf = async (controlId: string) => {
      for await (const { event, offset } of controlsIn(log, config, ANY_PARTITION)) if (event.control_id === controlId) return offset;
      return undefined;
    };
    const producer = createProducer(log, {
      prefix: config.topicPrefix,
      partitioner: config.partitioner,
      maxValueBytes: config.maxValueBytes,
    });
    return { log, controls: await read(), read, offsetOf, producer, close: () => log.close() };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** Those for everybody, as partition 0 has them now, in the order of the log. */
export async function sharedControls(log: Log, config: Config): Promise<ControlEvent[]> {
  const first = new Map<string, ControlEvent>();
  for await (const { event } of controlsIn(log, config, ANY_PARTITION))
    if (userOfControl(event) === null && !first.has(event.control_id)) first.set(event.control_id, event);
  return [...first.values()];
}

/** Controls of one partition that hold, in the order of the log, with their records' values: what is refused is a dead letter. */
async function* controlsIn(
  log: Log,
  config: Config,
  partition: number,
): AsyncGenerator<{ readonly event: ControlEvent; readonly value: Buffer; readonly offset: number }> {
  const topic = fullTopicName(config.topicPrefix, 'policy.control');
  const { low, end } = (await log.offsets(topic)).get(partition) ?? { low: 0, end: 0 };
  if (low >= end) return;
  for await (const records of log.read({ topic, partition, from: low, to: end })) {
    for (const record of records) {
      const decoded = decodeRecord('policy.control', record, { partitioner: null, partitions: 1, maxValueBytes: config.maxValueBytes });
      if (decoded.ok && controlRefusal(decoded.event) === undefined)
        yield { event: decoded.event, value: record.payload?.ok === true ? record.payload.json : record.value!, offset: record.offset };
    }
  }
}

export interface WrittenControl extends SharedControl {
  readonly event: ControlEvent;
  /** Those that have it: one for a user's own; fewer than all for one that a producer left half-written. */
  readonly partitions: ReadonlySet<number>;
}

export interface AllControls {
  /** control_id -> the control. */
  readonly controls: ReadonlyMap<string, WrittenControl>;
  readonly partitions: readonly number[];
}

/** Every control of every partition. */
export async function readAllControls(log: Log, config: Config): Promise<AllControls> {
  const partitions = [...(await log.offsets(fullTopicName(config.topicPrefix, 'policy.control'))).keys()];
  const controls = new Map<string, WrittenControl & { readonly partitions: Set<number> }>();
  for (const partition of partitions) {
    for await (const { event, value } of controlsIn(log, config, partition)) {
      const known = controls.get(event.control_id);
      if (known === undefined) controls.set(event.control_id, { event, value, partitions: new Set([partition]) });
      else known.partitions.add(partition);
    }
  }
  return { controls, partitions };
}
