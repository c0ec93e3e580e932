/** Events into rows of the kinds that the registry's features are computed from. */
import type { EventOf } from '../../events/decode.js';
import type { PartitionState } from '../../store/partition-state.js';
import { ROW_TOPICS, type ConsumedTopic, type FORGOTTEN_TOPIC, type RowTopic } from '../../topics.js';
import type { Fold, Folds } from './folds.js';

/** Topics whose records have a user's key. */
type UserTopic = Exclude<ConsumedTopic, 'policy.control' | typeof FORGOTTEN_TOPIC>;

export class RowFolder {
  readonly #state: PartitionState;
  /** Whether somebody publishes changed profiles. */
  readonly #noteChanges: boolean;

  constructor(state: PartitionState, noteChanges: boolean) {
    this.#state = state;
    this.#noteChanges = noteChanges;
  }

  /** What folds the events of a topic that are folded into something else first; `fold` itself where no kind has rows of them. */
  beside<Topic extends UserTopic>(topic: Topic, fold: Fold<Topic>): Fold<Topic> {
    if (!this.#state.rows.kinds.some(({ kind }) => kind.topics.includes(topic))) return fold;
    const intoRows = this.of(topic);
    return (event, context) => fold(event, context) ?? intoRows(event, context);
  }

  /** What folds the topics that are folded into nothing else. */
  ofRowTopics(): Pick<Folds, RowTopic> {
    return Object.fromEntries(ROW_TOPICS.map((topic) => [topic, this.of(topic)])) as Pick<Folds, RowTopic>;
  }

  /** What folds the events of a topic. */
  of<Topic extends UserTopic>(topic: Topic): Fold<Topic> {
    const { rows, users, changedProfiles } = this.#state;
    const tables = rows.kinds.filter(({ kind }) => kind.topics.includes(topic));
    return (event: EventOf<Topic>, { nowMs }) => {
      for (const table of tables) {
        const row = table.kind.rowOf(event);
        if (row === undefined) continue;
        const user = users.obtain(event.user_id);
        if (!table.add(user.uid, row, nowMs)) continue;
        users.markDirty(user);
        if (this.#noteChanges) changedProfiles.note(user);
      }
      return undefined;
    };
  }
}
