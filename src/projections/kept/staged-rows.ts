/** One user's rows of one kind from a replay of the log and the prunes that the state went through, as StagedTips are the tips. */
import { concerns, type PruneStage } from '../prune.js';
import { isOlderThan, keyOf, type Row, type RowKind } from '../row-kind.js';
import { newestOf } from '../row-counts.js';

export class StagedRows {
  readonly kind: RowKind;
  readonly #userId: string;
  readonly #prunes: PruneStage[] = [];
  /** key -> what the events between two prunes made of its row; one more than there are prunes. */
  readonly #stages: Map<string, Row>[] = [new Map()];

  constructor(kind: RowKind, userId: string) {
    this.kind = kind;
    this.#userId = userId;
  }

  /** With all that was added lying before its positions. */
  addPrune(prune: PruneStage): void {
    if (!concerns(prune, this.#userId)) return;
    this.#prunes.push(prune);
    this.#stages.push(new Map());
  }

  /** `topic` with its prefix. */
  add(topic: string, offset: number, row: Row): void {
    const before = this.#prunes.findIndex(({ positions }) => offset < (positions.get(topic) ?? 0));
    join(this.kind, this.#stages[before === -1 ? this.#prunes.length : before]!, row);
  }

  finish(): Row[] {
    const kept = new Map<string, Row>();
    for (const [at, stage] of this.#stages.entries()) {
      for (const row of stage.values()) join(this.kind, kept, row);
      const prune = this.#prunes[at];
      if (prune === undefined) continue;
      for (const row of prunedRows(this.kind, [...kept.values()], prune.horizonMs)) kept.delete(keyOf(this.kind, row));
    }
    return [...kept.values()];
  }
}

/** Those of a user's rows that a prune takes. */
export function prunedRows(kind: RowKind, rows: readonly Row[], horizonMs: number): Row[] {
  const old = rows.filter((row) => isOlderThan(kind, row, horizonMs));
  if (kind.newestOf === undefined || old.length === 0) return old;
  const kept = new Set(newestOf(kind, old, horizonMs));
  return old.filter((row) => !kept.has(row));
}

function join(kind: RowKind, rows: Map<string, Row>, row: Row): void {
  const key = keyOf(kind, row);
  const kept = rows.get(key);
  rows.set(key, kept === undefined ? row : kind.join(kept, row));
}
