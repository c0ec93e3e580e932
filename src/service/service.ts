/**
 * The life of the running service: it joins the group, looks after its partitions at intervals, catches up and stops. What the log asks
 * of it is in partition-group.ts, what HTTP and the commands ask in answers.ts, and what one partition does in partition.ts.
 */
import type { StartWorker } from '../consumers/worker/worker-contract.js';
import type { TipstreamError } from '../errors.js';
import { reportInputs, reportUnfolded } from '../log/checks/report.js';
import type { Log } from '../log/port.js';
import { pause } from '../back-off.js';
import { featuresFolding, type Registry } from '../projections/registry.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';
import { Answers } from './answers.js';
import { untilRegistryAwayFor } from './registry-reach.js';
import { askedAgain, isBehind, rangesOfTopics, untilReached } from './caught-up.js';
import { completeControls } from './control-completion.js';
import { ASKED_EVERY_MS, type SilenceOptions } from './log-reach.js';
import { noteService } from '../store/directory/service-note.js';
import { LogWatch } from './log-watch.js';
import type { ServiceOptions } from './options.js';
import type { Partition } from './partition.js';
import { serviceParts, type ServiceParts } from './parts.js';
import type { PartitionGroup } from './partition-group.js';
import { PeriodicTasks } from './periodic-tasks.js';

const COMMIT_EVERY_MS = 500;
const PARTITION_COUNT_EVERY_MS = 10_000;
/** Often enough to tell a partition that stands still, and rates. */
const LAG_EVERY_MS = 10_000;
const FILES_EVERY_MS = 1_000;
const PATIENT_LOOKS_EVERY_MS = 100;
const CONTROLS_EVERY_MS = 500;
const FORGETS_EVERY_MS = 500;
const LOG_WATCH_EVERY_MS = 60_000;
const OWNERSHIP_EVERY_MS = 3_000;
const SWAP_EVERY_MS = 250;
const PRIORS_EVERY_MS = 30_000;
/** Events that callers append are counted by caller for so long: then they are one entry of the audit trail. */
const AUDIT_EVERY_MS = 10_000;
const GUARDRAIL_EVERY_MS = 10_000;
const QUALITY_EVERY_MS = 180_000;
const QUALITY_REST_TIMES = 20;
/** So that looking takes a twentieth of one core at most, however many decisions there are. */
const GUARDRAIL_REST_TIMES = 20;
/** For the comparison of the log with what was applied last; partitions that take longer begin later. */
const OPENS_WITHIN_MS = 5_000;
/** For the batches under way and what is to be published of them. */
const DRAIN_WITHIN_MS = 2_000;

export class Service extends Answers {
  /** What the log asks. */
  readonly group: PartitionGroup;
  readonly #parts: ServiceParts;
  readonly #tasks: PeriodicTasks;
  #controlsCompleted = false;
  #forgetsCompleted = false;
  #inputsReported: Promise<void> | undefined;

  /** The data directory must be locked by this process. */
  constructor(log: Log, registry: Registry, startWorker: StartWorker, options: ServiceOptions) {
    const parts = serviceParts(log, registry, startWorker, options);
    super(parts);
    this.#parts = parts;
    this.group = parts.group;
    this.#tasks = new PeriodicTasks(options.logger);
  }

