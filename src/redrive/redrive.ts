/**
 * Dead letters put back on the topics that they came from: found, looked up in those topics, planned, and appended or only shown. A run
 * that was stopped is continued by another: what was appended says so itself.
 */
import { TipstreamError } from '../errors.js';
import { addressText } from '../events/redrive.js';
import { partitionFunction } from '../log/partitioner.js';
import type { Payload } from '../events/decode.js';
import type { Log, NewRecord } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import type { StateSource } from '../store/directory/state-files.js';
import { findLetters, type LettersFilter } from './find-letters.js';
import { lookAtSources, type Sources } from './look-at-sources.js';
import { planRedrive, SKIP_REASONS, type RedrivePlan } from './plan.js';
import { Preview, type ProfileChanges, type Verdict } from './preview.js';
import type { PlacementRules, RedriveChange } from './redriven-record.js';
import { redrivenRecords, sendRecords, type ReadyRecord } from './send.js';

export interface RedriveDeps {
  readonly log: Log;
  readonly registry: Registry;
  /** Whose profiles a dry run compares with. */
  readonly state: StateSource;
  readonly rules: Omit<PlacementRules, 'partitions'>;
}

export interface RedriveOptions extends Omit<LettersFilter, 'signal'>, RedriveChange {
  readonly max: number;
  readonly again: boolean;
  readonly dryRun: boolean;
  /** Records a second; absent: as fast as the log takes them. */
  readonly rate?: number | undefined;
  readonly nowMs: number;
  /** Stops between two batches: the document then says `stopped`. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((what: 'looking' | 'sending', done: number, total: number) => void) | undefined;
}

export interface RedrivenRow {
  /** TOPIC/PARTITION/OFFSET */
  readonly dead_letter: string;
  readonly source: string;
  readonly code: string | null;
  /** This time included. */
  readonly redrive_count: number;
  /** Where it went; without an offset where nothing was sent. */
  readonly to: { readonly topic: string; readonly partition: number; readonly offset?: number | undefined };
  /** Of a dry run: why it would be refused again; null: it would be accepted. */
  readonly refused?: Verdict | undefined;
}

export interface RedriveDocument {
  readonly dry_run: boolean;
  /** Refused records that the filters chose. */
  readonly matching: number;
  /** Sent, or in a dry run to be sent. */
  readonly redriven: number;
  readonly skipped: RedrivePlan['skipped'];
  /** Beyond the cap: the next run takes them. */
  readonly left: number;
  /** It was told to stop before the end. */
  readonly stopped: boolean;
  /** The first MAX_ROWS. */
  readonly records: readonly RedrivenRow[];
  readonly records_omitted: number;
  /** Of a dry run: how many would be refused again. */
  readonly would_be_refused?: number | undefined;
  /** Of a dry run; absent where there is no state to compare with. */
  readonly profiles?: ProfileChanges | undefined;
  readonly notes: readonly string[];
}

const MAX_ROWS = 1_000;

/**
 * Throws not_found for an address without a dead letter, invalid_argument for an edit of anything but one letter and for too many
 * letters, invalid_event for an edit that would be refused again, topic_not_found, and what the log throws while it writes, with how many
 * records there were.
 */
export async function redrive(deps: RedriveDeps, options: RedriveOptions): Promise<RedriveDocument> {
  const { log, rules } = deps;
  const { signal, onProgress, prefix, topic, code, sinceMs, address, repartition, edit, dryRun, mostLetters, closedTopics } = options;
  const { letters, closed } = await findLetters(log, {
    ...{ prefix, topic, code, sinceMs, address, mostLetters, closedTopics },
    ...(signal === undefined ? {} : { signal }),
  });
  if (address !== undefined && letters.length === 0) throw noSuchLetter(addressText(address), address);
  const sources = await lookAtSources(log, letters, { signal, onProgress: (done, total) => onProgress?.('looking', done, total) });
  const plan = planRedrive(letters, sources, options);
  if (edit !== undefined) checkOne(plan);
  let tooLarge = 0;
  const onTooLarge = (): void => void tooLarge++;
  const records = redrivenRecords(plan.send, { log, sources, rules, change: { repartition, edit }, onTooLarge, signal });
  const made = dryRun ? await show(records, sources, deps, options.nowMs) : await send(records, plan.send.length, deps, options);
  return {
    dry_run: dryRun,
    matching: letters.length,
    skipped: { ...plan.skipped, too_large: tooLarge },
    left: plan.left,
    ...made,
    notes: [...[...closed].map(leftOut), ...sources.notes],
  };
}

