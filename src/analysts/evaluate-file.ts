/**
 * Evaluates a policy on decisions from somewhere else, a line each: rows that say what it would have done, or contexts of which that
 * is computed.
 */
import { setImmediate } from 'node:timers/promises';
import { CONTEXT_LINES, hasContext } from '../evaluation/context-lines.js';
import { decisionLines } from '../evaluation/decision-lines.js';
import { evaluate, type Evaluation } from '../evaluation/evaluate.js';
import type { SimulatedGain } from '../evaluation/gate.js';
import type { LoggedDecision } from '../evaluation/logged-decision.js';
import { ROW_LINES } from '../evaluation/row-lines.js';
import { PolicyReplay, type SetAside } from '../evaluation/policy-replay.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import type { PolicyDefinition } from '../policies/policy.js';

export interface FileEvaluation extends Evaluation {
  /** Of contexts: what was judged, how many decisions there were, and how many of them say nothing, by reason. */
  readonly policy?: string;
  readonly decisions?: number;
  readonly set_aside?: Readonly<Partial<Record<SetAside, number>>>;
}

export interface FileOptions {
  readonly lines: AsyncIterable<Uint8Array>;
  /** What messages call the file. */
  readonly name: string;
  readonly policy: PolicyDefinition;
  readonly epsilon: number;
  readonly simulation?: SimulatedGain | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (lines: number) => void;
}

const LINES_AT_ONCE = 1_000;

/** Throws invalid_argument naming the line, and the signal's reason. */
export async function evaluateFile(
  question: FileOptions,
): Promise<{ readonly evaluation: FileEvaluation; readonly rows: readonly EvaluationRow[] }> {
  const { lines, name, policy, simulation, signal, onProgress } = question;
  const rows: EvaluationRow[] = [];
  const decisions: LoggedDecision[] = [];
  for await (const { row, decision } of decisionLines(lines, name, (first) => (hasContext(first) ? CONTEXT_LINES : ROW_LINES), signal)) {
    if (row !== undefined) rows.push(row);
    else decisions.push(decision!);
    const count = rows.length + decisions.length;
    if (count % LINES_AT_ONCE > 0) continue;
    onProgress?.(count);
    await setImmediate();
  }
  if (decisions.length === 0) return { evaluation: evaluate(rows, GATE_THRESHOLDS, { simulation }), rows };
  const setAside = await replay(decisions, rows, question);
  return {
    evaluation: {
      policy: policy.name,
      decisions: decisions.length,
      set_aside: setAside,
      ...evaluate(rows, GATE_THRESHOLDS, { simulation }),
    },
    rows,
  };
}

/** In the order of the requests, whatever the order of the lines. */
async function replay(
  decisions: readonly LoggedDecision[],
  rows: EvaluationRow[],
  { policy, epsilon, signal }: FileOptions,
): Promise<Partial<Record<SetAside, number>>> {
  const learner = new PolicyReplay({ policy, epsilon, lambda: policy.hyperparameters.lambda });
  const setAside: Partial<Record<SetAside, number>> = {};
  for (const [i, decision] of decisions.toSorted((a, b) => a.requestedAtMs - b.requestedAtMs).entries()) {
    const row = learner.next(decision);
    if (typeof row === 'string') setAside[row] = (setAside[row] ?? 0) + 1;
    else rows.push(row);
    if (i % LINES_AT_ONCE > 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  return setAside;
}
