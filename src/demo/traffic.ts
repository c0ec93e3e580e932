/**
 * Upstream's traffic over many days of event time, in the order in which it reaches the log. A day is made, sorted into what is still
 * on its way, and handed out up to its end, so memory holds about three days' worth however long the period is.
 */
import { castUsers, habitsOn, type SimulatedUser } from './cast.js';
import type { SimulatedRecord } from './record.js';
import { composeServing } from './serving.js';

export interface TrafficOptions {
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  /** The period ends here, Unix ms; what would arrive later is left out. */
  readonly endMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** How often somebody looks at a time of day that is not theirs. */
const UNUSUAL_TIME = 0.15;

/** Ascending by timestampMs. The same options give the same records. */
export function* simulateTraffic(options: TrafficOptions): Generator<SimulatedRecord, void, undefined> {
  const { days, endMs } = options;
  const startMs = endMs - days * DAY_MS;
  const users = castUsers(options.seed, options.users);
  const decisions = new Map<string, number>();
  let onTheWay: SimulatedRecord[] = [];
  for (let day = 0; day < days; day++) {
    const dayStartMs = startMs + day * DAY_MS;
    for (const user of users) {
      if (!isActive(user, day, days)) continue;
      for (let left = servingsOn(user, dayStartMs); left > 0; left--) {
        const number = (decisions.get(user.userId) ?? 0) + 1;
        decisions.set(user.userId, number);
        const requestedAtMs = timeOfServing(user, day, dayStartMs);
        onTheWay.push(...composeServing(user, { decisionId: `${user.userId}.d${number}`, requestedAtMs, day, timeScale: 1 }));
      }
    }
    // Nothing made on a later day arrives before that day begins.
    const dayEndMs = dayStartMs + DAY_MS;
    onTheWay.sort((a, b) => a.timestampMs - b.timestampMs);
    const arrived = onTheWay.findIndex((record) => record.timestampMs >= dayEndMs);
    const count = arrived === -1 ? onTheWay.length : arrived;
    yield* onTheWay.slice(0, count);
    onTheWay = onTheWay.slice(count);
  }
}

function isActive({ persona }: SimulatedUser, day: number, days: number): boolean {
  return day >= Math.floor(persona.active[0] * days) && day < Math.ceil(persona.active[1] * days);
}

/** Poisson around the persona's rate for this kind of day. */
function servingsOn(user: SimulatedUser, dayStartMs: number): number {
  const { persona, random } = user;
  const rate = isWeekend(dayStartMs + DAY_MS / 2, user.utcOffsetMin) ? persona.tipsPerWeekendDay : persona.tipsPerWeekday;
  let servings = 0;
  for (let at = random.exponential(1); at < rate; at += random.exponential(1)) servings++;
  return servings;
}

/** A moment of the 24 hours from `dayStartMs` at one of the user's local hours. */
function timeOfServing(user: SimulatedUser, day: number, dayStartMs: number): number {
  const { random } = user;
  const hour = random.chance(UNUSUAL_TIME) ? random.integer(7, 23) : random.pick(habitsOn(user.persona, day).hours);
  const localMs = hour * HOUR_MS + random.integer(0, HOUR_MS - 1);
  const sinceDayStartMs = localMs - user.utcOffsetMin * MINUTE_MS - dayStartMs;
  return dayStartMs + (((sinceDayStartMs % DAY_MS) + DAY_MS) % DAY_MS);
}

function isWeekend(atMs: number, utcOffsetMin: number): boolean {
  // 1970-01-01 was a Thursday, three days after Monday.
  return (Math.floor((atMs + utcOffsetMin * MINUTE_MS) / DAY_MS) + 3) % 7 >= 5;
}
