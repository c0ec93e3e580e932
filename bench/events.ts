/**
 * The upstream of the benchmarks: servings and reactions of many users over 45 days, in the order in which they would arrive. Repeatable
 * from a seed and an end time; made lazily, so that a million of them do not lie in memory as text.
 *
 * About half are tip.served and half tip.feedback. One tip in five gets no reaction and one in five two (a snooze, then a done or a
 * dismissal). One event in fifty is a duplicate; one serving in fifty arrives hours late, behind its feedback; one reaction in twenty was
 * made off line and arrives up to days late; a few come from a clock that is behind. Some users are far busier than others.
 */
import { randomStream, type Random } from '../src/random.js';
import type { Action } from '../src/topics.js';

export interface EventMix {
  readonly events: number;
  readonly users: number;
  /** Unix ms; nothing happens after it. */
  readonly endMs: number;
  /** Servings name the decision they come from, as they do when tipstream's own answers are served. */
  readonly withDecisions: boolean;
  /** tip_ids are random UUIDs and not 16 characters. */
  readonly uuids?: boolean;
  /** Share of all tips that one user has, beside the log-normal activity of all. */
  readonly busiest?: number;
  /** Length of a field that tipstream does not know, in every event. */
  readonly unknownBytes?: number;
}

export interface UpstreamEvent {
  readonly topic: 'tip.served' | 'tip.feedback';
  readonly userId: string;
  /** When the producer sends it, Unix ms. */
  readonly arrivedAtMs: number;
  readonly value: string;
}

const SEED = 20261121;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SPAN_DAYS = 45;
const CATEGORIES = ['health', 'finance', 'learning', 'home', 'travel', 'social', 'work', 'garden', 'music', 'sport'] as const;
const SOURCES = ['calendar', 'tasks', 'inbox'] as const;
/** How many tips are served in each hour of the user's day, in proportion. */
const HOURS = [1, 1, 0, 0, 0, 1, 4, 9, 10, 8, 6, 6, 8, 7, 5, 5, 6, 8, 10, 10, 9, 7, 4, 2];

interface User {
  readonly id: string;
  readonly utcOffsetMin: number;
  readonly favourite: string;
}

/** What is kept of an event until it is its turn. */
interface Arrival {
  readonly arrivedAtMs: number;
  readonly atMs: number;
  readonly tip: number;
  readonly user: User;
  /** Absent: a serving. */
  readonly action?: Action;
}

/** The id of the n-th user, as in the events. */
export function userIdOf(index: number): string {
  return uuid(randomStream(SEED, `user ${index}`));
}

