/**
 * The simulated people's sessions and signals, made of the requests to score in their traffic: who asks for a tip has the application open,
 * which often reads a source of theirs. Draws come from streams of their own, so that the traffic is the same with them and without.
 */
import { randomStream, type Random } from '../random.js';
import type { CandidatesEvent, SessionEvent, SignalSyncedEvent } from '../topics.js';
import type { SimulatedRecord } from './record.js';

const SOURCES = ['calendar', 'mail', 'tasks'] as const;
const MINUTE_MS = 60_000;
/** Shares of what can happen. */
const READS_A_SOURCE = 0.5;
const DUPLICATED = 0.03;
/** Phones that are offline when a session ends tell of it within hours. */
const LATE = 0.05;

export class SimulatedActivity {
  readonly #seed: number;
  readonly #timeScale: number;
  readonly #streams = new Map<string, Random>();
  /** On their way, ascending by timestampMs. */
  #onTheWay: SimulatedRecord[] = [];

  /** `timeScale`: 1 in event time; less makes what follows a request that much shorter. */
  constructor(seed: number, timeScale = 1) {
    this.#seed = seed;
    this.#timeScale = timeScale;
  }

  /** Notes what the traffic does. */
  saw(record: SimulatedRecord): void {
    if (record.topic !== 'tip.candidates' || record.fault !== null || record.key === null) return;
    const request = record.value as CandidatesEvent;
    const random = this.#streamOf(record.key);
    const startedMs = request.requested_at_ms - random.integer(2_000, MINUTE_MS);
    if (random.chance(READS_A_SOURCE)) {
      const synced: SignalSyncedEvent = {
        user_id: record.key,
        source: random.pick(SOURCES),
        synced_at_ms: startedMs + random.integer(200, 1_500),
      };
      this.#send('signal.synced', record.key, synced, record.timestampMs);
    }
    const endedMs = request.requested_at_ms + Math.round((20_000 + random.exponential(3 * MINUTE_MS)) * this.#timeScale);
    const session: SessionEvent = {
      user_id: record.key,
      session_id: `${request.decision_id}.s`,
      started_at_ms: startedMs,
      ended_at_ms: endedMs,
      ...(request.utc_offset_min == null ? {} : { utc_offset_min: request.utc_offset_min }),
    };
    const lateMs = random.chance(LATE) ? random.integer(60 * MINUTE_MS, 600 * MINUTE_MS) * this.#timeScale : 0;
    this.#send('app.session', record.key, session, Math.max(record.timestampMs, endedMs + lateMs));
    if (random.chance(DUPLICATED)) this.#send('app.session', record.key, session, endedMs + lateMs + random.integer(200, 5_000));
    this.#onTheWay.sort((a, b) => a.timestampMs - b.timestampMs);
  }

  /** What has arrived by then, ascending; each once. */
  arrivedBy(ms: number): SimulatedRecord[] {
    const later = this.#onTheWay.findIndex(({ timestampMs }) => timestampMs > ms);
    return this.#onTheWay.splice(0, later === -1 ? this.#onTheWay.length : later);
  }

  #send(topic: 'app.session' | 'signal.synced', key: string, value: object, arrivesMs: number): void {
    this.#onTheWay.push({ topic, key, value, timestampMs: Math.round(arrivesMs), fault: null });
  }

  #streamOf(userId: string): Random {
    let stream = this.#streams.get(userId);
    if (stream === undefined) this.#streams.set(userId, (stream = randomStream(this.#seed, `activity ${userId}`)));
    return stream;
  }
}

/** The traffic with sessions and signals in it, ascending by timestampMs. What would arrive after its last record is left out. */
export function* withActivity(traffic: Iterable<SimulatedRecord>, seed: number): Generator<SimulatedRecord, void, undefined> {
  const activity = new SimulatedActivity(seed);
  for (const record of traffic) {
    yield* activity.arrivedBy(record.timestampMs);
    yield record;
    activity.saw(record);
  }
}
