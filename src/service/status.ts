/** What the running service says of itself: its status, lag, newest decisions and counts. */
import type { NewestScore, PartitionStatus, ServiceStatus } from './application.js';
import type { LagRow } from '../log/lag.js';
import type { Log } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { type ScoredEvent, topicsWith } from '../topics.js';
import type { HeldPartitions } from './held-partitions.js';
import type { InputWarning } from '../log/checks/retention.js';
import { LagHistory } from '../log/lag-history.js';
import { type LagOptions, lagRows } from '../log/read-lag.js';
import { recordsBehind } from './caught-up.js';
import type { GroupOwnership } from './group-ownership.js';
import { keptLagRows } from './kept-lag.js';
import type { LogReach } from './log-reach.js';
import type { ServiceOptions } from './options.js';
import { toldState } from './partition-life.js';
import { troubles } from './readiness.js';
import { logTimeoutOf, withinDeadline, type RequestDeadline } from './request-deadline.js';

/** What producers and people write. Decisions are read back as input too: counted as well, every request would count twice. */
const UPSTREAM = topicsWith({ role: 'consumed', writtenBy: 'producers' }).map((topic) => `applied:${topic}`);

const ASKING: RequestDeadline = { action: 'list the offsets', hint: 'Ask again in a moment; GET /v1/status answers without the log.' };

export interface StatusDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly partitions: HeldPartitions;
  /** Whether this is a member of the group, and of which partitions nothing comes: partition -> why. */
  readonly group: { readonly isMember: boolean; silent(): ReadonlyMap<number, string> | undefined };
  /** Whether every partition has an owner. */
  readonly ownership: Pick<GroupOwnership, 'isKnown' | 'unowned'>;
  /** Whether the log answers. */
  readonly reach: Pick<LogReach, 'isReachable' | 'silentMs' | 'ranges'>;
  /** What is not wrong yet with the inputs. */
  readonly warnings: () => readonly InputWarning[];
}

export class StatusAnswers {
  readonly #deps: StatusDeps;
  readonly #startedAtMs: number;
  /** What the log last answered. */
  #lastRows: readonly LagRow[] = [];
  readonly #history = new LagHistory();

  constructor(deps: StatusDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.options.clock();
  }

  /** As of the log's last answer when it has been silent for long. Throws timeout and log_unavailable before. */
  async lag(): Promise<readonly LagRow[]> {
    const { log, reach, options } = this.#deps;
    const kept = reach.isReachable ? undefined : await this.#keptLag();
    if (kept !== undefined) return kept;
    return (this.#lastRows = await withinDeadline(
      logTimeoutOf(options),
      lagRows(log, { ...this.#lagQuestion(), history: this.#history }),
      ASKING,
    ));
  }

  /** As `lag`, and as of the log's last answer whenever it does not answer now. */
  async lagAsKnown(): Promise<readonly LagRow[]> {
    try {
      return await this.lag();
    } catch (error) {
      const kept = await this.#keptLag();
      if (kept === undefined) throw error;
      return kept;
    }
  }

  status(): ServiceStatus {
    const {
      log,
      registry,
      options: { group, scoring },
      partitions: { held, numbers },
      group: { isMember },
      ownership,
      reach,
      warnings,
    } = this.#deps;
    const silent = this.#deps.group.silent();
    const health = {
      group,
      partitions: numbers.map((number) => this.#partitionStatus(number, silent?.get(number) ?? null)),
      log_reachable: reach.isReachable,
      log_silent_ms: Math.round(reach.silentMs),
      partitions_unowned: ownership.unowned,
    };
    const counts = this.#deps.partitions.counts();
    const countOf = (name: string) => counts.get(name) ?? 0;
    return {
      ready: isMember && ownership.isKnown && troubles(health).length === 0,
      ...health,
      started_at_ms: this.#startedAtMs,
      log: log.kind,
      live_policy: scoring.livePolicy,
      shadow_policy: scoring.settings.shadow,
      feature_set: registry.featureSet,
      warnings: warnings().map(({ topic, message, hint }) => ({ topic, message, hint })),
      counts: {
        applied: this.upstreamEvents(),
        rejected: [...counts].reduce((sum, [name, count]) => (name.startsWith('rejected:') ? sum + count : sum), 0),
        decisions: countOf('decisions'),
        users: held.reduce((sum, { users }) => sum + users, 0),
        shadow_agreed: countOf('shadow_agreed'),
        shadow_compared: countOf('shadow_compared'),
      },
    };
  }

  /** Valid events of producers and controls that were applied, since the state files were made. */
  upstreamEvents(): number {
    const counts = this.#deps.partitions.counts();
    return UPSTREAM.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
  }

  newestScores(limit: number): readonly NewestScore[] {
    return this.#deps.partitions.readable
      .flatMap(({ reader }) => reader.newestDecisions(limit))
      .map(({ record, shadow_record }) =>
        newestScore(JSON.parse(record) as ScoredEvent, shadow_record === null ? null : (JSON.parse(shadow_record) as ScoredEvent)),
      )
      .sort((a, b) => b.scored_at_ms - a.scored_at_ms)
      .slice(0, limit);
  }

  /** Some users of the partitions held here who are known as of now. */
  knownUsers(limit: number): string[] {
    const nowMs = this.#deps.options.clock();
    return this.#deps.partitions.readable
      .flatMap(({ reader }) => reader.profilesAfter('', limit, nowMs))
      .filter(({ known }) => known)
      .map(({ userId }) => userId);
  }

  #lagQuestion(): LagOptions {
    const { topics, partitions, group: member, options } = this.#deps;
    return {
      group: options.group,
      topics,
      nowMs: options.clock(),
      applied: new Map(partitions.held.map(({ number, positions }) => [number, positions])),
      stopped: new Map([...partitions.stopped].map(([partition, error]) => [partition, error.message])),
      silent: member.silent(),
      running: this.#deps.group.isMember,
    };
  }

  /** undefined: the log has not answered yet. */
  #keptLag(): Promise<LagRow[]> | undefined {
    const { ranges, silentMs } = this.#deps.reach;
    return ranges && keptLagRows({ ...this.#lagQuestion(), ranges, last: this.#lastRows, silentMs });
  }

  #partitionStatus(partition: number, silent: string | null): PartitionStatus {
    const { partitions, reach } = this.#deps;
    const held = partitions.get(partition);
    const life = partitions.life(partition);
    return {
      partition,
      state: life === undefined ? 'restoring' : toldState(life),
      error: life?.state === 'stopped' ? { code: life.error.code, message: life.error.message, hint: life.error.hint } : null,
      positions: Object.fromEntries(held?.positions ?? []),
      lag_records: Math.max(held?.waiting ?? 0, held === undefined || reach.isReachable ? 0 : recordsBehind(held, reach.ranges)),
      silent,
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
