/** Everything `start` and `demo` run: the lock on the data directory, the log and its topics, the service and its HTTP. */
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { Service } from '../service/service.js';
import type { StartWorker } from '../consumers/worker/worker-contract.js';
import { workerOptions } from '../consumers/worker/options.js';
import { ThreadWorkers } from '../consumers/worker/threads/thread-workers.js';
import { Gateway } from '../gateway/gateway.js';
import { ensureTopics } from '../log/ensure-topics.js';
import { openLog, placeOf } from '../log/open.js';
import type { Log } from '../log/port.js';
import { DEFAULT_POLICY } from '../policies/registry.js';
import { promptSettings } from '../prompts/choice.js';
import { lockData } from '../store/directory/data-lock.js';
import { acceptanceOf, featuresOf, registryFor } from './state-source.js';
import { refuseOtherLog } from '../store/directory/refuse-other-log.js';
import type { TipstreamError } from '../errors.js';
import { settingsOf } from './policy-settings.js';
import { createMissingTopics } from './missing-topics.js';
import { ReachLog } from './reach-log.js';

/** A stop takes 5 s at most in all, also when the broker is away: then the steps that wait for it are cut short. */
const STOPS_WITHIN_MS = 4_000;
const LAST_STEPS_WITHIN_MS = 100;
const HTTP_GRACE_MS = 1_000;

export interface RunningService {
  readonly service: Service;
  readonly log: Log;
  /** Where HTTP answers; null without HTTP. */
  readonly address: string | null;
  /** Rejects when the service cannot go on. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * `startWorker` absent: partitions are folded in threads. Tries again for --start-timeout-ms while the log is away. Throws
 * data_in_use, topic_not_found, partition_count_changed, log_unavailable, what HTTP throws, and the signal's reason when that aborts
 * while it starts.
 */
export async function runService(
  config: Config,
  logger: Logger,
  signal: AbortSignal = new AbortController().signal,
  clock: () => number = Date.now,
  startWorker?: StartWorker,
): Promise<RunningService> {
  const settings = settingsOf(config);
  const generation = { prompts: promptSettings(config.tipPromptVersion, config.defaultPromptVersion), gateway: gatewayOf(config) };
  const lock = lockData(config.data, Date.now());
  const undo: (() => Promise<unknown> | void)[] = [() => lock.release()];
  const stop = async () => {
    const deadline = performance.now() + STOPS_WITHIN_MS;
    for (let step = undo.pop(); step !== undefined; step = undo.pop())
      await unlessLate(step(), Math.max(LAST_STEPS_WITHIN_MS, deadline - performance.now()));
  };
  try {
    const reach = new ReachLog({ where: placeOf(config), withinMs: config.startTimeoutMs, logger, signal });
    const log = await reach.until('open the log', () =>
      openLog(config, { patient: true, log: (level, message, fields) => logger[level](fields ?? {}, message) }),
    );
    undo.push(() => log.close());
    refuseOtherLog(config.data, { log: log.kind, topicPrefix: config.topicPrefix, accepts: acceptanceOf(config) });
    if (config.log === 'sqlite')
      await reach.until('create topics', () =>
        ensureTopics(log, {
          prefix: config.topicPrefix,
          partitions: config.partitions,
          partitionsGiven: config.given.has('partitions'),
          consumed: registryFor(config).topics,
        }),
      );
    else await createMissing(log, config, logger, reach);
    const threads = startWorker === undefined ? new ThreadWorkers(config.threads, undefined, (line) => logger.warn(line)) : undefined;
    undo.push(() => threads?.close());
    const service = new Service(log, registryFor(config), startWorker ?? threads!.start, {
      dataDirectory: config.data,
      ...workerOptions({ ...config, features: featuresOf(config), scoring: { livePolicy: DEFAULT_POLICY, settings } }),
      guardrail: config.guardrail,
      quality: config.quality,
      automaticBaseline: config.automaticBaseline,
      logTimeoutMs: config.logTimeoutMs,
      generation,
      clock,
      logger,
    });
    let fail: (error: TipstreamError) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    failed.catch(() => undefined);
    let address: string | null = null;
    if (config.http !== null) {
      // Loaded here, because --no-http starts faster without it.
      const { startHttp } = await import('../http/start.js');
      const http = await startHttp(service, {
        ...config.http,
        token: config.httpToken,
        tokenList: config.httpTokenList,
        tokensFile: config.httpTokens,
        accessLog: config.accessLog,
        requestsPerSecond: config.httpRate,
        maxConnections: config.httpConnections,
        logger,
        closeGraceMs: HTTP_GRACE_MS,
      });
      undo.push(() => http.close());
      address = http.address;
      lock.publish(address);
    }
    undo.push(() => service.stop());
    await reach.until('join the group', () => service.start(fail, address ?? undefined));
    return { service, log, address, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createMissing(log: Log, config: Config, logger: Logger, reach: ReachLog): Promise<void> {
  const { created, refused } = await reach.until('create topics', () => createMissingTopics(log, config));
  for (const each of created) logger.info(each, 'created a topic that was missing');
  for (const { code, message, hint } of refused) logger.warn({ code, reason: message, hint }, 'a topic that is missing was not created');
}

function gatewayOf({
  gatewayUrl: url,
  gatewayKey: key,
  gatewayModel: model,
  gatewayTimeoutMs: timeoutMs,
  gatewayRetries: retries,
}: Config): Gateway | undefined {
  return url === undefined || model === undefined ? undefined : new Gateway({ url, key, model, timeoutMs, retries });
}

/** What is not done by then is left undone: nothing is lost by it but time at the next start. */
async function unlessLate(step: Promise<unknown> | void, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([step, late]).finally(() => clearTimeout(timer));
}
