/**
 * When a rollout is looked at, and which decisions each look compares. A function of the log's times alone: a process that comes late
 * takes the looks that it missed, in their order, each as of its own time.
 */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const FIRST_LOOK_MS = 1.5 * HOUR_MS;
/** When half of alpha is spent. */
const HALF_SPENT_MS = 72 * HOUR_MS;
/** How old a decision is when its reward is compared: a look takes the greatest of which four fit into its time, the first one at least. */
export const AGES_MS: readonly number[] = [HOUR_MS / 6, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS];
/** The time before a rollout that says how users differ. */
export const BEFORE_MS = 14 * DAY_MS;
/** When the verdict on a gain is final, unless a promote says otherwise. */
export const HORIZON_MS = 14 * DAY_MS;

/** Requested at or after `fromMs` and before `toMs`, Unix ms. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Look {
  /** 0, 1, .. in its epoch. */
  readonly index: number;
  /** From the epoch's start, ms. */
  readonly elapsedMs: number;
  /** What it knows: events with a time up to this one, Unix ms. */
  readonly atMs: number;
  /** Reactions take a while to arrive: it is taken when stream time has passed this, Unix ms. */
  readonly dueAtMs: number;
  /** A reward counts when its reaction came within this time of the request, ms; the same before and after. */
  readonly ageMs: number;
  /** Share of the epoch's alpha that this look and those before it may spend together, below 1. */
  readonly spent: number;
  /** Before anybody was treated. Ends an age early, so that every reward was known before the start. */
  readonly before: Window;
  /** Ends an age before the look, so that every reward is as old. */
  readonly after: Window;
  /** The same for the verdict on a gain: 1 at the horizon, where it is final; null after it, when it is not looked at again. */
  readonly gainSpent: number | null;
}

export interface LookTimes {
  /** When the rollout's first promote took effect, Unix ms. */
  readonly rolloutStartMs: number;
  /** When this epoch began: the same, or when the percentage was changed. */
  readonly startMs: number;
  /** Looks at this time or before, Unix ms. */
  readonly untilMs: number;
  /** From the epoch's start, ms. */
  readonly horizonMs?: number;
}

/**
 * In their order: 1.5 hours after the start, 3, 6, 12 and so on, and at the horizon. By the clock: a look after so many decisions of the
 * treated arm would depend on what the arm does to people.
 */
export function looksOf({ rolloutStartMs, startMs, untilMs, horizonMs = HORIZON_MS }: LookTimes): Look[] {
  const elapsed = new Set<number>();
  for (let each = FIRST_LOOK_MS; startMs + each <= untilMs; each *= 2) elapsed.add(each);
  if (startMs + horizonMs <= untilMs) elapsed.add(horizonMs);
  return [...elapsed]
    .sort((a, b) => a - b)
    .map((elapsedMs, index) => {
      const ageMs = AGES_MS.findLast((age) => 4 * age <= elapsedMs) ?? AGES_MS[0]!;
      const atMs = startMs + elapsedMs;
      return {
        index,
        elapsedMs,
        atMs,
        dueAtMs: atMs + ageMs,
        ageMs,
        spent: spentBy(elapsedMs),
        before: { fromMs: rolloutStartMs - BEFORE_MS, toMs: rolloutStartMs - ageMs },
        after: { fromMs: startMs, toMs: atMs - ageMs },
        gainSpent: elapsedMs < horizonMs ? spentBy(elapsedMs) : elapsedMs === horizonMs ? 1 : null,
      };
    });
}

/** A quarter of alpha after a day, four fifths after two weeks: never all of it, so that a rollout of any length stays watched. */
export function spentBy(elapsedMs: number): number {
  return elapsedMs / (elapsedMs + HALF_SPENT_MS);
}
