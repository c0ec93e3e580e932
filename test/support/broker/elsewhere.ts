/** How another process of the log contract opens the Kafka log: the argument is host:port. */
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log } from '../../../src/log/port.js';

export function openLog(brokers: string): Promise<Log> {
  return openKafkaLog({ brokers: [brokers] });
}
