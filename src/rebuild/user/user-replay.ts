/**
 * What the log says of one user's tips and rows: reads the user's servings, reactions and other events of one partition, in as many
 * steps as the caller likes, with the prunes that the state went through in their places. Changes nothing.
 */
import { TipstreamError } from '../../errors.js';
import { decodeRecord, type DecodeRules } from '../../events/decode.js';
import { partitionFunction, type PartitionerName } from '../../log/partitioner.js';
import type { ForgottenOffsets } from '../../events/forgotten-offsets.js';
import { readForgotten } from '../../log/forgotten.js';
import type { Log, LogRecord } from '../../log/port.js';
import { StagedTips } from '../../projections/prune.js';
import type { Registry } from '../../projections/registry.js';
import { StagedRows } from '../../projections/kept/staged-rows.js';
import type { KeptOfUser } from '../../projections/kept/user-rows.js';
import { foldFeedback, foldServed } from '../../projections/tip.js';
import type { RecordedPrune } from '../../store/tables/prunes.js';
import { type ConsumedTopic, FORGOTTEN_TOPIC, fullTopicName, TIP_TOPICS } from '../../topics.js';

export interface UserReplayOptions {
  readonly log: Log;
  readonly userId: string;
  readonly partition: number;
  readonly partitions: number;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  /** Whose kinds of rows are read beside tips. */
  readonly registry: Pick<Registry, 'kinds'>;
  readonly signal?: AbortSignal | undefined;
  /** In offsets of all topics: how many are behind, of how many known so far. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export class UserReplay {
  readonly #options: UserReplayOptions;
  readonly #key: Buffer;
  readonly #rules: DecodeRules;
  readonly #tips: StagedTips;
  readonly #rows: readonly StagedRows[];
  /** Without the prefix. */
  readonly #names: readonly ConsumedTopic[];
  /** topic with its prefix -> next offset to read */
  readonly #next = new Map<string, number>();
  /** Who was forgotten by the last positions read to. */
  #forgotten: ForgottenOffsets | undefined;
  #lastPrune = 0;
  #done = 0;
  #events = 0;

  constructor(options: UserReplayOptions) {
    const { userId, partitions, partitioner, maxValueBytes } = options;
    this.#options = options;
    this.#key = Buffer.from(userId);
    this.#rules = { maxValueBytes, partitions, partitioner: partitionFunction(partitioner) };
    this.#tips = new StagedTips(userId, []);
    const { kinds } = options.registry;
    this.#rows = kinds.map(({ kind }) => new StagedRows(kind, userId));
    this.#names = [...new Set<ConsumedTopic>([...TIP_TOPICS, ...kinds.flatMap(({ kind }) => kind.topics)])];
  }

  /** Events of the user that were applied. */
  get events(): number {
    return this.#events;
  }

