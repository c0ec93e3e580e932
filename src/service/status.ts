/** What the running service says of itself: its status, lag, newest decisions and counts. */
import type { NewestScore, PartitionStatus, ServiceStatus } from './application.js';
import type { LagRow } from '../log/lag.js';
import type { Log } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { type ScoredEvent, topicsWith } from '../topics.js';
import type { HeldPartitions } from './held-partitions.js';
import type { InputWarning } from '../log/checks/retention.js';
import { lagRows } from '../log/lag.js';
import type { ServiceOptions } from './options.js';

/** What producers and people write. Decisions are read back as input too: counted as well, every request would count twice. */
const UPSTREAM = topicsWith({ role: 'consumed', writtenBy: 'producers' }).map((topic) => `applied:${topic}`);

export interface AnswersSetting {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly partitions: HeldPartitions;
}

export class ServiceAnswers {
  readonly #setting: AnswersSetting;
  readonly #startedAtMs: number;

  constructor(setting: AnswersSetting) {
    this.#setting = setting;
    this.#startedAtMs = setting.options.clock();
  }

  /** @param silent partition -> why nothing of it comes */
  lag(silent?: ReadonlyMap<number, string>): Promise<readonly LagRow[]> {
    const {
      log,
      topics,
      partitions,
      options: { group, clock },
    } = this.#setting;
    return lagRows(log, {
      group,
      topics,
      nowMs: clock(),
      applied: new Map([...partitions.held].map(([partition, { positions }]) => [partition, positions])),
      stopped: new Map([...partitions.stopped].map(([partition, error]) => [partition, error.message])),
      silent,
    });
  }

  /** `joined`: a member of the group, and nothing has ended it. */
  status(joined: boolean, warnings: readonly InputWarning[]): ServiceStatus {
    const {
      log,
      registry,
      options: { group, scoring },
      partitions: { held, stopped },
    } = this.#setting;
    const partitions = [...new Set([...held.keys(), ...stopped.keys()])]
      .sort((a, b) => a - b)
      .map((partition) => this.#partitionStatus(partition));
    const counts = this.#setting.partitions.counts();
    const countOf = (name: string) => counts.get(name) ?? 0;
    return {
      ready: joined && partitions.every(({ state }) => state === 'running'),
      started_at_ms: this.#startedAtMs,
      log: log.kind,
      group,
      live_policy: scoring.livePolicy,
      shadow_policy: scoring.settings.shadow,
      feature_set: registry.featureSet,
      partitions,
      warnings: warnings.map(({ topic, message, hint }) => ({ topic, message, hint })),
      counts: {
        applied: this.upstreamEvents(),
        rejected: [...counts].reduce((sum, [name, count]) => (name.startsWith('rejected:') ? sum + count : sum), 0),
        decisions: countOf('decisions'),
        users: [...held.values()].reduce((sum, { users }) => sum + users, 0),
        shadow_agreed: countOf('shadow_agreed'),
        shadow_compared: countOf('shadow_compared'),
      },
    };
  }

  /** Valid events of producers and controls that were applied, since the state files were made. */
  upstreamEvents(): number {
    const counts = this.#setting.partitions.counts();
    return UPSTREAM.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
  }

  newestScores(limit: number): readonly NewestScore[] {
    return this.#setting.partitions.readable
      .flatMap(({ reader }) => reader.newestDecisions(limit))
      .map(({ record, shadow_record }) =>
        newestScore(JSON.parse(record) as ScoredEvent, shadow_record === null ? null : (JSON.parse(shadow_record) as ScoredEvent)),
      )
      .sort((a, b) => b.scored_at_ms - a.scored_at_ms)
      .slice(0, limit);
  }

  /** Some users of the partitions held here who are known as of now. */
  knownUsers(limit: number): string[] {
    const nowMs = this.#setting.options.clock();
    return this.#setting.partitions.readable
      .flatMap(({ reader }) => reader.profilesAfter('', limit, nowMs))
      .filter(({ known }) => known)
      .map(({ userId }) => userId);
  }

  #partitionStatus(partition: number): PartitionStatus {
    const { held: all, stopped } = this.#setting.partitions;
    const held = all.get(partition);
    const error = stopped.get(partition);
    const state = error !== undefined ? 'stopped' : held?.running ? 'running' : 'restoring';
    return {
      partition,
      state,
      error: error === undefined ? null : { code: error.code, message: error.message, hint: error.hint },
      positions: Object.fromEntries(held?.positions ?? []),
      lag_records: held?.waiting ?? 0,
    };
  }
}

function newestScore(live: ScoredEvent, shadow: ScoredEvent | null): NewestScore {
  return {
    decision_id: live.decision_id,
    user_id: live.user_id,
    policy: live.policy,
    chosen_tip_id: live.chosen_tip_id,
    shadow_tip_id: shadow?.chosen_tip_id ?? null,
    explored: live.explored,
    candidates: live.ranking.length,
    scored_at_ms: live.scored_at_ms,
  };
}
