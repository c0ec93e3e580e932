/** policy.control as commands read and write it: straight from and to the log, whether or not a service runs. */
import type { Config } from '../config.js';
import { decodeRecord } from '../events/decode.js';
import { openLog, type OpenLogOptions } from '../log/open.js';
import type { Log } from '../log/port.js';
import { SHADOW_OFF } from '../policies/control.js';
import { createProducer, type TipProducer } from '../producer/producer.js';
import type { PolicySettings } from '../policies/control.js';
import { fullTopicName, type ControlEvent } from '../topics.js';

export interface ControlLog {
  readonly log: Log;
  /** Those that hold for everybody, as partition 0 has them: each is in every partition. */
  readonly controls: readonly ControlEvent[];
  readonly producer: TipProducer;
  close(): Promise<void>;
}

const ANY_PARTITION = 0;

/** Throws what opening the log throws, and topic_not_found. */
export async function openControlLog(config: Config, options: OpenLogOptions = {}): Promise<ControlLog> {
  const log = await openLog(config, options);
  try {
    const topic = fullTopicName(config.topicPrefix, 'policy.control');
    const { low, end } = (await log.offsets(topic)).get(ANY_PARTITION) ?? { low: 0, end: 0 };
    const controls: ControlEvent[] = [];
    if (low < end) {
      for await (const records of log.read({ topic, partition: ANY_PARTITION, from: low, to: end })) {
        for (const record of records) {
          const decoded = decodeRecord('policy.control', record, { partitioner: null, partitions: 1, maxValueBytes: config.maxValueBytes });
          if (decoded.ok && decoded.event.type !== 'reset') controls.push(decoded.event);
        }
      }
    }
    const producer = createProducer(log, { prefix: config.topicPrefix, partitioner: config.partitioner, maxValueBytes: config.maxValueBytes });
    return { log, controls, producer, close: () => log.close() };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** What holds where no control says otherwise: give these options as `start` has them. */
export function settingsOf(config: Config): PolicySettings {
  return { epsilon: config.epsilon, salt: config.salt, shadow: config.shadow === SHADOW_OFF ? null : config.shadow, shadowLearning: config.shadowLearning };
}
