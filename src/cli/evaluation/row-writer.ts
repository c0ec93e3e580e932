/** The decisions that were judged, as lines that `evaluate FILE` reads. */
import type { EvaluationRow } from '../../evaluation/row.js';
import type { OutputFile } from '../../export/output-file.js';

const LINES_AT_ONCE = 1_000;

export class RowWriter {
  readonly #file: OutputFile;
  #lines: string[] = [];

  constructor(file: OutputFile) {
    this.#file = file;
  }

  add(row: EvaluationRow): void {
    if (this.#lines.push(rowLine(row)) >= LINES_AT_ONCE) this.flush();
  }

  /** To be called once more at the end. */
  flush(): void {
    this.#file.write(this.#lines.join(''));
    this.#lines = [];
  }
}

function rowLine({ decisionId, reward, loggedPropensity, newPropensity, weights, expected, segments }: EvaluationRow): string {
  const model = expected === null ? null : { served: expected.served, under_new: expected.underNew, under_logged: expected.underLogged };
  const line = {
    decision_id: decisionId,
    reward,
    logged_propensity: loggedPropensity,
    new_propensity: newPropensity,
    max_weight: weights?.largest ?? null,
    weight_variance: weights?.variance ?? null,
    expected: model,
    segments,
  };
  return `${JSON.stringify(line)}\n`;
}
