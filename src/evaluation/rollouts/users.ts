/** What a look knows of each user: sums of decisions and rewards before and after, in columns. */
import type { Place } from './place.js';
import { DONE_OR_NOT, type RewardScale } from './rewards.js';

export interface Sums {
  readonly decisions: number;
  /** Sum of their rewards; a decision without a reaction has the reward that nothing has. */
  readonly reward: number;
  /** Sum of their squares; absent: each is the lowest reward or the highest. */
  readonly squares?: number;
}

export interface RolloutUser {
  readonly place: Place;
  /** In a look's window before the rollout. */
  readonly before: Sums;
  /** In its window after. */
  readonly after: Sums;
  /** Of `after`: decisions that the placement gives to one arm and the log to the other. They are a fault of the rollout. */
  readonly misplaced?: number;
  /** Dimension -> the user's segment, as known before the rollout. */
  readonly segments?: Readonly<Record<string, string>>;
}

const COLUMNS = 8;
const [U, M, X, XX, N, Y, YY, MISPLACED] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Users in any order. Rewards are kept as whole steps above the lowest one, so that sums are exact. */
export class RolloutUsers {
  readonly scale: RewardScale;
  /** Steps from the lowest reward to the highest. */
  readonly range: number;
  /** Dimension -> segment -> rows of its users. */
  readonly segments = new Map<string, Map<string, number[]>>();
  #size = 0;
  #words = new Int32Array(1024);
  #columns = Array.from({ length: COLUMNS }, () => new Float64Array(1024));

  /** Throws RangeError for a scale whose rewards are not whole steps apart. */
  constructor(scale: RewardScale = DONE_OR_NOT) {
    this.scale = scale;
    this.range = (scale.high - scale.low) / scale.step;
    if (!(Number.isInteger(this.range) && this.range > 0))
      throw new RangeError(`${scale.low} to ${scale.high} is no whole number of steps of ${scale.step}`);
  }

  get size(): number {
    return this.#size;
  }

  /** Throws RangeError for sums that no rewards on the scale have. */
  add({ place, before, after, misplaced = 0, segments = {} }: RolloutUser): void {
    if (this.#size === this.#words.length) this.#grow();
    const row = this.#size;
    this.#words[row] = place.word | 0;
    const [m, n] = [this.#inSteps(before), this.#inSteps(after)];
    const values = [place.u, before.decisions, m.steps, m.squares, after.decisions, n.steps, n.squares, misplaced];
    for (const [i, value] of values.entries()) this.#columns[i]![row] = value;
    this.#size++;
    for (const [dimension, segment] of Object.entries(segments)) {
      let known = this.segments.get(dimension);
      if (known === undefined) this.segments.set(dimension, (known = new Map()));
      const rows = known.get(segment);
      if (rows === undefined) known.set(segment, [row]);
      else rows.push(row);
    }
  }

  /** First 32 bits for relabelling, by row. */
  get words(): Int32Array {
    return this.#words.subarray(0, this.#size);
  }

  get u(): Float64Array {
    return this.#column(U);
  }

  /** Decisions before. */
  get m(): Float64Array {
    return this.#column(M);
  }

  /** Rewards before, in steps. */
  get x(): Float64Array {
    return this.#column(X);
  }

  /** Sums of their squares, in squared steps. */
  get xx(): Float64Array {
    return this.#column(XX);
  }

  /** Decisions after. */
  get n(): Float64Array {
    return this.#column(N);
  }

  /** Rewards after, in steps. */
  get y(): Float64Array {
    return this.#column(Y);
  }

  /** Sums of their squares, in squared steps. */
  get yy(): Float64Array {
    return this.#column(YY);
  }

  get misplaced(): Float64Array {
    return this.#column(MISPLACED);
  }

  #column(index: number | undefined): Float64Array {
    return this.#columns[index!]!.subarray(0, this.#size);
  }

  #inSteps({ decisions, reward, squares }: Sums): { readonly steps: number; readonly squares: number } {
    const { low, step } = this.scale;
    const steps = (reward - low * decisions) / step;
    if (!(Number.isInteger(decisions) && Number.isInteger(steps) && decisions >= 0 && steps >= 0 && steps <= this.range * decisions))
      throw new RangeError(`${decisions} decisions have no rewards that add up to ${reward}`);
    if (squares === undefined) return { steps, squares: this.range * steps };
    const inSteps = (squares - 2 * low * reward + low * low * decisions) / (step * step);
    if (!(Number.isInteger(inSteps) && inSteps >= steps && inSteps <= this.range * steps))
      throw new RangeError(`${decisions} decisions have no rewards that add up to ${reward} and whose squares add up to ${squares}`);
    return { steps, squares: inSteps };
  }

  #grow(): void {
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#columns = this.#columns.map((column) => {
      const grown = new Float64Array(2 * column.length);
      grown.set(column);
      return grown;
    });
  }
}
