/** What a simulated user does with a tip, and when. */
import type { Action, Candidate } from '../topics.js';
import { habitsOn, type SimulatedUser } from './cast.js';

export interface Reaction {
  readonly action: Action;
  readonly atMs: number;
}

const HOUR_MS = 3_600_000;
const MOST_LIKELY = 0.92;
/** How much longer than its median a dwell often is, as the standard deviation of its logarithm. */
const DWELL_SPREAD = 0.9;
const SNOOZED_THEN_DONE = 0.45;
const SNOOZED_THEN_DISMISSED = 0.1;
const DISMISSED_THEN_DONE = 0.04;
const DONE_TWICE = 0.03;

export interface Showing {
  readonly candidate: Candidate;
  readonly servedAtMs: number;
  /** Days of the simulation that have passed. */
  readonly day: number;
  /** 1 in event time; less makes everything happen that much sooner. */
  readonly timeScale: number;
}

/** None, one or several reactions to one tip, in the order in which they happen. */
export function react(user: SimulatedUser, showing: Showing): Reaction[] {
  const { random, persona } = user;
  const first = firstAction(user, showing);
  if (first === null) return [];
  const dwellMs = Math.round(persona.medianDwellMs * Math.exp(DWELL_SPREAD * random.normal()) * showing.timeScale);
  const reactions: Reaction[] = [{ action: first, atMs: showing.servedAtMs + dwellMs }];
  const second = secondAction(first, random.next());
  if (second !== null) {
    const waitMs = Math.round(random.integer(HOUR_MS, 30 * HOUR_MS) * showing.timeScale);
    reactions.push({ action: second, atMs: showing.servedAtMs + dwellMs + waitMs });
  }
  return reactions;
}

function firstAction(user: SimulatedUser, { candidate, servedAtMs, day }: Showing): Action | null {
  const { persona, random } = user;
  const habits = habitsOn(persona, day);
  const loved = habits.favourites.some((favourite) => favourite === candidate.category);
  const timely = habits.hours.includes(localHour(servedAtMs, user.utcOffsetMin));
  const done = Math.min(MOST_LIKELY, persona.done * (loved ? 1.4 : 0.75) * (timely ? 1.15 : 0.75) * (candidate.is_overdue ? 1.15 : 0.95));
  const dismiss = persona.dismiss * (loved ? 0.6 : 1.2);
  const draw = random.next();
  if (draw < done) return 'done';
  if (draw < done + dismiss) return 'dismiss';
  return draw < done + dismiss + persona.snooze ? 'snooze' : null;
}

function secondAction(first: Action, draw: number): Action | null {
  switch (first) {
    case 'snooze':
      if (draw < SNOOZED_THEN_DONE) return 'done';
      return draw < SNOOZED_THEN_DONE + SNOOZED_THEN_DISMISSED ? 'dismiss' : null;
    case 'dismiss':
      return draw < DISMISSED_THEN_DONE ? 'done' : null;
    case 'done':
      return draw < DONE_TWICE ? 'done' : null;
  }
}

function localHour(atMs: number, utcOffsetMin: number): number {
  return Math.floor((atMs / 60_000 + utcOffsetMin) / 60) % 24;
}
