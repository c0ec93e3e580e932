/**
 * Writes docs/models: a card for every policy, from simulated people alone. Run `npm run cards` after changing a policy.
 *
 * The demo's traffic of a fixed seed and time goes through the real service, whose decisions are then evaluated. So that every run
 * decides the same, each user's events are applied before that user's next request is scored; users do not depend on each other, so
 * all of them take a step at once.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { evaluateLogged } from '../src/analysts/evaluate-logged.ts';
import { trainingData } from '../src/analysts/training-data.ts';
import { modelCard } from '../src/cards/model-card.ts';
import { openControlLog } from '../src/cli/control-log.ts';
import { loadConfig } from '../src/config.ts';
import { inlineWorkers } from '../src/consumers/worker/inline-worker.ts';
import { Service } from '../src/service/service.ts';
import { newRecord } from '../src/demo/backfill.ts';
import { simulateTraffic } from '../src/demo/traffic.ts';
import { ensureTopics } from '../src/log/ensure-topics.ts';
import { openSqliteLog } from '../src/log/sqlite/index.ts';
import { DEFAULT_POLICY, POLICIES, SIMULATED_POLICIES } from '../src/policies/registry.ts';
import { historyOf } from '../src/policies/controls/rollout.ts';
import { createProducer } from '../src/producer/producer.ts';
import { defaultRegistry } from '../src/projections/registry.ts';
import { BUILTIN } from '../src/simulation/population.ts';
import { simulate } from '../src/simulation/simulate.ts';

const DAY_MS = 86_400_000;
const SEED = 1;
const EPSILON = 0.1;
const SETTINGS = { epsilon: EPSILON, salt: '0', shadow: null, shadowLearning: false };
const END_MS = Date.UTC(2026, 10, 1);

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../docs/models/', import.meta.url)) },
    users: { type: 'string', default: '200' },
    days: { type: 'string', default: '45' },
    'simulated-users': { type: 'string', default: '450' },
  },
});
const [users, days, simulatedUsers] = [values.users, values.days, values['simulated-users']].map(Number);

const origin = [
  '**Synthetic: no number here comes from people.**',
  '`npm run cards` makes this card, with the same bytes each time.',
  '',
  `- The simulation is \`tipstream simulate\` with ${simulatedUsers} users.`,
  "- Training data, evaluation and rollout come from the demo's traffic:",
  `  ${users} simulated users over ${days} days up to ${new Date(END_MS).toISOString()}, seed ${SEED}.`,
  '- In that traffic an upstream rule serves tips of its own choice, so about half of the decisions say nothing.',
  '- Make a card of your own with `npx tipstream policies card NAME`.',
].join('\n');

const directory = mkdtempSync(join(tmpdir(), 'tipstream-cards-'));
try {
  const simulation = simulated();
  const state = { dataDirectory: directory, log: 'sqlite', topicPrefix: '' };
  await liveTheDemo();
  const config = loadConfig({ data: directory }, {});
  const control = await openControlLog(config, { readOnly: true });
  await control.close();
  mkdirSync(values.out, { recursive: true });
  for (const policy of POLICIES) {
    const gain = simulation.comparisons.find((one) => one.policy === policy.name && one.persona === 'all');
    const evaluation = await evaluateLogged({
      state,
      registry: defaultRegistry,
      policy,
      defaultPolicy: DEFAULT_POLICY,
      settings: SETTINGS,
      nowMs: END_MS,
      sinceMs: END_MS - days * DAY_MS,
      signal: new AbortController().signal,
      simulation: gain && {
        ...gain,
        ...Object.fromEntries(['users', 'epsilon', 'epsilon_min', 'epsilon_decay', 'candidates'].map((name) => [name, simulation[name]])),
      },
    });
    writeFileSync(
      join(values.out, `${policy.name}.md`),
      modelCard({
        policy,
        origin,
        training: trainingData(state, defaultRegistry, policy.name),
        simulation,
        evaluation,
        history: historyOf(control.controls),
      }),
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function simulated() {
  const exploration = { epsilon: EPSILON };
  const steps = simulate({
    policies: SIMULATED_POLICIES.map((policy) => ({ name: policy.name, policy, exploration })),
    population: BUILTIN,
    users: simulatedUsers,
    days: 60,
    candidates: 8,
    exploration,
    seed: SEED,
  });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** What happened to policies in these days: v2 first in the shadow, then for a tenth of the users, then taken back. */
function* controls() {
  const at = (share) => END_MS - Math.round((1 - share) * days) * DAY_MS;
  yield {
    control_id: 'synthetic-shadow',
    type: 'configure',
    effective_at_ms: at(0),
    settings: { shadow: 'egreedy-v2', shadow_learning: true },
    reason: 'as in the demo',
  };
  yield {
    control_id: 'synthetic-promote',
    type: 'promote',
    effective_at_ms: at(0.7),
    policy: 'egreedy-v2',
    percent: 10,
    reason: 'a rollout for the cards to show',
    evidence: { forced: true },
  };
  yield { control_id: 'synthetic-rollback', type: 'rollback', effective_at_ms: at(0.9), reason: 'the end of it' };
}

async function liveTheDemo() {
  const log = await openSqliteLog({ directory, synchronous: 'normal' });
  await ensureTopics(log, { prefix: '', partitions: 4, partitionsGiven: true });
  const producer = createProducer(log, {});
  for (const control of controls()) await producer.send('policy.control', control);
  const service = new Service(log, defaultRegistry, inlineWorkers({ registry: defaultRegistry, clock: () => END_MS }), {
    dataDirectory: directory,
    group: 'cards',
    topicPrefix: '',
    partitioner: 'murmur2',
    publishProfiles: false,
    guardrail: false,
    maxValueBytes: 1_048_576,
    maxBatchRecords: 50_000,
    maxTaskIdleMs: 0,
    clock: () => END_MS,
    logger: pino({ level: 'error' }, process.stderr),
    scoring: { livePolicy: DEFAULT_POLICY, settings: SETTINGS },
  });
  let failure;
  await service.start((error) => (failure = error));
  try {
    for (const step of stepsOf(simulateTraffic({ seed: SEED, users, days, endMs: END_MS }))) {
      await log.append(step.map((record) => newRecord(record, '')));
      await service.caughtUp();
      if (failure !== undefined) throw failure;
    }
  } finally {
    await service.stop();
    await log.close();
  }
}

/**
 * Every user's records up to the next request, then all these requests, and so on. Records keep their order within a user, or within
 * those of no user.
 */
function* stepsOf(records) {
  const queues = new Map();
  for (const record of records) {
    const key = record.key ?? '';
    if (!queues.has(key)) queues.set(key, []);
    queues.get(key).push(record);
  }
  const waiting = [...queues.values()].map((queue) => ({ queue, at: 0 }));
  const isRequest = (record) => record.topic === 'tip.candidates';
  for (;;) {
    const facts = waiting.flatMap((user) => {
      const from = user.at;
      while (user.at < user.queue.length && !isRequest(user.queue[user.at])) user.at++;
      return user.queue.slice(from, user.at);
    });
    if (facts.length > 0) yield facts;
    const requests = waiting.flatMap((user) => user.queue.slice(user.at, ++user.at));
    if (requests.length === 0) return;
    yield requests;
  }
}
