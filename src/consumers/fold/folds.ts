/**
 * The table of what folds each consumed topic. A new input topic is a line here and a file of its own beside this one; the compiler asks
 * for the line. A topic that is folded into rows alone has none: its kinds say how.
 */
import type { EventOf } from '../../events/decode.js';
import type { Rejected } from '../../events/rejection.js';
import type { LogRecord } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { ConsumedTopic } from '../../topics.js';
import { ControlFolder } from './controls.js';
import type { DecisionFolder } from './decisions.js';
import type { ForgetFolder } from './forgets.js';
import type { RewardSettler } from './rewards.js';
import { RowFolder } from './rows.js';
import { TipFolder } from './tips.js';

/** The record that an event was decoded from, and where it is folded. */
export interface FoldContext {
  readonly record: LogRecord;
  readonly nowMs: number;
  /** What the record makes tipstream write is added here. */
  readonly outbox: StoredMessage[];
}

/** Folds a valid event; answers why not when what it says is refused all the same. */
export type Fold<Topic extends ConsumedTopic> = (event: EventOf<Topic>, context: FoldContext) => Rejected | undefined;
export type Folds = { readonly [Topic in ConsumedTopic]: Fold<Topic> };

export interface FoldsDeps {
  readonly state: PartitionState;
  readonly registry: Registry;
  readonly rewards: RewardSettler;
  readonly decisions: DecisionFolder;
  readonly forgets: ForgetFolder;
  readonly noteChanges: boolean;
  /** Scores a request and puts the answer into the outbox. */
  readonly answer: (event: EventOf<'tip.candidates'>, context: FoldContext) => void;
}

export function foldsOf({ state, registry, rewards, decisions, forgets, noteChanges, answer }: FoldsDeps): Folds {
  const tips = new TipFolder(state, registry, rewards, noteChanges);
  const controls = new ControlFolder(state, rewards);
  const rows = new RowFolder(state, noteChanges);
  return {
    'user.forgotten': (event, { outbox }) => void forgets.forgotten(event, outbox),
    'tip.served': rows.beside('tip.served', (event, { nowMs }) => void tips.served(event, nowMs)),
    'tip.feedback': rows.beside('tip.feedback', (event, { nowMs }) => void tips.feedback(event, nowMs)),
    ...rows.ofRowTopics(),
    'tip.candidates': (event, context) => void answer(event, context),
    'tip.scored': (event, { record }) => void decisions.scored(event, record.offset),
    'tip.scored.shadow': (event, { record }) => void decisions.shadow(event, record.offset),
    'policy.control': (event, { record }) => controls.control(event, record.offset),
  };
}
