export interface RejectedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly message: string;
}

/** One request that was scored. */
export interface Scoring {
  /** As in its event: a shadow has its suffix. */
  readonly policy: string;
  readonly explored: boolean;
  /** A decision, not the shadow's answer to one. */
  readonly decided: boolean;
  readonly tookMs: number;
  /** Of a decision that a record of tip.candidates asked for: when that was, Unix ms, and the message that answers it. */
  readonly request?: { readonly requestedAtMs: number; readonly seq: number };
}