  /** Resolves once the group has been joined. Throws what keeps the service from starting; `onFailure` reports what ends it later. */
  async start(onFailure: (error: TipstreamError) => void, address?: string): Promise<void> {
    const { log, registry, options, topics, partitions, group, reach, policies, swap, inputs } = this.#parts;
    await group.join({ address, onFailure });
    noteService(options.dataDirectory, { group: options.group, shadow: options.scoring.settings.shadow });
    this.#tasks.every(ASKED_EVERY_MS, () => Promise.resolve(void reach.look()));
    this.#tasks.every(OWNERSHIP_EVERY_MS, () => this.#lookAtOwners());
    const looked = Promise.all([reach.look(), this.#lookAtOwners()]);
    this.#tasks.every(COMMIT_EVERY_MS, () => group.commit());
    this.#tasks.every(PARTITION_COUNT_EVERY_MS, () => group.checkPartitionCount());
    this.#tasks.every(FILES_EVERY_MS, async () => {
      group.checkFiles();
      group.noteSilent();
    });
    this.#tasks.every(LAG_EVERY_MS, () => this.lag().then(() => undefined));
    this.#tasks.every(CONTROLS_EVERY_MS, () => this.#completeControls());
    if (log.erasing !== undefined) this.#tasks.every(FORGETS_EVERY_MS, () => this.#completeForgets());
    const watch = new LogWatch(log, topics);
    this.#tasks.every(LOG_WATCH_EVERY_MS, () => watch.look(partitions.working));
    this.#tasks.every(SWAP_EVERY_MS, () => swap.look());
    this.#tasks.every(AUDIT_EVERY_MS, () => this.#parts.audit.trail.flush());
    if (options.guardrail !== false) this.#tasks.every(GUARDRAIL_EVERY_MS, () => policies.guardrail.look(), GUARDRAIL_REST_TIMES);
    this.#tasks.every(PRIORS_EVERY_MS, () => policies.lookAtPriors(), GUARDRAIL_REST_TIMES);
    if (options.quality === true) this.#tasks.every(QUALITY_EVERY_MS, () => this.#parts.looks.look(), QUALITY_REST_TIMES);
    options.logger.info({ group: options.group, partitions: group.partitionCount, log: log.kind }, 'joined the consumer group');
    this.#inputsReported = reportInputs(log, options.topicPrefix, topics, options.logger)
      .then((warnings) => void (inputs.warnings = warnings))
      .then(() => reportUnfolded(log, options.topicPrefix, registry.topics, featuresFolding, options.logger));
    const opened = Promise.all(partitions.held.map((partition) => partition.opened()));
    await Promise.race([Promise.all([opened, looked]), new Promise((resolve) => setTimeout(resolve, OPENS_WITHIN_MS).unref())]);
  }

  /** Finishes the batches under way, publishes what they have to publish, commits positions and leaves the group. */
  async stop(): Promise<void> {
    const { options, partitions, group, policies, swap, rebuilds, forgets, redrives, audit } = this.#parts;
    this.#tasks.stop();
    policies.stop();
    this.#parts.looks.stop();
    this.#parts.history.stop();
    await Promise.all([swap.stop(), rebuilds.stop(), forgets.stop(), redrives.close()]);
    const audited = audit.stop();
    await Promise.all(partitions.held.map((partition) => partition.drain(DRAIN_WITHIN_MS)));
    await group
      .commit(partitions.held.map(({ number }) => number))
      .catch((error: unknown) => options.logger.warn({ err: error }, 'could not commit positions to the log'));
    await audited;
    await group.leave();
  }

  /** The guardrail's looks that are due by the clock, and what comes of them, applied: for who sets the clock, with `guardrail` off. */
  async lookAtRollouts(): Promise<void> {
    await this.#parts.policies.guardrail.look();
    await this.caughtUp();
  }

  /**
   * Resolves when everything that the log held when this was called is applied and published, and read back where we wrote it. A
   * partition that stops keeps none of the others from it; what stopped it is thrown at the end. Throws log_unavailable when the log is
   * away for too long; without a limit, as soon as a question is refused, and nothing may ever come of one that is not answered.
   */
  async caughtUp(limit?: SilenceOptions): Promise<void> {
    if (limit === undefined) return this.#catchUp(undefined, () => this.#throwFailure());
    const over = new AbortController();
    const check = (): void => {
      over.signal.throwIfAborted();
      this.#throwFailure();
    };
    const silent = this.#parts.reach.untilSilentFor(limit, over.signal);
    const caughtUp = this.#catchUp(limit, check);
    const { log, group } = this.#parts;
    const registry = untilRegistryAwayFor(limit.silentForMs, log, () => group.silent()?.values() ?? [], over.signal);
    for (const either of [silent, registry, caughtUp]) either.catch(() => undefined); // those that do not come first
    await Promise.race([silent, registry, caughtUp]).finally(() => over.abort());
  }

