/** Users and tips as a batch has them in memory: what the file holds, and what it does not hold yet. */
import type { Aggregate } from '../../../projections/aggregate.js';
import type { TipState } from '../../../projections/tip.js';
import type { LoadedTips } from './loaded-tips.js';

export interface UserEntry {
  readonly uid: number;
  readonly userId: string;
  aggregate: Aggregate;
  /** Rows in tip, those of this batch included. */
  tips: number;
  /** Whether tip_time holds this user's times. */
  timeIndexed: boolean;
  stored: boolean;
  dirty: boolean;
  /** Tips of this user that are in memory. */
  readonly loaded: LoadedTips;
  /** The last of those that the file does not hold yet; each leads to the one before. */
  lastUnsaved: TipEntry | undefined;
}

export interface TipEntry {
  readonly tipId: string;
  tip: TipState;
  /** What the file holds; undefined for a row that is not there yet. */
  savedTip: TipState | undefined;
  /** Whether a decision_link names this tip. */
  linked: boolean;
  unsaved: boolean;
  olderUnsaved: TipEntry | undefined;
  /** Of LoadedTips. */
  olderLoaded: TipEntry | undefined;
}
