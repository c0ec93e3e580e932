/**
 * A data directory with a seeded workload on its embedded log, a child that dies over it at a fault point, and everything that must
 * hold before the restart and after it. What must hold is worked out from the log's records and the definitions, never from the state.
 */
import { expect } from 'vitest';
import { verify } from '../../../src/verify/verify.js';
import type { FaultPoint } from '../../../src/fault-points.js';
import type { LogRecord } from '../../../src/log/port.js';
import type { Registry } from '../../../src/projections/registry.js';
import type { RebuildDocument } from '../../../src/rebuild/rebuild.js';
import { lockData } from '../../../src/store/directory/data-lock.js';
import { currentGeneration } from '../../../src/store/directory/layout.js';
import { digestDocument, openReaders } from '../../../src/store/queries/profiles.js';
import { deadLetterTopic, isRowTopic, type ScoredEvent, type TopicName } from '../../../src/topics.js';
import type { ActivityEvent } from '../../oracle/activity.js';
import { oracleDigest, oracleProfiles, type OracleProfile } from '../../oracle/profile.js';
import { crashChild, type CrashOrder } from './child.js';
import { rebuildWith } from './rebuild.js';
import { CRASH_SETTINGS, crashClock, crashFeatures } from './settings.js';
import { newDirectory } from '../embedded/directory.js';
import { addressOf, profileEvents, profileOf, readHistory, upTo, withActivity, type History } from '../embedded/history.js';
import { EmbeddedService, recordOf, type EmbeddedOptions } from '../embedded/service.js';
import { activityTraffic, traffic, TRAFFIC_AS_OF_MS, TRAFFIC_START_MS, type Traffic } from '../embedded/traffic.js';
import { stateIn } from '../state-in.js';

const DAY_MS = 86_400_000;
export const PARTITIONS = 2;
export const EARLIER_MS = TRAFFIC_AS_OF_MS - 20 * DAY_MS;
/** After all events. */
export const CRASH_CLOCK_MS = TRAFFIC_START_MS + 60 * DAY_MS;

const refusedRequests = [1, 2, 3].map((n) =>
  recordOf('tip.candidates', { decision_id: `refused-${n}`, user_id: `user-${n}`, requested_at_ms: TRAFFIC_START_MS, candidates: [] }),
);
/** What the traffic, and the list above, have of records that the contract refuses. */
const isRefused = ({ value }: LogRecord) =>
  value!.toString() === 'not json' ||
  value!.includes('"session_id":"refused-') ||
  value!.includes('"served_at_ms":-1') ||
  value!.includes('"decision_id":"refused-');

const isOfActivity = (record: LogRecord) => isRowTopic(record.topic as TopicName) && !isRefused(record);
const activityIn = ({ topic, partition, offset, value }: LogRecord) => ({
  partition,
  offset,
  event: { topic, value: JSON.parse(value!.toString()) } as ActivityEvent,
});

/** user_id -> profile, with sessions and signals where the histories, of a partition each, have them. */
function profilesOf(histories: readonly History[], asOfMs: number): Map<string, OracleProfile> {
  return new Map(
    histories.flatMap((history) =>
      [...oracleProfiles(profileEvents(history), asOfMs)].map(
        ([userId, profile]) => [userId, withActivity(history, userId, profile, asOfMs)] as const,
      ),
    ),
  );
}

export class CrashWorld {
  readonly embedded: EmbeddedService;
  readonly #traffic: Traffic;
  /** undefined: of tips alone. */
  readonly #activity: Traffic | undefined;
  readonly #registry: Registry;

  private constructor(embedded: EmbeddedService, seed: number, rows: boolean) {
    this.embedded = embedded;
    this.#traffic = traffic(seed);
    this.#activity = rows ? activityTraffic(seed) : undefined;
    this.#registry = crashFeatures(rows).registry;
  }

