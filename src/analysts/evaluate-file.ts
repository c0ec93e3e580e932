/**
 * Evaluates a policy on decisions from somewhere else, a line each: rows that say what it would have done, or contexts of which that
 * is computed.
 */
import { setImmediate } from 'node:timers/promises';
import { CONTEXT_LINES, hasContext } from '../evaluation/context-lines.js';
import { decisionLines } from '../evaluation/decision-lines.js';
import { Evaluator, type Evaluation } from '../evaluation/evaluate.js';
import type { SimulatedGain } from '../evaluation/gate.js';
import type { LoggedDecision } from '../evaluation/logged-decision.js';
import { ROW_LINES } from '../evaluation/row-lines.js';
import { PolicyReplay, type SetAside } from '../evaluation/policy-replay.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { inDays, VERDICT_RUNS, type PowerDays } from './power.js';

export interface FileEvaluation extends Evaluation {
  /** Of contexts: what was judged, how many decisions there were, and how many of them say nothing, by reason. */
  readonly policy?: string;
  readonly decisions?: number;
  readonly set_aside?: Readonly<Partial<Record<SetAside, number>>>;
  /** How many decisions until the gate promotes a policy that is better by so much. A file does not say how many come a day. */
  readonly power: readonly PowerDays[];
}

export interface FileOptions {
  readonly lines: AsyncIterable<Uint8Array>;
  /** What messages call the file. */
  readonly name: string;
  readonly policy: PolicyDefinition;
  readonly epsilon: number;
  readonly simulation?: SimulatedGain | undefined;
  readonly signal: AbortSignal;
  readonly onRow?: ((row: EvaluationRow) => void) | undefined;
  readonly onProgress?: (lines: number) => void;
}

const LINES_AT_ONCE = 1_000;

/** Throws invalid_argument naming the line, and the signal's reason. */
export async function evaluateFile(question: FileOptions): Promise<FileEvaluation> {
  const { lines, name, policy, simulation, signal, onRow, onProgress } = question;
  const evaluator = new Evaluator(GATE_THRESHOLDS);
  const take = (row: EvaluationRow): void => {
    onRow?.(row);
    evaluator.add(row);
  };
  const decisions: LoggedDecision[] = [];
  let count = 0;
  for await (const { row, decision } of decisionLines(lines, name, (first) => (hasContext(first) ? CONTEXT_LINES : ROW_LINES), signal)) {
    if (row !== undefined) take(row);
    else decisions.push(decision!);
    if (++count % LINES_AT_ONCE > 0) continue;
    onProgress?.(count);
    await setImmediate();
  }
  const result = () => ({ ...evaluator.result({ simulation }), power: inDays(evaluator.power(VERDICT_RUNS), null) });
  if (decisions.length === 0) return result();
  const setAside = await replay(decisions, take, question);
  return { policy: policy.name, decisions: decisions.length, set_aside: setAside, ...result() };
}

/** In the order of the requests, whatever the order of the lines. */
async function replay(
  decisions: readonly LoggedDecision[],
  take: (row: EvaluationRow) => void,
  { policy, epsilon, signal }: FileOptions,
): Promise<Partial<Record<SetAside, number>>> {
  const learner = new PolicyReplay({ policy, epsilon, lambda: policy.hyperparameters.lambda });
  const setAside: Partial<Record<SetAside, number>> = {};
  for (const [i, decision] of decisions.toSorted((a, b) => a.requestedAtMs - b.requestedAtMs).entries()) {
    const row = learner.next(decision);
    if (typeof row === 'string') setAside[row] = (setAside[row] ?? 0) + 1;
    else take(row);
    if (i % LINES_AT_ONCE > 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  return setAside;
}
