/** What each policy got of one user, kept by how far the user had come: by number of the decision, and by time. */

/** Last decision of each stage of a user; what comes after the last has a stage too. */
const STAGE_ENDS = [5, 10, 20, 40, 80, 160, 320] as const;
export const STAGES = STAGE_ENDS.length + 1;
/** Stages that make up a user's first 20 decisions. */
export const FIRST_20 = { from: 0, to: 3 } as const;
/** Stages of what comes after the first 40. */
export const AFTER_40 = { from: 4, to: STAGES } as const;
/** The course of the simulation in equal parts. */
export const PARTS = 50;

/** The decisions of a stage, numbered from 1; the last has no end. */
export function stageBounds(stage: number): { readonly from: number; readonly to: number | null } {
  return { from: (STAGE_ENDS[stage - 1] ?? 0) + 1, to: STAGE_ENDS[stage] ?? null };
}

/** Sums over a user's decisions. */
class Sums {
  readonly rewardByStage = new Float64Array(STAGES);
  readonly regretByStage = new Float64Array(STAGES);
  readonly chanceByPart = new Float64Array(PARTS);
  readonly regretByPart = new Float64Array(PARTS);
}

export class UserEarnings {
  readonly persona: string;
  readonly decisionsByStage = new Float64Array(STAGES);
  readonly decisionsByPart = new Float64Array(PARTS);
  decisions = 0;
  readonly #sums: ReadonlyMap<string, Sums>;
  #stage = 0;
  #part = 0;

  constructor(persona: string, policies: readonly string[]) {
    this.persona = persona;
    this.#sums = new Map(policies.map((name) => [name, new Sums()]));
  }

  /** Before what policies make of the next decision is counted. `part`: of the simulation's time, below PARTS. */
  begin(part: number): void {
    this.decisions++;
    if (this.decisions > (STAGE_ENDS[this.#stage] ?? Infinity)) this.#stage++;
    this.#part = part;
    this.decisionsByStage[this.#stage]!++;
    this.decisionsByPart[part]!++;
  }

  /** `chance`: of a done of what `policy` chose; `best`: of the best candidate. */
  count(policy: string, done: boolean, chance: number, best: number): void {
    const sums = this.of(policy);
    if (done) sums.rewardByStage[this.#stage]!++;
    sums.regretByStage[this.#stage]! += best - chance;
    sums.chanceByPart[this.#part]! += chance;
    sums.regretByPart[this.#part]! += best - chance;
  }

  of(policy: string): Sums {
    return this.#sums.get(policy)!;
  }
}
