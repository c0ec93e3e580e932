/**
 * What kinds of users there are in the simulated world, and what makes them follow a tip. Reward models are logistic: known, so that
 * regret can be computed.
 */
import { z } from 'zod';
import { jsonProblem } from '../events/json-problem.js';
import { TipstreamError } from '../errors.js';

/** What tips are about; by code point. */
export const CATEGORIES = ['errands', 'finance', 'health', 'home', 'learning', 'work'] as const;
export type Category = (typeof CATEGORIES)[number];

const finite = z.number().min(-20).max(20);
const weightsSchema = z.strictObject({
  /** How much more likely a done is for an overdue task, for one of 30 days, for the most urgent priority (log-odds). */
  is_overdue: finite.default(0),
  task_age: finite.default(0),
  priority: finite.default(0),
  /** At the preferred hour; minus as much half a day away. */
  preferred_hour: finite.default(0),
  weekend: finite.default(0),
});

export const personaSchema = z.strictObject({
  name: z.string().min(1).max(64),
  /** How many of them there are, relative to the others. */
  share: z.number().positive().default(1),
  /** Decisions a day. */
  decisions_per_day: z.number().positive().max(200),
  /** Log-odds of a done for a tip with nothing special. */
  base: finite,
  weights: weightsSchema.default({ is_overdue: 0, task_age: 0, priority: 0, preferred_hour: 0, weekend: 0 }),
  /** Local hour at which they use the app most, 0-23, and how sharply (0: all day alike). */
  active_hour: z.number().min(0).max(23),
  active_sharpness: z.number().min(0).max(20).default(2),
  /** Share of the tips that are not done which they dismiss; the rest is left. */
  dismisses: z.number().min(0).max(1).default(0.3),
  /** How long they take to react, ms. */
  dwell_ms: z.number().positive().default(60_000),
  /** From this share of the simulation on the weights are these. */
  drift: z.strictObject({ from: z.number().min(0).max(1), weights: weightsSchema }).optional(),
  /** Whether the first decisions find 30 days of history in the profile. */
  history: z.boolean().default(true),
  /** How much more likely a done is for a tip of the one category that a user prefers (log-odds). Which one differs from user to user. */
  taste: finite.default(0),
});

export type Persona = z.output<typeof personaSchema>;
export type Weights = z.output<typeof weightsSchema>;

/** One user: a persona's traits, and the category that this user prefers. */
export interface Person extends Persona {
  readonly favourite: Category;
}

const persona = (definition: z.input<typeof personaSchema>): Persona => personaSchema.parse(definition);

export const PERSONAS: readonly Persona[] = [
  persona({
    name: 'morning',
    decisions_per_day: 6,
    base: -1,
    active_hour: 8,
    active_sharpness: 4,
    weights: { is_overdue: 1.2, priority: 0.8, preferred_hour: 1 },
  }),
  persona({
    name: 'evening',
    decisions_per_day: 6,
    base: -1,
    active_hour: 20,
    active_sharpness: 4,
    weights: { is_overdue: 0.4, task_age: 1.2, preferred_hour: 1 },
  }),
  persona({
    name: 'dismisser',
    decisions_per_day: 8,
    base: -2.5,
    active_hour: 13,
    dismisses: 0.9,
    dwell_ms: 4_000,
    weights: { priority: 1.5 },
  }),
  persona({
    name: 'drifter',
    decisions_per_day: 8,
    base: -1,
    active_hour: 12,
    weights: { is_overdue: 1.5, priority: 1 },
    drift: { from: 0.5, weights: { is_overdue: -1.5, priority: -1, task_age: 1.5, preferred_hour: 0, weekend: 0 } },
  }),
  persona({ name: 'newcomer', decisions_per_day: 4, base: -0.8, active_hour: 11, history: false, weights: { is_overdue: 1, priority: 1 } }),
  persona({
    name: 'heavy',
    decisions_per_day: 40,
    base: -0.6,
    active_hour: 14,
    active_sharpness: 1,
    weights: { is_overdue: 0.8, task_age: -1, priority: 1.2 },
  }),
  persona({ name: 'light', decisions_per_day: 0.7, base: -0.6, active_hour: 18, weights: { is_overdue: 1, priority: 1 } }),
  persona({ name: 'weekender', decisions_per_day: 4, base: -1.5, active_hour: 10, weights: { weekend: 1.5, task_age: 1.5 } }),
  persona({ name: 'contrarian', decisions_per_day: 6, base: -0.5, active_hour: 16, weights: { is_overdue: -1, priority: -1.5 } }),
];

/** Personas of a file: a JSON array. Throws invalid_argument naming what is wrong where. */
export function parsePersonas(text: string, file: string): Persona[] {
  const wrong = (what: string): TipstreamError =>
    new TipstreamError('invalid_argument', `${file}: ${what}`, {
      hint: 'Give a JSON array of personas; `tipstream simulate --print-personas` prints the built-in ones to begin with.',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(`not JSON: ${jsonProblem(error)}`);
  }
  const result = z.array(personaSchema).min(1).safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw wrong(`${issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `}${issue!.message}`);
  }
  const names = result.data.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(`two personas are named ${JSON.stringify(twice)}`);
  return result.data;
}
