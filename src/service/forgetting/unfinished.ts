/**
 * Forgettings that an earlier run did not complete, because it was ended: the event is in the log and has no receipt here. The worker has
 * applied it by now; the records, the files and the receipt are done here, by the digest alone.
 */
import { decodeValue } from '../../events/decode.js';
import { isCompleted } from '../../forgetting/receipt.js';
import type { RecordAddress } from '../../log/port.js';
import { FORGOTTEN_TOPIC, fullTopicName, type ForgottenEvent } from '../../topics.js';
import type { Partition } from '../partition.js';
import { aloneWith, completed, scrubbed } from './complete.js';
import type { ForgetDeps } from './forget-user.js';

/** Of the partitions held here. Answers how many were completed. Throws data_in_use while a rebuild or a redrive runs. */
export async function completeForgets(deps: ForgetDeps, held: readonly Partition[]): Promise<number> {
  let count = 0;
  for (const { number } of held) {
    for (const { event, address } of await eventsIn(deps, number)) {
      if (isCompleted(deps.options.dataDirectory, event.forget_id)) continue;
      const alone = aloneWith(deps.options.dataDirectory);
      try {
        const path = await deps.patiently(() => deps.exclusive.run(() => scrubbedFile(deps, number)));
        await completed(deps, {
          event,
          address,
          whom: { digest: event.user_digest },
          files: undefined,
          inState: false,
          rewritten: [path],
          others: null,
        });
        count++;
      } finally {
        alone.release();
      }
    }
  }
  return count;
}

async function scrubbedFile(deps: ForgetDeps, number: number): Promise<string> {
  const partition = deps.working(number);
  try {
    await partition.hold();
    return await scrubbed(() => partition.scrub(), partition.reader.path);
  } finally {
    partition.release();
  }
}

interface Written {
  readonly event: ForgottenEvent;
  readonly address: RecordAddress;
}

async function eventsIn({ log, options }: ForgetDeps, partition: number): Promise<Written[]> {
  const topic = fullTopicName(options.topicPrefix, FORGOTTEN_TOPIC);
  const { low, end } = (await log.offsets(topic)).get(partition) ?? { low: 0, end: 0 };
  const events: Written[] = [];
  if (low >= end) return events;
  for await (const records of log.read({ topic, partition, from: low, to: end })) {
    for (const { value, headers, offset } of records) {
      const decoded = decodeValue(FORGOTTEN_TOPIC, value, headers, options.maxValueBytes);
      if (decoded.ok) events.push({ event: decoded.event, address: { topic, partition, offset } });
    }
  }
  return events;
}