function leftOut([input, letters]: readonly [input: string, letters: number]): string {
  return `${letters} dead ${letters === 1 ? 'letter' : 'letters'} of ${input} left out: it takes the role own to write to that topic`;
}

type Made = Omit<RedriveDocument, 'dry_run' | 'matching' | 'skipped' | 'left' | 'notes'>;

/** What the registry, if there is one, makes of a record that is not in the log yet. */
async function payloadOf(log: Log, record: NewRecord & { readonly partition: number }): Promise<Payload | undefined> {
  const [found] = (await log.withPayloads?.([{ offset: 0, timestampMs: 0, headers: [], ...record }])) ?? [];
  return found?.payload;
}

async function show(records: AsyncIterable<ReadyRecord>, { partitions }: Sources, deps: RedriveDeps, nowMs: number): Promise<Made> {
  const { partitioner, maxValueBytes } = deps.rules;
  const preview = new Preview({ partitioner: partitionFunction(partitioner), maxValueBytes });
  const rows: RedrivenRow[] = [];
  let [count, refusedAgain] = [0, 0];
  for await (const { planned, record } of records) {
    const { input, source } = planned.letter;
    const refused = preview.add(input, record, partitions.get(source!.topic)!, await payloadOf(deps.log, record));
    count++;
    if (refused !== null) refusedAgain++;
    if (rows.length < MAX_ROWS)
      rows.push({ ...rowOf({ planned, record }), refused: refused && { code: refused.code, message: refused.message } });
  }
  const profiles = await preview.profiles(deps.state, deps.registry, nowMs);
  return {
    redriven: count,
    stopped: false,
    records: rows,
    records_omitted: count - rows.length,
    would_be_refused: refusedAgain,
    ...(profiles === undefined ? {} : { profiles }),
  };
}

async function send(records: AsyncIterable<ReadyRecord>, total: number, { log }: RedriveDeps, options: RedriveOptions): Promise<Made> {
  const { rate, signal, onProgress } = options;
  const rows: RedrivenRow[] = [];
  let count = 0;
  let stopped = false;
  try {
    await sendRecords(log, records, {
      rate,
      signal,
      onSent: (batch, addresses) => {
        count += batch.length;
        for (const [at, ready] of batch.entries()) {
          if (rows.length >= MAX_ROWS) break;
          rows.push(rowOf(ready, addresses[at]!.offset));
        }
        onProgress?.('sending', count, total);
      },
    });
  } catch (error) {
    if (signal?.aborted !== true || error !== signal.reason) throw error;
    stopped = true;
  }
  return { redriven: count, stopped, records: rows, records_omitted: count - rows.length };
}

function rowOf({ planned: { letter }, record: { topic, partition } }: ReadyRecord, offset?: number): RedrivenRow {
  return {
    dead_letter: addressText(letter.address),
    source: addressText(letter.source!),
    code: letter.code,
    redrive_count: letter.redriveCount + 1,
    to: { topic, partition, ...(offset === undefined ? {} : { offset }) },
  };
}

function noSuchLetter(text: string, details: object): TipstreamError {
  return new TipstreamError('not_found', `there is no dead letter ${text}`, {
    hint: '`tipstream dead-letters list` prints their addresses.',
    details: { ...details },
  });
}

function checkOne({ send, skipped, left }: RedrivePlan): void {
  if (send.length === 1 && left === 0) return;
  const why = SKIP_REASONS.filter((reason) => skipped[reason] > 0).map((reason) => `${skipped[reason]} ${reason}`);
  throw new TipstreamError(
    'invalid_argument',
    `an edit is of one dead letter, and ${send.length + left} were chosen (left out: ${why.join(', ') || 'none'})`,
    {
      hint: 'Give the address of the dead letter, such as tip.served-dlt/0/12.',
    },
  );
}
