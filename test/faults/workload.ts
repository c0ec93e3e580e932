/**
 * What producers write in the course of a seed: stories of tips and decisions whose events come early, late, twice or not at all,
 * controls, and records that must be refused; in the order in which they are produced. And what is asked over HTTP.
 */
import type { Random } from '../../src/random.js';
import type { RejectionCode } from '../../src/events/rejection.js';
import { MAX_TIME_MS, type CandidatesEvent, type TopicName } from '../../src/topics.js';
import { brokenRecord, encoded, type Written } from './broken-records.js';

/** egreedy-v2 goes on from egreedy-v1, with and without its own vectors, or no longer. */
const MIGRATIONS = [
  { type: 'migrate', policy: 'egreedy-v2', from: 'egreedy-v1' },
  { type: 'migrate', policy: 'egreedy-v2', train_from_replay: true },
  { type: 'migrate', policy: 'egreedy-v2', undo: true },
] as const;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const START_MS = 1_700_000_000_000;

export interface Produced {
  readonly atMs: number;
  readonly record: Written;
  /** What it must be refused with; undefined for a valid event. */
  readonly refused?: RejectionCode;
  readonly event?: object;
}

export interface Asked {
  readonly atMs: number;
  readonly request: CandidatesEvent;
}

export interface Workload {
  readonly users: readonly string[];
  readonly partitions: number;
  readonly spanMs: number;
  /** By atMs. */
  readonly produced: readonly Produced[];
  readonly asked: readonly Asked[];
}

const USERS = ['a', 'u-1', '\u{1f600}', 'é', '__proto__', 'u-2', 'B', 'user with spaces'];
const CATEGORIES = ['sleep', 'work', '', 'é', '\u{10ffff}', 'A'];
const OFFSETS = [null, 0, -90, 345, 840, -840];

/** `activity`: what sessions and signals are drawn from, if there are any. `ownControls`: no two users' resets have one id. */
export function workload(random: Random, activity?: Random, ownControls = false): Workload {
  const partitions = random.weighted([1, 2, 3], (count) => [6, 4, 1.5][count - 1]!);
  const users = USERS.slice(0, random.integer(2, USERS.length));
  const spanMs = random.pick([2, 20, 45, 45, 120, 400]) * DAY_MS;
  const size = random.weighted([20, 45, 90, 160, 400], (events) => ({ 20: 5, 45: 8, 90: 4, 160: 2, 400: 0.4 })[events]!);
  const story = new Stories(random, users, partitions, spanMs, ownControls);
  while (story.produced.length < size) story.tell();
  if (random.chance(0.04)) story.heavyUser();
  if (activity !== undefined) {
    const sessions = new Stories(activity, users, partitions, spanMs);
    while (sessions.produced.length < size / 2) sessions.tellOfActivity();
    story.produced.push(...sessions.produced);
  }
  const byTime = <T extends { readonly atMs: number }>(list: readonly T[]) => [...list].sort((a, b) => a.atMs - b.atMs);
  return { users, partitions, spanMs, produced: byTime(story.produced), asked: byTime(story.asked) };
}

class Stories {
  readonly produced: Produced[] = [];
  readonly asked: Asked[] = [];
  #tips = 0;
  #decisions = 0;
  #controls = 0;

  constructor(
    private readonly random: Random,
    private readonly users: readonly string[],
    private readonly partitions: number,
    private readonly spanMs: number,
    private readonly ownControls = false,
  ) {}

  tell(): void {
    const { random } = this;
    const kind = random.weighted(
      ['tip', 'decision', 'control', 'broken'] as const,
      (each) => ({ tip: 6, decision: 4, control: 0.7, broken: 1.2 })[each],
    );
    if (kind === 'tip') this.#tip(random.pick(this.users), this.#moment());
    if (kind === 'decision') this.#decision();
    if (kind === 'control') this.#control();
    if (kind === 'broken') {
      const atMs = this.#moment();
      const { code, ...record } = brokenRecord(random, { users: this.users, partitions: this.partitions, atMs });
      this.#produce({ atMs, record, refused: code });
    }
  }

