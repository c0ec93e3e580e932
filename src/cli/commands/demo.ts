import { scalarOf } from '../../projections/object-value.js';
import { join } from 'node:path';
import type { Config } from '../../config.js';
import { commandActor } from '../../audit-trail/actor.js';
import { SimulatedActivity, withActivity } from '../../demo/activity.js';
import { backfill, newRecord } from '../../demo/backfill.js';
import { liveTraffic, systemClock, TIME_SCALE } from '../../demo/live-traffic.js';
import { simulateTraffic } from '../../demo/traffic.js';
import { TipstreamError, UsageError } from '../../errors.js';
import type { ProfileDocument } from '../../service/application.js';
import { DEFAULT_SHADOW } from '../../policies/registry.js';
import { isRowTopic } from '../../topics.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { deleteDemo, pastWasInterrupted, refuseRealLog, simulatingPast } from '../demo-data.js';
import { wholeNumber } from '../option-parsers.js';
import type { Output } from '../output/output.js';
import type { RunningService } from '../running-service.js';
import { registryFor } from '../state-source.js';

const DAYS = 45;
const STATUS_EVERY_MS = 10_000;
const SHOWN_USERS = 4;
const USERS_TO_CHOOSE_FROM = 200;

interface DemoOptions {
  readonly users: number;
  readonly rate: number;
  readonly seed: number;
  readonly fresh?: boolean;
  readonly exit?: boolean;
}

export const demoCommand = defineCommand<DemoOptions>({
  name: 'demo',
  summary: 'Run everything on simulated users: 45 days of their past, then live',
  details: [
    'Simulates producers with late, early, repeated and invalid events on an embedded log. egreedy-v1 decides, and ' +
      'egreedy-v2 is its shadow, which learns here; elsewhere a shadow learns only with --shadow-learning.',
    'With --features core,activity the people have sessions and signals too.',
    'It runs until Ctrl-C. The data are in ./data/demo unless --data says otherwise. Data that are there are continued.',
  ].join('\n\n'),
  examples: [
    ['tipstream demo', '200 users; HTTP on 127.0.0.1:8080'],
    ['tipstream demo --fresh --users 1000', 'begin again, with more people'],
    ['tipstream demo --features core,activity --data data/demo-activity', 'with sessions and signals'],
  ],
  groups: ['log', 'events', 'consumer', 'http', 'policy', 'gateway', 'start'],
  options: [
    { flags: '--users <number>', help: 'how many people', default: 200, parse: wholeNumber('--users', 1) },
    { flags: '--rate <number>', help: 'live records per second', default: 5, parse: wholeNumber('--rate', 1) },
    { flags: '--seed <number>', help: 'the same seed makes the same past', default: 1, parse: wholeNumber('--seed') },
    { flags: '--fresh', help: 'delete the data of a previous demo first' },
    { flags: '--exit', help: 'end after the past is applied and shown' },
  ],
  endsWithReader: () => true,
  stopCode: () => EXIT.ok,
  async run({ options, config: given, output, signal }) {
    const config = demoConfig(given);
    if (config.log !== 'sqlite')
      throw new UsageError('the demo runs on the embedded log', { hint: 'Leave --brokers and KAFKA_BROKERS out.' });
    // ./data/demo is a demo's, also of a version that left no mark there.
    if (config.given.has('data')) refuseRealLog(config.data, options.fresh ? 'is not deleted' : 'gets no simulated events');
    if (options.fresh) deleteDemo(config.data);
    else if (pastWasInterrupted(config.data)) {
      deleteDemo(config.data);
      output.note(`the demo in ${config.data} was interrupted before its past was complete: beginning again`);
    }
    const running = await startOnFreePort(config, output);
    try {
      await fillPast(running, config, options, output, signal);
      if (!signal.aborted) await showPast(running, output);
      if (options.exit || signal.aborted) return EXIT.ok;
      if (running.address !== null) await output.write(`\nOpen ${running.address} to watch. Ctrl-C ends it.\n`);
      await Promise.race([goOnLive(running, config, options, output, signal), running.failed]);
    } finally {
      await running.stop();
    }
    return EXIT.ok;
  },
});

function demoConfig(config: Config): Config {
  return {
    ...config,
    data: config.given.has('data') ? config.data : join('data', 'demo'),
    shadow: config.given.has('shadow') ? config.shadow : DEFAULT_SHADOW,
    shadowLearning: config.given.has('shadowLearning') ? config.shadowLearning : true,
    // Rejections are part of the show and are summed up at its end.
    logLevel: config.given.has('logLevel') ? config.logLevel : 'error',
  };
}

