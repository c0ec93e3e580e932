/** Dead letters read again and appended to their topics, in order, no faster than asked. */
import { TipstreamError } from '../errors.js';
import type { Log, NewRecord } from '../log/port.js';
import type { RecordAddress } from '../log/record-address.js';
import { recordAt } from '../log/record-at.js';
import { pause } from '../back-off.js';
import type { SourceFacts } from './letter.js';
import { holds } from './look-at-sources.js';
import type { Planned } from './plan.js';
import { redrivenRecord, type PlacementRules, type RedriveChange } from './redriven-record.js';

const BATCH_RECORDS = 500;
const BATCH_BYTES = 1_048_576;
/** How many letters are looked for in one read: those between them are read too. */
const READ_AHEAD = 5_000;
/** What Kafka counts for a batch of one record besides key, value and headers, and for a header. */
const RECORD_OVERHEAD_BYTES = 100;
const HEADER_OVERHEAD_BYTES = 10;
/** With a rate, a batch is what it allows in this time. */
const RATE_STEP_MS = 100;

export interface RecordsDeps {
  readonly log: Log;
  readonly sources: Pick<SourceFacts, 'partitions' | 'maxBytes'>;
  /** Called for a record that its topic would not take any more. */
  readonly onTooLarge: () => void;
  readonly rules: Omit<PlacementRules, 'partitions'>;
  readonly change: RedriveChange;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadyRecord {
  readonly planned: Planned;
  readonly record: NewRecord & { readonly partition: number };
}

/** The records that the letters become, in the plan's order. A letter that has gone from its topic since is left out. */
export async function* redrivenRecords(plan: readonly Planned[], deps: RecordsDeps): AsyncGenerator<ReadyRecord> {
  for (let start = 0; start < plan.length; ) {
    const first = plan[start]!.letter.address;
    let end = start + 1;
    while (end < plan.length && isNear(first, plan[end]!.letter.address)) end++;
    yield* recordsOf(plan.slice(start, end), deps);
    start = end;
  }
}

const isNear = (first: RecordAddress, next: RecordAddress): boolean =>
  next.topic === first.topic && next.partition === first.partition && next.offset - first.offset < READ_AHEAD;

/** Of letters in one partition, ascending. */
async function* recordsOf(plan: readonly Planned[], deps: RecordsDeps): AsyncGenerator<ReadyRecord> {
  const { log, sources, rules, change, signal } = deps;
  const wanted = new Map(plan.map((planned) => [planned.letter.address.offset, planned]));
  const { topic, partition, offset } = plan[0]!.letter.address;
  const to = plan.at(-1)!.letter.address.offset + 1;
  for await (const records of log.read({ topic, partition, from: offset, to, raw: true, ...(signal === undefined ? {} : { signal }) })) {
    for (const found of records) {
      const planned = wanted.get(found.offset);
      if (planned === undefined) continue;
      const { letter } = planned;
      const bytes = letter.hash === null ? await recordAt(log, letter.source!, signal, { raw: true }) : found;
      if (bytes === undefined || !holds(bytes, letter)) continue;
      const placement = { ...rules, partitions: sources.partitions.get(letter.source!.topic)! };
      const record = redrivenRecord(planned, bytes, found.headers, placement, change);
      if (sizeOf(record) > (sources.maxBytes.get(record.topic) ?? Infinity)) deps.onTooLarge();
      else yield { planned, record };
    }
  }
  signal?.throwIfAborted();
}

/** At least what the log counts, so that no record can stop the batch that it is in. */
function sizeOf({ key, value, headers = [] }: NewRecord): number {
  const own = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  return headers.reduce((sum, [name, bytes]) => sum + HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + (bytes?.length ?? 0), own);
}

export interface SendOptions {
  /** Records a second. */
  readonly rate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSent: (batch: readonly ReadyRecord[], addresses: readonly RecordAddress[]) => void;
}

/**
 * Appends them. What was appended stays when this throws: what the log throws, with how many there were, and the signal's reason. Another
 * run finds them in the log.
 */
export async function sendRecords(log: Log, records: AsyncIterable<ReadyRecord>, { rate, signal, onSent }: SendOptions): Promise<void> {
  const atOnce = rate === undefined ? BATCH_RECORDS : Math.max(1, Math.min(BATCH_RECORDS, Math.floor((rate * RATE_STEP_MS) / 1_000)));
  const beganMs = performance.now();
  let [batch, bytes, sent] = [[] as ReadyRecord[], 0, 0];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    if (rate !== undefined) await pause(Math.max(0, beganMs + (sent / rate) * 1_000 - performance.now()), signal);
    signal?.throwIfAborted();
    let addresses: readonly RecordAddress[];
    try {
      addresses = await log.append(batch.map(({ record }) => record));
    } catch (error) {
      throw withCount(error, sent);
    }
    sent += batch.length;
    onSent(batch, addresses);
    [batch, bytes] = [[], 0];
  };
  for await (const ready of records) {
    batch.push(ready);
    bytes += (ready.record.key?.length ?? 0) + (ready.record.value?.length ?? 0);
    if (batch.length >= atOnce || bytes >= BATCH_BYTES) await flush();
  }
  await flush();
}

function withCount(error: unknown, sent: number): unknown {
  if (!(error instanceof TipstreamError) || sent === 0) return error;
  return new TipstreamError(error.code, `${error.message} (${sent} records had been redriven; run it again to go on)`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: { ...error.details, redriven: sent },
    cause: error,
  });
}
