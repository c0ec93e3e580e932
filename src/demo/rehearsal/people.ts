/**
 * Who lives through a rehearsal, and what each of them is asked: users of the simulated world that `simulate` compares policies in. Some
 * are there on the first day, and the same number of newcomers arrives on each later one. Everything follows from the plan, so a
 * rehearsal can be continued on another day.
 */
import { randomStream } from '../../random.js';
import type { Persona } from '../../simulation/persona.js';
import { personOf } from '../../simulation/population.js';
import { daysOf, type SimulatedDecision } from '../../simulation/world.js';

export const DAY_MS = 86_400_000;
/** How long a rehearsal lasts at most. */
export const MOST_DAYS = 120;
const DIGITS = 5;

export interface RehearsalPlan {
  readonly seed: number;
  readonly personas: readonly Persona[];
  /** On the first day. */
  readonly users: number;
  /** More of them on each later day. */
  readonly newcomersPerDay: number;
  /** Of each decision. */
  readonly candidates: number;
  /** Midnight, UTC. */
  readonly startMs: number;
}

/** A decision that somebody needs. Its candidates have ids of their own. */
export interface Question {
  readonly userId: string;
  readonly decisionId: string;
  readonly persona: Persona;
  readonly decision: SimulatedDecision;
}

interface Resident {
  readonly userId: string;
  readonly persona: Persona;
  readonly decisions: Generator<SimulatedDecision>;
  next: SimulatedDecision | undefined;
  asked: number;
}

/** The questions of one rehearsal, in the order of time. */
export class People {
  readonly #plan: RehearsalPlan;
  readonly #residents: Resident[] = [];

  constructor(plan: RehearsalPlan) {
    this.#plan = plan;
  }

  /** Those of everything up to `untilMs`, Unix ms, that were not answered before: ascending by requested_at_ms, then by user_id. */
  questionsUntil(untilMs: number): Question[] {
    this.#welcome(untilMs);
    const questions: Question[] = [];
    for (const resident of this.#residents) {
      while (resident.next !== undefined && resident.next.requestedAtMs < untilMs) questions.push(ask(resident));
    }
    return questions.sort((a, b) => a.decision.requestedAtMs - b.decision.requestedAtMs || (a.userId < b.userId ? -1 : 1));
  }

  #welcome(untilMs: number): void {
    const { startMs, users, newcomersPerDay } = this.#plan;
    const begunDays = Math.ceil((untilMs - startMs) / DAY_MS);
    const arrived = begunDays < 1 ? 0 : users + (begunDays - 1) * newcomersPerDay;
    for (let number = this.#residents.length; number < arrived; number++) {
      const day = number < users ? 0 : 1 + Math.floor((number - users) / newcomersPerDay);
      this.#residents.push(this.#resident(number, startMs + day * DAY_MS));
    }
  }

  #resident(number: number, arrivesMs: number): Resident {
    const { seed, personas, candidates, startMs } = this.#plan;
    const random = randomStream(seed, `rehearsal ${number}`);
    const persona = random.weighted(personas, ({ share }) => share);
    const world = { startMs: arrivesMs, durationMs: startMs + MOST_DAYS * DAY_MS - arrivesMs, candidates };
    const person = personOf(persona, randomStream(seed, `rehearsal taste ${number}`));
    const categories = randomStream(seed, `rehearsal categories ${number}`);
    const decisions = daysOf(person, world, { days: random, categories });
    const first = decisions.next();
    return {
      userId: `${persona.name}-${String(number + 1).padStart(DIGITS, '0')}`,
      persona,
      decisions,
      next: first.done === true ? undefined : first.value,
      asked: 0,
    };
  }
}

function ask(resident: Resident): Question {
  const { userId, persona, decisions } = resident;
  const decision = resident.next!;
  const following = decisions.next();
  resident.next = following.done === true ? undefined : following.value;
  const decisionId = `${userId}.${++resident.asked}`;
  const candidates = decision.candidates.map((candidate) => ({ ...candidate, tip_id: `${decisionId}.${candidate.tip_id}` }));
  return { userId, persona, decisionId, decision: { ...decision, candidates } };
}
