/** How likely each candidate of a state file's decisions was, and their rewards, a piece at a time, beside the file's writer. */
import { decisionPieces } from './decision-pieces.js';

export interface RecordedOdds {
  /** Unix ms. */
  readonly requestedAtMs: number;
  /** Of the candidates, as the record has them. */
  readonly propensities: readonly number[];
  /** null: none has come. */
  readonly reward: number | null;
}

type Row = [requestedAtMs: number, reward: number | null, ranking: string];

/** Every decision that has been read back from the log, from one snapshot, in no order. Throws no_data, state_mismatch. */
export function decisionOdds(path: string): Generator<RecordedOdds[]> {
  return decisionPieces(path, (db) => {
    const some = db
      .prepare<[number, number], Row>(
        `SELECT requested_at_ms, reward, record -> '$.ranking' FROM decision
         WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL`,
      )
      .raw();
    return (after, to) =>
      some.all(after, to).map(([requestedAtMs, reward, ranking]) => ({
        requestedAtMs,
        propensities: (JSON.parse(ranking) as readonly { readonly propensity: number }[]).map(({ propensity }) => propensity),
        reward,
      }));
  });
}