  /** With `records` records in the log, of which nothing is applied. `rows`: and with sessions and signals beside them. */
  static async open(seed: number, records = 900, directory = newDirectory(), { rows = false } = {}): Promise<CrashWorld> {
    const { scoring, ...settings } = CRASH_SETTINGS;
    const embedded = await EmbeddedService.open(directory, {
      ...settings,
      ...crashFeatures(rows),
      livePolicy: scoring.livePolicy,
      settings: scoring.settings,
      partitions: PARTITIONS,
      clock: crashClock(CRASH_CLOCK_MS),
      maxBatchRecords: 500,
    });
    const world = new CrashWorld(embedded, seed, rows);
    await embedded.append(...refusedRequests);
    await world.append(records);
    return world;
  }

  /** More of the workload. */
  async append(records: number): Promise<void> {
    await this.embedded.append(...this.#traffic.next(records), ...(this.#activity?.next(Math.ceil(records / 5)) ?? []));
  }

  /** A child does `action` until it dies at that passing of the point, which it must. */
  async dies(point: FaultPoint, passing: number, more: Partial<CrashOrder> = {}, onLine?: (line: string) => void): Promise<void> {
    const { signal, stdout, stderr } = await crashChild(
      {
        action: 'start',
        directory: this.embedded.directory,
        clockMs: CRASH_CLOCK_MS,
        point,
        passing,
        maxBatchRecords: 150,
        rows: this.#activity !== undefined,
        ...more,
      },
      onLine,
    );
    expect({ signal, said: stdout.split('\n').slice(-2) }, stderr).toEqual({
      signal: 'SIGKILL',
      said: [`died at ${point}, passing ${passing}`, ''],
    });
  }

  /** A child rebuilds, while this process owns the directory. */
  async childRebuilds(): Promise<unknown> {
    const { code, stdout, stderr } = await crashChild({
      action: 'rebuild',
      directory: this.embedded.directory,
      clockMs: CRASH_CLOCK_MS,
      maxBatchRecords: 150,
    });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  }

  /**
   * What lies there while nothing runs is what the records before its positions come to: nothing half, nothing twice, and no answer
   * lost.
   */
  async expectWhole(): Promise<void> {
    const { history, all } = await this.#read();
    const readers = openReaders(stateIn(this.embedded.directory), this.#registry);
    try {
      const applied = [...readers].map(([partition, reader]) => upTo(history, partition, Object.fromEntries(reader.positions())));
      const expected = profilesOf(applied, TRAFFIC_AS_OF_MS);
      expect(digestDocument(readers, TRAFFIC_AS_OF_MS, this.#registry.featureSet)).toMatchObject({
        digest: oracleDigest(expected),
        users: expected.size,
      });
      for (const [partition, reader] of readers)
        this.#expectCounts(
          partition,
          all.filter((record) => record.partition === partition && record.offset < (reader.positions().get(record.topic) ?? 0)),
        );
    } finally {
      for (const reader of readers.values()) reader.close();
    }
    const inLog = new Set(history.scored.map(({ event }) => event.decision_id));
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const owed = new Set(
        this.embedded
          .query<{ value: Buffer }>(partition, "SELECT value FROM outbox WHERE topic = 'tip.scored'")
          .map(({ value }) => (JSON.parse(value.toString()) as ScoredEvent).decision_id),
      );
      for (const { decision_id: id } of this.#decisions(partition))
        expect(inLog.has(id) || owed.has(id), `${id} is decided, and in neither log nor outbox`).toBe(true);
    }
  }

  /** The lock is free; a clean process goes on to the end of the log, and stops. */
  async restarts(overrides: EmbeddedOptions = {}): Promise<void> {
    lockData(this.embedded.directory, CRASH_CLOCK_MS).release();
    await this.embedded.start(overrides);
    await this.embedded.catchUp();
    await this.embedded.stop();
  }

  /**
   * After the restart everything is as if nothing had happened. `refusedAgain`: a file that was made anew refuses again what the previous
   * one had refused, at another time. `asOf`: times for which profiles are exact.
   */
  async expectRight({ refusedAgain = false, asOf = [TRAFFIC_AS_OF_MS, EARLIER_MS] as readonly number[] } = {}): Promise<void> {
    const { history, all } = await this.#read();
    for (const asOfMs of asOf) {
      const expected = profilesOf([history], asOfMs);
      expect(this.embedded.digest(asOfMs)).toMatchObject({ digest: oracleDigest(expected), users: expected.size });
    }
    await this.#expectEnds();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      this.#expectCounts(
        partition,
        all.filter((record) => record.partition === partition),
      );
      expect(this.embedded.query(partition, 'SELECT topic FROM outbox')).toEqual([]);
    }
    await this.#expectDecisions(history);
    await this.#expectDeadLetters(all, refusedAgain ? ['__dlq.errors.failed_at_ms'] : []);
    await this.#expectPublished(history);
    const verdict = await verify({
      log: this.embedded.log,
      registry: this.#registry,
      target: {
        dataDirectory: this.embedded.directory,
        topicPrefix: '',
        partitioner: 'murmur2',
        maxValueBytes: CRASH_SETTINGS.maxValueBytes,
        shadowLearning: true,
      },
      question: { asOfMs: TRAFFIC_AS_OF_MS },
      signal: new AbortController().signal,
    });
    expect(verdict).toMatchObject({ equal: true, differences: [] });
  }

  /** The live generation's name. */
  generation(): string {
    return currentGeneration(this.embedded.directory)!;
  }

  /** The log's valid records. */
  async history(): Promise<History> {
    return (await this.#read()).history;
  }

  /** How many records lie before the state's positions. */
  async appliedRecords(): Promise<number> {
    const readers = openReaders(stateIn(this.embedded.directory), this.#registry);
    try {
      return [...readers.values()].flatMap((reader) => [...reader.positions().values()]).reduce((sum, next) => sum + next, 0);
    } finally {
      for (const reader of readers.values()) reader.close();
    }
  }

  /** Rebuilds to its end, in this process. */
  async rebuild(registry: Registry = this.#registry): Promise<RebuildDocument> {
    return rebuildWith(this.embedded.log, this.embedded.directory, { clock: crashClock(CRASH_CLOCK_MS), registry });
  }

  /** user_id -> profile, as the oracle says it of the records before the state's positions. */
  async oracle(asOfMs: number): Promise<Map<string, OracleProfile>> {
    const { history } = await this.#read();
    const readers = openReaders(stateIn(this.embedded.directory), this.#registry);
    try {
      return profilesOf(
        [...readers].map(([partition, reader]) => upTo(history, partition, Object.fromEntries(reader.positions()))),
        asOfMs,
      );
    } finally {
      for (const reader of readers.values()) reader.close();
    }
  }

  close(): Promise<void> {
    return this.embedded.close();
  }

  async #read(): Promise<{ history: History; all: LogRecord[] }> {
    const all = (await Promise.all(this.#registry.topics.map((topic) => this.embedded.records(topic)))).flat();
    const history = await readHistory(this.embedded, new Set(all.filter(isRefused).map(addressOf)));
    return { all, history: this.#activity === undefined ? history : { ...history, activity: all.filter(isOfActivity).map(activityIn) } };
  }

  /** Each record is counted once, as applied or as rejected. */
  #expectCounts(partition: number, applied: readonly LogRecord[]): void {
    const counts = Object.fromEntries(
      this.embedded
        .query<{ name: string; count: number }>(partition, 'SELECT name, count FROM tally')
        .map(({ name, count }) => [name, count]),
    );
    for (const topic of this.#registry.topics) {
      const mine = applied.filter((record) => record.topic === topic);
      const rejected = Object.entries(counts)
        .filter(([name]) => name.startsWith(`rejected:${topic}:`))
        .reduce((sum, [, count]) => sum + count, 0);
      expect({ topic, applied: counts[`applied:${topic}`] ?? 0, rejected }).toEqual({
        topic,
        applied: mine.filter((record) => !isRefused(record)).length,
        rejected: mine.filter(isRefused).length,
      });
    }
  }

  async #expectEnds(): Promise<void> {
    for (const topic of this.#registry.topics) {
      const ends = Object.fromEntries([...(await this.embedded.log.offsets(topic))].map(([partition, { end }]) => [partition, end]));
      const committed = Object.fromEntries(await this.embedded.log.committed('test', topic));
      const applied = Object.fromEntries(
        Array.from({ length: PARTITIONS }, (_, partition) => [
          partition,
          this.embedded.query<{ next_offset: number }>(partition, 'SELECT next_offset FROM position WHERE topic = ?', topic)[0]
            ?.next_offset,
        ]),
      );
      expect({ topic, applied, committed }).toEqual({ topic, applied: ends, committed: ends });
    }
  }

  /**
   * Each request has one decision, with one content however often it was published; the record with the lowest offset is kept, and its
   * profile is what its positions say.
   */
  async #expectDecisions(history: History): Promise<void> {
    const asked = [...new Set(history.candidates.map(({ event }) => event.decision_id))].sort();
    for (const list of [history.scored, history.shadow]) {
      const contents = new Map<string, Set<string>>();
      for (const { event } of list)
        contents.set(event.decision_id, (contents.get(event.decision_id) ?? new Set()).add(JSON.stringify(event)));
      expect([...contents.keys()].sort()).toEqual(asked);
      for (const [id, found] of contents) expect([...found], id).toHaveLength(1);
    }
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const first = new Map<string, { offset: number; record: string }>();
      for (const { offset, value } of (await this.embedded.records('tip.scored')).filter((record) => record.partition === partition)) {
        const { decision_id: id } = JSON.parse(value!.toString()) as ScoredEvent;
        if (!first.has(id)) first.set(id, { offset, record: value!.toString() });
      }
      expect(
        new Map(
          this.#decisions(partition).map(({ decision_id: id, scored_offset: offset, record }) => [
            id,
            { offset, record: JSON.stringify(JSON.parse(record)) },
          ]),
        ),
      ).toEqual(first);
    }
    for (const { partition, event } of history.scored)
      expect(event.profile.features, event.decision_id).toEqual(
        profileOf(upTo(history, partition, event.positions), event.user_id, event.profile.as_of_ms),
      );
  }

  /** Each refused record has its dead letter, with one content however often it was sent, but for some headers. */
  async #expectDeadLetters(all: readonly LogRecord[], butFor: readonly string[]): Promise<void> {
    for (const topic of this.#registry.topics) {
      const letters = new Map<string, Set<string>>();
      for (const { key, value, headers } of await this.embedded.records(deadLetterTopic(topic))) {
        const named = new Map(headers.map(([name, text]) => [name, text!.toString()]));
        const address = ['topic', 'partition', 'offset'].map((name) => named.get(`__dlq.errors.${name}`)).join('/');
        letters.set(
          address,
          (letters.get(address) ?? new Set()).add(
            JSON.stringify([key?.toString(), value!.toString(), [...named].filter(([name]) => !butFor.includes(name))]),
          ),
        );
      }
      expect([...letters.keys()].sort()).toEqual(
        all
          .filter((record) => record.topic === topic && isRefused(record))
          .map(addressOf)
          .sort(),
      );
      for (const [address, found] of letters) expect([...found], address).toHaveLength(1);
    }
  }

  /** The last message of every user's profile says what is true of it: a tombstone, of one who is not known. */
  async #expectPublished(history: History): Promise<void> {
    const last = new Map<string, { as_of_ms: number; features: OracleProfile } | null>();
    for (const { key, value } of await this.embedded.records('profile.features'))
      last.set(key!.toString(), value && (JSON.parse(value.toString()) as { as_of_ms: number; features: OracleProfile }));
    const known = profilesOf([history], CRASH_CLOCK_MS);
    for (const user of new Set([...history.served, ...history.feedback].map(({ event }) => event.user_id))) {
      const message = last.get(user);
      expect(message, `${user} has no message`).toBeDefined();
      expect(message?.features, user).toEqual(message ? profileOf(history, user, message.as_of_ms) : known.get(user));
    }
  }

  #decisions(partition: number): { decision_id: string; scored_offset: number | null; record: string }[] {
    return this.embedded.query(partition, 'SELECT decision_id, scored_offset, record FROM decision');
  }
}
