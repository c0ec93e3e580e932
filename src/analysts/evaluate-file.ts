/** Evaluates policies on decisions from somewhere else: one with a verdict, or many at once. */
import { TipstreamError } from '../errors.js';
import { Evaluator, type Evaluation } from '../evaluation/evaluate.js';
import type { SimulatedGain } from '../evaluation/gate.js';
import { ManyComparison } from '../evaluation/many/comparison.js';
import { variantsOf, type Grid } from '../evaluation/many/variants.js';
import { VariantsReplay } from '../evaluation/many/variants-replay.js';
import { PolicyReplay, type SetAside } from '../evaluation/policy-replay.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { manyOf, type Many } from './evaluate-many.js';
import { readDecisions, type DecisionFile } from './file-decisions.js';
import { inDays, VERDICT_RUNS, type PowerDays } from './power.js';

export interface FileEvaluation extends Evaluation {
  /** Of contexts: what was judged, how many decisions there were, and how many of them say nothing, by reason. */
  readonly policy?: string;
  readonly decisions?: number;
  readonly set_aside?: Readonly<Partial<Record<SetAside, number>>>;
  /** How many decisions until the gate promotes a policy that is better by so much. A file does not say how many come a day. */
  readonly power: readonly PowerDays[];
}

export interface FileOptions extends DecisionFile {
  readonly policy: PolicyDefinition;
  readonly epsilon: number;
  readonly simulation?: SimulatedGain | undefined;
  readonly onRow?: ((row: EvaluationRow) => void) | undefined;
}

/** Throws invalid_argument naming the line, and the signal's reason. */
export async function evaluateFile(question: FileOptions): Promise<FileEvaluation> {
  const { policy, epsilon, simulation, onRow } = question;
  const { taker, decisions } = await readDecisions(question, () => {
    const evaluator = new Evaluator(GATE_THRESHOLDS);
    const learner = new PolicyReplay({ policy, epsilon, lambda: policy.hyperparameters.lambda });
    const setAside: Partial<Record<SetAside, number>> = {};
    const row = (one: EvaluationRow): void => {
      onRow?.(one);
      evaluator.add(one);
    };
    return {
      evaluator,
      setAside,
      row,
      decision(decision) {
        const found = learner.next(decision);
        if (typeof found === 'string') setAside[found] = (setAside[found] ?? 0) + 1;
        else row(found);
      },
    };
  });
  const { evaluator, setAside } = taker;
  const result = { ...evaluator.result({ simulation }), power: inDays(evaluator.power(VERDICT_RUNS), null) };
  return decisions === 0 ? result : { policy: policy.name, decisions, set_aside: setAside, ...result };
}

export interface FileMany extends Many {
  /** A file does not say who decided. */
  readonly baseline: null;
  readonly decisions: number;
}

export interface FileManyOptions extends DecisionFile {
  readonly grid: Grid;
  /** Of variants without one. */
  readonly epsilon: number;
  readonly withSegments: boolean;
}

/** Throws invalid_argument naming the line, or for rows, and the signal's reason. */
export async function evaluateManyInFile(question: FileManyOptions): Promise<FileMany> {
  const { grid, epsilon, withSegments, name } = question;
  const variants = variantsOf(grid);
  const { taker, decisions } = await readDecisions(question, () => {
    const replay = new VariantsReplay({ variants, epsilon, withSegments });
    const comparison = new ManyComparison(variants, GATE_THRESHOLDS, { withSegments });
    return {
      comparison,
      row() {
        throw new TipstreamError('invalid_argument', `${name} has rows, which say what one policy would have done`, {
          hint: 'To try many, give decisions with their contexts: candidates with a propensity each, and the rest as in tip.candidates.',
        });
      },
      decision: (decision) => comparison.add(replay.next(decision, true)),
    };
  });
  return { baseline: null, ...manyOf(taker.comparison, variants), decisions };
}