/** Whether sessions and signals are folded. */
function foldsActivity(config: Config): boolean {
  return registryFor(config).topics.some(isRowTopic);
}

/** The default port may be taken; a demo should run all the same. */
async function startOnFreePort(config: Config, output: Output): Promise<RunningService> {
  const [{ createLogger }, { runService }] = await Promise.all([import('../output/logger.js'), import('../running-service.js')]);
  const logger = createLogger(config);
  try {
    return await runService(config, logger);
  } catch (error) {
    if (!(error instanceof TipstreamError && error.code === 'address_in_use') || config.given.has('http') || config.http === null)
      throw error;
    output.note(`port ${config.http.port} is taken; using a free one`);
    return runService({ ...config, http: { ...config.http, port: 0 } }, logger);
  }
}

async function fillPast(
  { service, log }: RunningService,
  config: Config,
  { users, seed }: DemoOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const served = await log.offsets(`${config.topicPrefix}tip.served`);
  if ([...served.values()].some(({ end }) => end > 0)) {
    await service.caughtUp();
    output.note(`continuing with the data in ${config.data}; --fresh begins again`);
    return;
  }
  await simulatingPast(config.data, async () => {
    const startedMs = Date.now();
    const traffic = simulateTraffic({ seed, users, days: DAYS, endMs: startedMs });
    const records = foldsActivity(config) ? withActivity(traffic, seed) : traffic;
    const appended = await backfill({
      log,
      topicPrefix: config.topicPrefix,
      records,
      signal,
      caughtUp: () => service.caughtUp(),
      onDay: (day, count) => output.progress(`simulating day ${day} of ${DAYS}: ${count} events`),
    });
    output.progress('');
    if (signal.aborted) return { complete: false };
    service.noteChange({
      actor: commandActor(),
      action: 'events.produce',
      outcome: 'done',
      details: { simulated_users: users, days: DAYS, written: appended },
    });
    output.note(`simulated ${DAYS} days of ${users} users: ${appended} events in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
    return { complete: true };
  });
}

async function showPast({ service }: RunningService, output: Output): Promise<void> {
  const { counts, live_policy: live, shadow_policy: shadow } = service.status();
  const lag = (await service.lag()).reduce((sum, row) => sum + row.lag_records, 0);
  const agreed =
    counts.shadow_compared === 0
      ? '-'
      : `${((100 * counts.shadow_agreed) / counts.shadow_compared).toFixed(1)}% of ${counts.shadow_compared}`;
  await output.write('\n');
  await output.table(
    ['EVENTS', 'USERS', 'REJECTED', 'LAG', 'DECISIONS', 'SHADOW AGREED'],
    [[counts.applied, counts.users, counts.rejected, lag, counts.decisions, agreed]],
  );
  await output.write(`\n${live} decides, ${shadow ?? 'nobody'} is in its shadow. First profiles:\n\n`);
  const profiles: ProfileDocument[] = [];
  for (const userId of oneOfEachKind(service.knownUsers(USERS_TO_CHOOSE_FROM)).slice(0, SHOWN_USERS))
    profiles.push(await service.profile(userId));
  const [first] = profiles;
  if (first === undefined) return;
  await output.table(
    ['FEATURE', ...profiles.map(({ user_id: userId }) => userId)],
    Object.keys(first.features).map((name) => [name, ...profiles.map(({ features }) => scalarOf(features[name] ?? null))]),
  );
}

/** Ids say what kind of person they are: early-bird-003. */
function oneOfEachKind(userIds: readonly string[]): string[] {
  const kinds = new Map(userIds.map((userId) => [userId.replace(/-\d+$/, ''), userId]));
  return [...kinds.values()];
}

async function goOnLive(
  { service, log }: RunningService,
  config: Config,
  { users, rate, seed }: DemoOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const status = setInterval(() => {
    const { counts } = service.status();
    output.note(`${counts.applied} events applied, ${counts.decisions} decisions, ${counts.rejected} rejected`);
  }, STATUS_EVERY_MS);
  try {
    const activity = foldsActivity(config) ? new SimulatedActivity(seed, TIME_SCALE) : undefined;
    for await (const record of liveTraffic({ seed, users, ratePerSecond: rate, clock: systemClock, signal })) {
      activity?.saw(record);
      const nowMs = Date.now();
      const due = [record, ...(activity?.arrivedBy(nowMs) ?? [])];
      await log.append(due.map((one) => newRecord({ ...one, timestampMs: nowMs }, config.topicPrefix)));
    }
  } finally {
    clearInterval(status);
  }
}