  tellOfActivity(): void {
    const { random } = this;
    const user = random.pick(this.users);
    const atMs = this.#moment();
    if (random.chance(0.3))
      return this.#event('signal.synced', { user_id: user, source: random.pick(['10', '9', 'é']), synced_at_ms: atMs }, user, atMs);
    const sessionId = random.chance(0.3) ? random.pick(['s1', '__proto__']) : `session-${random.integer(1, 60)}`;
    const length = random.pick([0, 1, MINUTE_MS, MINUTE_MS, MINUTE_MS + 1, random.integer(0, 3 * HOUR_MS), 40 * DAY_MS]);
    const session = { user_id: user, session_id: sessionId, started_at_ms: atMs, ended_at_ms: atMs + length };
    this.#event('app.session', { ...session, utc_offset_min: random.pick(OFFSETS) }, user, atMs + length);
  }

  /** More tips than the time index begins at. */
  heavyUser(): void {
    const user = this.random.pick(this.users);
    const from = this.#moment();
    const step = this.random.pick([0, 1, HOUR_MS, 8 * HOUR_MS]);
    for (let i = 0; i < 140; i++) {
      const at = from + i * step;
      this.#event('tip.served', { user_id: user, tip_id: `heavy-${i}`, served_at_ms: at, category: `c${i % 4}` }, user, at);
      if (i % 3 === 0)
        this.#event(
          'tip.feedback',
          { user_id: user, tip_id: `heavy-${i}`, action: 'done', reacted_at_ms: at + i, utc_offset_min: 60 },
          user,
          at + i,
        );
    }
  }

  #moment(): number {
    const { random } = this;
    return START_MS + (random.chance(0.1) ? random.integer(0, 3) * DAY_MS : random.integer(0, this.spanMs));
  }

  /** Some of the ids come again, so that stories run into each other. */
  #tipId(): string {
    return this.random.chance(0.15) ? this.random.pick(['t1', 't2', '__proto__']) : `tip-${++this.#tips}`;
  }

  #tip(user: string, servedAtMs: number, decisionId?: string, tipId = this.#tipId()): void {
    const { random } = this;
    const served = (at: number) => ({
      user_id: user,
      tip_id: tipId,
      served_at_ms: at,
      ...(decisionId === undefined ? {} : { decision_id: decisionId }),
      ...(random.chance(0.7) ? { category: random.pick(CATEGORIES) } : {}),
    });
    if (!random.chance(0.08)) this.#event('tip.served', served(servedAtMs), user, servedAtMs);
    if (random.chance(0.08)) {
      const again = servedAtMs + random.pick([0, -1, 1, -DAY_MS, HOUR_MS]);
      this.#event('tip.served', served(again), user, again);
    }
    for (let reactions = random.pick([0, 1, 1, 1, 2, 3]); reactions > 0; reactions--) {
      const after = random.pick([
        -5 * MINUTE_MS,
        0,
        1,
        random.integer(1, 90) * MINUTE_MS,
        random.integer(1, 90) * MINUTE_MS,
        7 * DAY_MS - 1,
        7 * DAY_MS,
        random.integer(1, 12) * DAY_MS,
        40 * DAY_MS,
      ]);
      const at = servedAtMs + after;
      this.#event(
        'tip.feedback',
        {
          user_id: user,
          tip_id: tipId,
          action: random.pick(['done', 'done', 'dismiss', 'snooze']),
          reacted_at_ms: at,
          utc_offset_min: random.pick(OFFSETS),
        },
        user,
        at,
      );
    }
  }

  #decision(): void {
    const { random } = this;
    const user = random.pick(this.users);
    const requestedAtMs = this.#moment();
    const repeats = this.#decisions > 0 && random.chance(0.15);
    const decisionId = repeats ? `d${random.integer(1, this.#decisions)}` : `d${++this.#decisions}`;
    const tips = [...new Set(Array.from({ length: random.integer(1, 4) }, () => this.#tipId()))];
    const request: CandidatesEvent = {
      user_id: user,
      decision_id: decisionId,
      requested_at_ms: requestedAtMs,
      ...(random.chance(0.5) ? { utc_offset_min: random.pick([-90, 0, 600]) } : {}),
      candidates: tips.map((tip_id) => ({
        tip_id,
        is_overdue: random.chance(0.5),
        task_age_days: random.pick([0, 3.7, 29.9, 31]),
        priority: random.integer(1, 4),
      })),
    };
    if (random.chance(0.3)) this.asked.push({ atMs: this.#arrival(requestedAtMs), request });
    else this.#event('tip.candidates', request, user, requestedAtMs);
    for (const tipId of tips) {
      if (!random.chance(0.7 / tips.length + 0.1)) continue;
      const served = requestedAtMs + random.pick([0, 1_000, MINUTE_MS, HOUR_MS, -HOUR_MS]);
      this.#tip(user, served, decisionId, tipId);
    }
    // A serving that names the decision, and is none of its candidates.
    if (random.chance(0.1)) this.#tip(user, requestedAtMs + MINUTE_MS, decisionId);
  }

  #control(): void {
    const { random } = this;
    const atMs = this.#moment();
    const facts = {
      control_id: random.chance(0.1) && this.#controls > 0 ? `c${random.integer(1, this.#controls)}` : `c${++this.#controls}`,
      effective_at_ms: atMs + random.pick([0, 0, -DAY_MS, DAY_MS]),
    };
    if (random.chance(0.4)) {
      const user = random.pick(this.users);
      if (this.ownControls) facts.control_id += ` of ${user}`;
      if (random.chance(0.25)) return this.#event('policy.control', { ...facts, ...random.pick(MIGRATIONS), user_id: user }, user, atMs);
      return this.#event('policy.control', { ...facts, type: 'reset', user_id: user }, user, atMs);
    }
    const control = {
      ...facts,
      ...random.pick([
        { type: 'promote', policy: 'egreedy-v2' },
        { type: 'promote', policy: 'egreedy-v1' },
        { type: 'rollback' },
        { type: 'configure', settings: { epsilon: 1 } },
        { type: 'configure', settings: { epsilon: 0, salt: 'x' } },
        { type: 'configure', settings: { shadow: 'egreedy-v2' } },
        { type: 'configure', settings: { shadow: 'off' } },
        { type: 'configure', settings: { shadow_learning: true } },
        { type: 'configure', settings: { shadow_learning: false } },
        { type: 'configure', settings: { rewards: { done: 0.7, dismiss: -0.25, snooze: 0.1 } } },
        { type: 'configure', settings: { rewards: { done: 1, window_ms: DAY_MS } } },
        ...MIGRATIONS,
      ]),
    };
    // One record for each partition; a producer that dies in between has written some of them.
    const written = random.chance(0.25) ? random.integer(1, this.partitions) : this.partitions;
    const producedAtMs = this.#arrival(atMs);
    for (let partition = 0; partition < written; partition++)
      this.#produce({ atMs: producedAtMs, record: { ...encoded(random, 'policy.control', control, null), partition }, event: control });
  }

  #event(topic: TopicName, event: object, user: string, eventMs: number): void {
    const { random } = this;
    const bounded = Math.min(MAX_TIME_MS, Math.max(0, eventMs));
    const produced: Produced = { atMs: this.#arrival(bounded), record: encoded(random, topic, event, user), event };
    this.#produce(produced);
    if (random.chance(0.06))
      this.#produce({ ...produced, atMs: produced.atMs + random.pick([0, 1, MINUTE_MS, random.integer(1, 60) * DAY_MS]) });
  }

  /** When an event of that time is written: mostly soon after, sometimes days late, sometimes before it has happened. */
  #arrival(eventMs: number): number {
    const { random } = this;
    return (
      eventMs +
      random.weighted(
        [random.integer(0, 5_000), random.integer(0, 120) * MINUTE_MS, random.integer(1, 50) * DAY_MS, -random.integer(0, 2) * DAY_MS],
        (late) => (late < 0 ? 0.5 : late <= 5_000 ? 8 : late <= 120 * MINUTE_MS ? 3 : 1),
      )
    );
  }

  #produce(produced: Produced): void {
    this.produced.push(produced);
  }
}