function uuid(random: Random): string {
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-9${hex(random, 3)}-${hex(random, 12)}`;
}

export function* upstreamEvents(mix: EventMix): Generator<UpstreamEvent> {
  for (const arrival of arrivals(mix)) yield encode(arrival, mix);
}

function arrivals({ events, users: userCount, endMs, busiest = 0 }: EventMix): Arrival[] {
  const random = randomStream(SEED, 'arrivals');
  const anyUser = userChooser(userCount, random);
  const busy = busiest === 0 ? undefined : anyUser();
  const chooseUser = () => (busy !== undefined && random.chance(busiest) ? busy : anyUser());
  const found: Arrival[] = [];
  const add = (user: User, tip: number, atMs: number, delayMs: number, action?: Action) => {
    const arrival = { arrivedAtMs: Math.min(atMs + delayMs, endMs), atMs, tip, user, ...(action === undefined ? {} : { action }) };
    found.push(arrival);
    if (random.chance(0.02))
      found.push({ ...arrival, arrivedAtMs: Math.min(arrival.arrivedAtMs + Math.round(random.exponential(10 * MINUTE_MS)), endMs) });
  };
  const react = (user: User, tip: number, atMs: number, action: Action) => {
    if (atMs > endMs) return;
    const delay = random.chance(0.05) ? Math.min(random.exponential(12 * HOUR_MS), 4 * DAY_MS) : random.exponential(2 * SECOND_MS);
    add(user, tip, atMs, Math.round(delay), action);
  };
  for (let tip = 0; found.length < events; tip++) {
    const user = chooseUser();
    const servedAtMs = servingTime(random, user, endMs);
    add(user, tip, servedAtMs, Math.round(random.exponential(random.chance(0.02) ? 6 * HOUR_MS : 2 * SECOND_MS)));
    const fate = random.next();
    if (fate < 0.2) continue;
    const reactedAtMs =
      servedAtMs + (random.chance(0.005) ? -random.integer(1, 90) * SECOND_MS : Math.round(random.exponential(20 * MINUTE_MS)));
    const last = random.chance(0.6) ? 'done' : 'dismiss';
    if (fate < 0.8) react(user, tip, reactedAtMs, random.chance(0.1) ? 'snooze' : last);
    else {
      react(user, tip, reactedAtMs, 'snooze');
      react(user, tip, reactedAtMs + Math.round(random.exponential(8 * HOUR_MS)), last);
    }
  }
  found.length = events;
  return found.sort((a, b) => a.arrivedAtMs - b.arrivedAtMs);
}

/** Activity is log-normal: the busiest hundredth of users has about seven times the median's events. */
function userChooser(count: number, random: Random): () => User {
  const users: User[] = [];
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    users.push({ id: userIdOf(i), utcOffsetMin: random.integer(-8, 10) * 60, favourite: random.pick(CATEGORIES) });
    upTo[i] = sum += Math.exp(random.normal() * 0.85);
  }
  return () => {
    const wanted = random.next() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return users[low]!;
  };
}

function servingTime(random: Random, user: User, endMs: number): number {
  const hour = random.weighted(
    HOURS.map((_, at) => at),
    (at) => HOURS[at]!,
  );
  const midnightMs = Math.floor(endMs / DAY_MS) * DAY_MS - random.integer(1, SPAN_DAYS) * DAY_MS;
  return Math.min(midnightMs + hour * HOUR_MS - user.utcOffsetMin * MINUTE_MS + random.integer(0, HOUR_MS - 1), endMs);
}

function encode({ arrivedAtMs, atMs, tip, user, action }: Arrival, mix: EventMix): UpstreamEvent {
  // A tip's own fields must not depend on which of its events is encoded first.
  const random = randomStream(SEED, `tip ${tip}`);
  const tipId = mix.uuids === true ? uuid(random) : `tip-${hex(random, 12)}`;
  const unknown = mix.unknownBytes === undefined ? {} : { context: fillerOf(random, mix.unknownBytes) };
  const common = { tip_id: tipId, user_id: user.id, ...unknown };
  if (action !== undefined) {
    const feedback = { ...common, action, reacted_at_ms: atMs, utc_offset_min: user.utcOffsetMin };
    return { topic: 'tip.feedback', userId: user.id, arrivedAtMs, value: JSON.stringify(feedback) };
  }
  const category = random.chance(0.1) ? {} : { category: random.chance(0.4) ? user.favourite : random.pick(CATEGORIES) };
  const decision = mix.withDecisions ? { decision_id: `d-${hex(random, 16)}` } : {};
  const served = {
    ...common,
    served_at_ms: atMs,
    policy: 'egreedy-v1',
    source: random.pick(SOURCES),
    ...category,
    ...decision,
    utc_offset_min: user.utcOffsetMin,
  };
  return { topic: 'tip.served', userId: user.id, arrivedAtMs, value: JSON.stringify(served) };
}

/** Hexadecimal digits, of which each event takes others: making them for each by itself would take longer than folding it. */
const FILLER = hex(randomStream(SEED, 'filler'), 65_536);

function fillerOf(random: Random, bytes: number): string {
  const from = random.integer(0, FILLER.length - bytes);
  return FILLER.slice(from, from + bytes);
}

function hex(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits)
    text += Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return text.slice(0, digits);
}
