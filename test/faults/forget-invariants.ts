/** What must hold of users who were forgotten: on the embedded log nothing of them is left, and nobody else has lost anything. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redrivenSource } from '../../src/events/redrive.js';
import { isIntact, receiptsDirectory, type Receipt } from '../../src/forgetting/receipt.js';
import type { LogRecord } from '../../src/log/port.js';
import { filesIn } from './files.js';
import type { Forgets } from './forgets.js';
import { require, requireSame, type Question } from './question.js';

/** Ids that are in nothing else. */
const FOUND_BY_BYTES = /^(\u{1f600}|user with spaces)$/u;

/** Put back from a dead letter, of a record that does not exist any more. */
function isBack({ key, headers }: LogRecord, forgets: Forgets): boolean {
  const [, topic, partition, offset] = /^(.+)\/(\d+)\/(\d+)$/.exec(redrivenSource(headers) ?? '') ?? [];
  return topic !== undefined && forgets.hides({ topic, partition: Number(partition), offset: Number(offset), key });
}

export async function checkForgotten({ world, ledger, workload }: Question): Promise<void> {
  const { forgets } = ledger;
  const gone = await ledger.readAgain(world);
  const taken = gone.filter((record) => !forgets.mayHaveTaken(record));
  requireSame(
    taken.map(({ topic, partition, offset, key }) => [topic, partition, offset, String(key)]),
    [],
    'records of somebody who was not forgotten are gone',
  );
  if (forgets.events.length === 0) return;
  const left = world.registry.topics.flatMap((topic) => ledger.records(topic)).filter((record) => forgets.hides(record));
  requireSame(
    left.map(({ topic, partition, offset, key }) => [topic, partition, offset, String(key)]),
    [],
    'records of somebody who was forgotten are left',
  );
  const back = world.registry.topics.flatMap((topic) => ledger.records(topic)).filter((record) => isBack(record, forgets));
  requireSame(
    back.map(({ topic, partition, offset, key }) => [topic, partition, offset, String(key)]),
    [],
    'dead letters of somebody who was forgotten were put back after that',
  );
  for (const { forgetId, userId, attempt, positions } of forgets.events) {
    const receipt = JSON.parse(readFileSync(join(receiptsDirectory(world.directory), `${forgetId}.json`), 'utf8')) as Receipt;
    require(isIntact(receipt), `the receipt of attempt ${attempt} is not intact`);
    requireSame(receipt.positions, positions, `the positions in the receipt of attempt ${attempt}`);
    requireSame(receipt.remains.records, [], `what remains in the log of ${userId}`);
    if (receipt.others !== null)
      requireSame(receipt.others.digest_after, receipt.others.digest_before, `the others' digest when ${userId} was forgotten`);
  }
  for (const userId of workload.users.filter((one) => FOUND_BY_BYTES.test(one))) {
    const records = ledger.allRecords().filter(({ key, value }) => [key, value].some((bytes) => bytes?.includes(userId) === true));
    if (records.length > 0 || !forgets.events.some((event) => event.userId === userId)) continue;
    const files = filesIn(world.directory).filter((path) => readFileSync(path).includes(userId));
    requireSame(
      files.map((path) => path.slice(world.directory.length + 1)),
      [],
      `files that hold the bytes of ${userId}, of whom the log has nothing`,
    );
  }
}
