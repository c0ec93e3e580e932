/**
 * Decisions from a file, a line each: rows that say what a policy would have done, or contexts of which that is computed. Contexts are
 * judged in the order of their requests. A file that is in this order is not held in memory; one that is not is read once more, and held.
 */
import { setImmediate } from 'node:timers/promises';
import { CONTEXT_LINES, hasContext } from '../evaluation/context-lines.js';
import { decisionLines } from '../evaluation/decision-lines.js';
import type { LoggedDecision } from '../evaluation/logged-decision.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { ROW_LINES } from '../evaluation/row-lines.js';

export interface DecisionFile {
  readonly lines: AsyncIterable<Uint8Array>;
  /** The same lines from the beginning; absent: they can be read once. */
  readonly again?: (() => AsyncIterable<Uint8Array>) | undefined;
  /** What messages call the file. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onProgress?: ((lines: number) => void) | undefined;
}

/** What takes the decisions of a file. */
export interface DecisionTaker {
  row(row: EvaluationRow): void;
  decision(decision: LoggedDecision): void;
}

const LINES_AT_ONCE = 1_000;

/**
 * `begin` makes what takes them; where the file turns out not to be in order, a second one, and the first is dropped. Answers how many
 * contexts there were. Throws invalid_argument naming the line, and the signal's reason.
 */
export async function readDecisions<Taker extends DecisionTaker>(
  file: DecisionFile,
  begin: () => Taker,
): Promise<{ readonly taker: Taker; readonly decisions: number }> {
  if (file.again !== undefined) {
    const taker = begin();
    let [decisions, newestMs, inOrder] = [0, -Infinity, true];
    for await (const { row, decision } of linesOf(file, file.lines)) {
      if (row !== undefined) taker.row(row);
      else if (decision!.requestedAtMs < newestMs) {
        inOrder = false;
        break;
      } else {
        newestMs = decision!.requestedAtMs;
        decisions++;
        taker.decision(decision!);
      }
    }
    if (inOrder) return { taker, decisions };
  }
  const taker = begin();
  const held: LoggedDecision[] = [];
  for await (const { row, decision } of linesOf(file, file.again?.() ?? file.lines)) {
    if (row !== undefined) taker.row(row);
    else held.push(decision!);
  }
  for (const [i, decision] of held.toSorted((a, b) => a.requestedAtMs - b.requestedAtMs).entries()) {
    taker.decision(decision);
    if (i % LINES_AT_ONCE > 0) continue;
    await setImmediate();
    file.signal.throwIfAborted();
  }
  return { taker, decisions: held.length };
}

async function* linesOf({ name, signal, onProgress }: DecisionFile, lines: AsyncIterable<Uint8Array>) {
  let count = 0;
  for await (const line of decisionLines(lines, name, (first) => (hasContext(first) ? CONTEXT_LINES : ROW_LINES), signal)) {
    yield line;
    if (++count % LINES_AT_ONCE > 0) continue;
    onProgress?.(count);
    await setImmediate();
  }
}
