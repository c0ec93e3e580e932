/** Of what the running service consists, and what knows what. */
import type { StartWorker } from '../consumers/worker/worker-contract.js';
import type { AuditedChange } from '../audit-trail/record.js';
import type { InputWarning } from '../log/checks/retention.js';
import type { Log } from '../log/port.js';
import { withoutForgotten } from '../log/without-forgotten.js';
import type { Registry } from '../projections/registry.js';
import { rebuildProgress } from '../rebuild/progress.js';
import { fullTopicName } from '../topics.js';
import type { AnswersDeps } from './answers.js';
import { AuditAnswers } from './audit-trail/audit-answers.js';
import { progressOf } from './caught-up.js';
import { DeadLetterAnswers } from './dead-letters/dead-letter-answers.js';
import { RedriveJobs } from './dead-letters/redrive-jobs.js';
import { ForgetJobs } from './forgetting/forget-jobs.js';
import { GroupOwnership } from './group-ownership.js';
import { HeldPartitions } from './held-partitions.js';
import { LogReach } from './log-reach.js';
import { ServiceMetrics } from './metrics/service-metrics.js';
import { OneAtATime } from '../one-at-a-time.js';
import type { ServiceOptions } from './options.js';
import { PartitionGroup } from './partition-group.js';
import { PolicyAnswers } from './policies/policy-answers.js';
import { ProvenanceAnswers } from './provenance/provenance-answers.js';
import { QualityHistory } from './quality/quality-history.js';
import { QualityLooks } from './quality/quality-looks.js';
import { QualityAnswers } from './quality/quality-answers.js';
import { GenerationSwap } from './rebuild/generation-swap.js';
import { UserRebuilds } from './rebuild/rebuild-user-job.js';
import { logForRequests, logTimeoutOf, withinDeadline, type RequestDeadline } from './request-deadline.js';
import { streamTimeOf } from '../evaluation/rollouts/stream-time.js';
import { StatusAnswers } from './status.js';
import { partitionHolding, partitionsHolding, working, type RoutingOptions } from './user-routing.js';
import { controlsForAll } from '../store/queries/shared-controls.js';

export interface ServiceParts extends AnswersDeps {
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly group: PartitionGroup;
  readonly ownership: GroupOwnership;
  readonly reach: LogReach;
  readonly looks: QualityLooks;
  readonly history: QualityHistory;
  /** What is to be said of the inputs, once it has been looked at. */
  readonly inputs: { warnings: readonly InputWarning[] };
}

const FINDING: RequestDeadline = { action: 'find who holds the partition of this user', hint: 'Ask again in a moment.' };

/** The data directory must be locked by this process. */
export function serviceParts(log: Log, registry: Registry, startWorker: StartWorker, options: ServiceOptions): ServiceParts {
  const topics = registry.topics.map((topic) => fullTopicName(options.topicPrefix, topic));
  const partitions = new HeldPartitions();
  const inputs: ServiceParts['inputs'] = { warnings: [] };
  const deps = { log, registry, options, topics, partitions };
  const metrics: ServiceMetrics = new ServiceMetrics({
    topicPrefix: options.topicPrefix,
    build: { log: log.kind, featureSet: registry.featureSet },
    inputs: registry.topics,
    clock: options.clock,
    lag: () => status.lagAsKnown(),
    registryFacts: log.registryFacts,
    logReachable: () => reach.isReachable,
    unowned: () => ownership.unowned.length,
    counts: () => partitions.counts(),
    backlog: () => partitions.backlog(),
    partitions: () => partitions.facts(),
    policies: () => policies.facts(),
    quality: () => looks.last,
    dataDirectory: options.dataDirectory,
    rebuildProgress: () => rebuildProgress(options.dataDirectory, reach.ranges),
  });
  const audit = new AuditAnswers(log, options, metrics.audit);
  const note = (change: AuditedChange) => audit.trail.note(change);
  const group = new PartitionGroup({ ...deps, startWorker, metrics });
  const routing = (): RoutingOptions => ({
    partitioner: options.partitioner,
    partitions: group.partitionCount,
    held: partitions,
    owners: group.owners && (() => withinDeadline(logTimeoutOf(options), group.owners!(), FINDING)),
  });
  const holding = (userId: string) => partitionHolding(userId, routing());
  const { logger } = options;
  const reach = new LogReach({ log, topics, logger });
  const ownership = new GroupOwnership({
    group: options.group,
    logger,
    partitionCount: () => group.partitionCount,
    holders: () => group.holders(),
  });
  const status = new StatusAnswers({ ...deps, group, ownership, reach, warnings: () => inputs.warnings });
  const policies = new PolicyAnswers(logForRequests(log, options), options, {
    all: () => partitions.readable.map(({ reader }) => reader.path),
    ofUser: async (userId) => partitions.reading(await holding(userId))!.reader.path,
    controls: () => {
      const [first] = partitions.readable;
      return first === undefined ? undefined : controlsForAll(first.reader);
    },
    streamTime: () => streamTimeOf(partitions.held.map((partition) => progressOf(partition, reach.ranges))),
    share: () => partitions.held.length / group.partitionCount,
    note,
  });
  const visible = withoutForgotten(log, options.topicPrefix);
  const provenance = new ProvenanceAnswers({
    log: visible,
    registry,
    options,
    partitions,
    partitionCount: () => group.partitionCount,
    holding,
  });
  const looked = {
    registry,
    options,
    files: () => new Map(partitions.readable.map(({ number, reader }) => [number, reader.path])),
    partitionCount: () => group.partitionCount,
  };
  const looks: QualityLooks = new QualityLooks({ ...looked, log: logForRequests(log, options) });
  const history = new QualityHistory(looked);
  const exclusive = new OneAtATime();
  const swap = new GenerationSwap({
    ...deps,
    exclusive,
    identity: (partition) => group.identity(partition),
    cutOver: (directory) => group.cutOver(directory),
  });
  const rebuilds = new UserRebuilds({
    log,
    registry,
    options,
    exclusive,
    partitions: () => group.partitionCount,
    working: (partition) => working(partitions, partition),
    patiently: (work) => swap.after(work),
    note,
  });
  const forgets = new ForgetJobs({
    ...{ log, registry, options, exclusive, note },
    working: (partition) => working(partitions, partition),
    patiently: (work) => swap.after(work),
    onForgotten: (userId) => {
      provenance.forget(userId);
      deadLetters.startAgain();
    },
  });
  const redrives = new RedriveJobs({
    ...{ log: visible, registry, options, note },
    partitions: () => group.partitionCount,
  });
  const deadLetters = new DeadLetterAnswers({ log: visible, redrives, options });

  return {
    log,
    registry,
    options,
    topics,
    partitions,
    group,
    inputs,
    holding,
    holdingAll: (userIds) => partitionsHolding(userIds, routing()),
    ownership,
    reach,
    status,
    metrics,
    policies,
    provenance,
    swap,
    rebuilds,
    forgets,
    deadLetters,
    quality: new QualityAnswers({ log, options, partitions, looks, history, inputs: registry.topics }),
    looks,
    history,
    redrives,
    audit,
  };
}