  async #catchUp(limit: SilenceOptions | undefined, check: () => void): Promise<void> {
    const { partitions, group, ownership } = this.#parts;
    const ask = (work: () => Promise<void>) => askedAgain(work, limit, check);
    await this.#inputsReported;
    // Whoever has nothing has caught up with it: that says something only where others have what is not here.
    await ask(() => ownership.untilOwned(check));
    await ask(() => this.#reachEnds(check));
    while (group.isPatient) {
      await pause(PATIENT_LOOKS_EVERY_MS);
      if (!group.isPatient) await ask(() => this.#reachEnds(check));
    }
    await Promise.all(partitions.working.map((partition) => partition.idle()));
    await ask(() => this.#completeControls());
    // What was published comes back as input; with that applied, nothing is pending and lag is 0.
    await ask(() => this.#reachEnds(check));
    await ask(() => ownership.untilOwned(check));
    ownership.sayElsewhere();
    await ask(() => group.commit(partitions.working.map(({ number }) => number)));
    const [stopped] = partitions.stopped.values();
    const error = group.failure ?? stopped;
    if (error !== undefined) throw error;
  }

  /** Once, when what the log held of controls at the start is applied everywhere here. */
  async #completeControls(): Promise<void> {
    if (this.#controlsCompleted) return;
    const { log, options } = this.#parts;
    const topic = fullTopicName(options.topicPrefix, 'policy.control');
    const held = await this.#heldThatApplied(topic);
    if (held === undefined) return;
    this.#controlsCompleted = true;
    const readers = new Map(held.map(({ number, reader }) => [number, reader]));
    const { written, refused } = await completeControls({ log, topic, maxValueBytes: options.maxValueBytes, readers });
    if (written > 0) options.logger.warn({ records: written }, 'completed controls that had not been written to every partition');
    for (const [controlId, reason] of refused)
      options.logger.warn(
        { control_id: controlId, reason },
        'a control that an earlier version accepted is refused by this one; tipstream rebuild removes it',
      );
  }

  /** Once, when what the log held of forgotten users at the start is applied everywhere here. */
  async #completeForgets(): Promise<void> {
    if (this.#forgetsCompleted) return;
    const { options, forgets } = this.#parts;
    const held = await this.#heldThatApplied(fullTopicName(options.topicPrefix, FORGOTTEN_TOPIC));
    if (held === undefined) return;
    const completed = await forgets.complete(held);
    this.#forgetsCompleted = true;
    if (completed > 0) options.logger.warn({ users: completed }, 'completed what an earlier run had begun to forget');
  }

  /** The partitions held here, when each has applied what the log has of the topic; undefined: not yet, or none is held. */
  async #heldThatApplied(topic: string): Promise<readonly Partition[] | undefined> {
    const { log, partitions } = this.#parts;
    if (partitions.held.length === 0) return undefined;
    const ranges = await rangesOfTopics(log, [topic]);
    const { held } = partitions;
    const isWaiting = held.some((partition) => partition.life.state !== 'running' || isBehind(partition, ranges));
    return isWaiting || held.length === 0 ? undefined : held;
  }

  async #reachEnds(check: () => void): Promise<void> {
    const { log, topics, partitions } = this.#parts;
    await untilReached(() => partitions.working, await rangesOfTopics(log, topics), check);
  }

  #throwFailure(): void {
    const { failure } = this.#parts.group;
    if (failure !== undefined) throw failure;
  }

  /** While the log is away, the last answer stands; that it is away is said elsewhere. */
  async #lookAtOwners(): Promise<void> {
    await this.#parts.ownership
      .look()
      .catch((error: unknown) => this.#parts.options.logger.debug({ err: error }, 'the group does not say who owns what'));
  }
}
