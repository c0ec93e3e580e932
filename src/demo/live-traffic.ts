/**
 * The same people going on in real time, as a trickle: reactions and delays are sixty times shorter, so that somebody who watches
 * sees a tip answered within seconds and late feedback within the hour.
 */
import { castUsers } from './cast.js';
import { pause } from '../back-off.js';
import { randomStream } from '../random.js';
import type { SimulatedRecord } from './record.js';
import { composeServing } from './serving.js';

export interface LiveClock {
  /** Unix ms. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface LiveTrafficOptions {
  readonly seed: number;
  /** As in simulateTraffic: the same seed and number are the same people. */
  readonly users: number;
  /** Records per second, on average. */
  readonly ratePerSecond: number;
  readonly clock: LiveClock;
  /** Ends the traffic. */
  readonly signal: AbortSignal;
}

/** How much shorter reactions and delays are. */
export const TIME_SCALE = 1 / 60;
/** Records that one serving causes, on average; a unit test holds it to what simulateTraffic makes. */
export const RECORDS_PER_SERVING = 2.9;
/** Drifters have drifted by now. */
const DAYS_PASSED = 1_000;
/** More than this on the way (a fast rate, a slow log): the newest servings are skipped until some have arrived. */
const MOST_ON_THE_WAY = 50_000;

/** Yields each record when it is due; ends when the signal aborts. */
export async function* liveTraffic(options: LiveTrafficOptions): AsyncGenerator<SimulatedRecord, void, undefined> {
  const { seed, clock, signal, ratePerSecond } = options;
  const startMs = clock.now();
  const people = castUsers(seed, options.users).filter(({ persona }) => persona.active[1] === 1);
  const random = randomStream(seed, `live ${startMs}`);
  const meanGapMs = (1_000 / ratePerSecond) * RECORDS_PER_SERVING;
  /** Unique across runs that share a log. */
  const run = startMs.toString(36);
  const onTheWay: SimulatedRecord[] = [];
  let servings = 0;
  let nextServingMs = startMs;
  while (!signal.aborted) {
    const nowMs = clock.now();
    for (; nextServingMs <= nowMs; nextServingMs += random.exponential(meanGapMs)) {
      if (onTheWay.length >= MOST_ON_THE_WAY) continue;
      const user = random.weighted(people, ({ persona }) => persona.tipsPerWeekday);
      const plan = {
        decisionId: `${user.userId}.${run}.${++servings}`,
        requestedAtMs: Math.floor(nextServingMs),
        day: DAYS_PASSED,
        timeScale: TIME_SCALE,
      };
      onTheWay.push(...composeServing({ ...user, random }, plan));
      onTheWay.sort((a, b) => a.timestampMs - b.timestampMs);
    }
    while (onTheWay.length > 0 && onTheWay[0]!.timestampMs <= nowMs) {
      yield onTheWay.shift()!;
      if (signal.aborted) return;
    }
    const dueMs = Math.min(nextServingMs, onTheWay[0]?.timestampMs ?? Infinity);
    await clock.wait(Math.max(0, dueMs - clock.now()), signal);
  }
}

/** The real clock. */
export const systemClock: LiveClock = {
  now: () => Date.now(),
  wait: pause,
};
