/** One user's tips in memory: a TipSource with or without a time index, and folding as a store does it. */
import { applyTipChange, type Aggregate, createAggregate } from '../../src/projections/aggregate.js';
import type { TipSource, TipTimeIndex } from '../../src/projections/as-of.js';
import type { CounterSet } from '../../src/projections/counter.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { foldFeedback, foldServed, NO_TIP, type TipState } from '../../src/projections/tip.js';
import type { FeedbackEvent, ServedEvent } from '../../src/topics.js';
import type { OracleEvent } from '../oracle/profile.js';

export class UserTips {
  readonly tips = new Map<string, TipState>();
  aggregate: Aggregate = createAggregate();
  /** rows handed out by the time index so far */
  rowsRead = 0;

  constructor(readonly set: CounterSet = coreRegistry) {}

  fold(event: OracleEvent, nowMs: number): void {
    const before = this.tips.get(event.value.tip_id) ?? NO_TIP;
    const after =
      event.topic === 'tip.served' ? foldServed(before, event.value as ServedEvent) : foldFeedback(before, event.value as FeedbackEvent);
    if (after === before) return;
    this.tips.set(event.value.tip_id, after);
    applyTipChange(this.set, this.aggregate, before, after, nowMs);
  }

  source(): TipSource {
    return { count: this.tips.size, all: () => this.tips.values() };
  }

  /** `whole`: whether all tips may be read at once too, which counts as well. */
  indexedSource(whole = false): TipSource {
    const entries = [...this.tips]
      .flatMap(([tipId, tip]) => keptTimes(tip).map((atMs) => ({ atMs, tipId, tip })))
      .sort((a, b) => a.atMs - b.atMs);
    const rowRead = () => this.rowsRead++;
    const timeIndex: TipTimeIndex = {
      *withTimeIn(fromMs, toMs) {
        for (const { atMs, tipId, tip } of entries) {
          if (atMs < fromMs || atMs >= toMs) continue;
          rowRead();
          yield { id: tipId, counted: tip };
        }
      },
      *tipsFrom(fromMs) {
        let last: { atMs: number; tipId: string } | undefined;
        for (const { atMs, tipId, tip } of entries) {
          if (atMs < fromMs || (last?.atMs === atMs && last.tipId === tipId)) continue;
          last = { atMs, tipId };
          rowRead();
          yield { atMs, tip };
        }
      },
      firstTimeAtOrAfter: (timeMs) => entries.find((entry) => entry.atMs >= timeMs)?.atMs ?? null,
      lastTimeBefore: (timeMs) => entries.findLast((entry) => entry.atMs < timeMs)?.atMs ?? null,
    };
    return {
      count: this.tips.size,
      all: () => {
        if (!whole) throw new Error('a user with a time index must not be read whole');
        this.rowsRead += this.tips.size;
        return this.tips.values();
      },
      timeIndex,
    };
  }
}

export function keptTimes(tip: TipState): number[] {
  return [tip.servedAtMs, tip.doneAtMs, tip.dismissAtMs, tip.snoozeAtMs].filter((time) => time !== null);
}