  /** As of what was read. */
  kept(): KeptOfUser {
    return { tips: this.#tips.finish(), rows: new Map(this.#rows.map((staged) => [staged.kind.name, staged.finish()])) };
  }

  /** How many offsets lie between what was read and these positions. */
  behind(positions: ReadonlyMap<string, number>): number {
    return this.#topics().reduce((sum, { topic }) => sum + Math.max(0, (positions.get(topic) ?? 0) - (this.#next.get(topic) ?? 0)), 0);
  }

  /**
   * Reads on up to these positions of the state, exclusive. `prunes` are all that the state went through, asked for after the positions.
   * Throws offset_out_of_range when the log does not begin at 0 any more or ends too early, and the reason of `signal`, the option
   * unless given.
   */
  async readTo(positions: ReadonlyMap<string, number>, prunes: readonly RecordedPrune[], signal?: AbortSignal): Promise<void> {
    for (const prune of prunes) {
      if (prune.seq <= this.#lastPrune) continue;
      this.#tips.addPrune(prune);
      for (const staged of this.#rows) staged.addPrune(prune);
      this.#lastPrune = prune.seq;
    }
    if (this.#next.size === 0) await this.#checkComplete(positions);
    this.#report(positions);
    await this.#readForgotten(positions, signal);
    for (const { name, topic } of this.#topics()) {
      const to = positions.get(topic) ?? 0;
      if (this.#next.get(topic)! >= to) continue;
      await this.#read(name, topic, to, positions, signal);
    }
  }

  async #read(
    name: ConsumedTopic,
    topic: string,
    to: number,
    positions: ReadonlyMap<string, number>,
    signal = this.#options.signal,
  ): Promise<void> {
    const { log, partition } = this.#options;
    const from = this.#next.get(topic)!;
    const passed = (next: number) => {
      this.#done += next - this.#next.get(topic)!;
      this.#next.set(topic, next);
      this.#report(positions);
    };
    for await (const records of log.read({ topic, partition, from, to, ...(signal === undefined ? {} : { signal }) })) {
      signal?.throwIfAborted();
      for (const record of records)
        if (record.key?.equals(this.#key) && !this.#forgotten!.hides(topic, record.key, record.offset)) this.#apply(name, topic, record);
      const last = records.at(-1);
      if (last !== undefined) passed(last.offset + 1);
    }
    signal?.throwIfAborted();
    passed(to);
  }

  #apply(name: ConsumedTopic, topic: string, record: LogRecord): void {
    if (name === 'tip.served') {
      const decoded = decodeRecord(name, record, this.#rules);
      if (!decoded.ok) return;
      this.#tips.add(topic, record.offset, decoded.event.tip_id, (tip) => foldServed(tip, decoded.event));
    } else if (name === 'tip.feedback') {
      const decoded = decodeRecord(name, record, this.#rules);
      if (!decoded.ok) return;
      this.#tips.add(topic, record.offset, decoded.event.tip_id, (tip) => foldFeedback(tip, decoded.event));
    }
    for (const staged of this.#rows) {
      if (!staged.kind.topics.includes(name)) continue;
      const decoded = decodeRecord(name, record, this.#rules);
      if (!decoded.ok) return;
      const row = staged.kind.rowOf(decoded.event as Readonly<Record<string, unknown>>);
      if (row !== undefined) staged.add(topic, record.offset, row);
    }
    this.#events++;
  }

  /** A user who was forgotten since the round before begins anew: what was read of them does not exist any more. */
  async #readForgotten(positions: ReadonlyMap<string, number>, signal = this.#options.signal): Promise<void> {
    const { log, partition, topicPrefix } = this.#options;
    const to = positions.get(fullTopicName(topicPrefix, FORGOTTEN_TOPIC)) ?? 0;
    const known = this.#forgotten;
    const forgotten = await readForgotten(log, { topicPrefix, partition, to, signal });
    this.#forgotten = forgotten;
    if (known === undefined) return;
    const raised = this.#topics().some(({ topic }) => {
      const last = this.#next.get(topic)! - 1;
      return forgotten.hides(topic, this.#key, last) && !known.hides(topic, this.#key, last);
    });
    if (raised) throw forgottenMeanwhile();
  }

  async #checkComplete(positions: ReadonlyMap<string, number>): Promise<void> {
    const { log, partition } = this.#options;
    for (const { topic } of this.#topics()) {
      const to = positions.get(topic) ?? 0;
      const { low, end } = (await log.offsets(topic)).get(partition) ?? { low: 0, end: 0 };
      if (low > 0) {
        throw new TipstreamError(
          'offset_out_of_range',
          `${topic} partition ${partition} begins at offset ${low}: the ${low} records before it are gone, ` +
            'and what the state knows of the user from them would be lost',
          {
            hint:
              'Nothing was changed: the state holds more than the log can tell. Restore the ' +
              'deleted records, or keep the profile as it is.',
            details: { topic, partition, low },
          },
        );
      }
      if (end < to) {
        throw new TipstreamError(
          'offset_out_of_range',
          `${topic} partition ${partition} ends at offset ${end}, but the state holds events up ` +
            `to ${to}: this is not the log it was folded from`,
          {
            hint: 'Use the log that belongs to this data directory. Nothing was changed.',
            details: { topic, partition, end, position: to },
          },
        );
      }
      this.#next.set(topic, low);
    }
  }

  #report(positions: ReadonlyMap<string, number>): void {
    this.#options.onProgress?.(this.#done, this.#done + this.behind(positions));
  }

  #topics(): { readonly name: ConsumedTopic; readonly topic: string }[] {
    return this.#names.map((name) => ({ name, topic: fullTopicName(this.#options.topicPrefix, name) }));
  }
}

function forgottenMeanwhile(): TipstreamError {
  return new TipstreamError('not_ready', 'the user was forgotten while their events were read', {
    hint: 'Run it again, if it is still wanted: nothing was changed.',
  });
}
