/** What a running service says of its priors: in GET /v1/policies, in the log and in /metrics, against sums over the log's records. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { policiesSchema } from '../../../src/http/schemas.js';
import { policyNamed } from '../../../src/policies/registry.js';
import { vectorFingerprint } from '../../../src/policies/vector-fingerprint.js';
import { PriorWatch, watchedPriors } from '../../../src/service/policies/prior-watch.js';
import { Recount } from '../../../src/service/policies/recount.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { readHistory, type History } from '../../support/embedded/history.js';
import { appendStretch, type Stretch } from '../../support/embedded/logged-world.js';
import { samples } from '../../support/exposition.js';
import { loggedLines } from '../../support/logged-lines.js';

const HOUR_MS = 3_600_000;
const START_MS = 1_795_219_200_000;
const NOW_MS = START_MS + 400 * HOUR_MS;
const signal = new AbortController().signal;

const WORLD = { epsilon: 1, prefersOverdue: false, chances: { overdue: 0.8, other: 0.3 }, users: 40, everyMs: 60_000 };

/** theta_0 by the names of the entries. */
async function withPrior(policy: string, entries: Readonly<Record<string, number>>, stretch: Partial<Stretch> = {}) {
  const embedded = await embeddedService({ partitions: 2, clock: () => NOW_MS });
  await embedded.start();
  const definition = policyNamed(policy);
  await embedded.produce('policy.control', {
    control_id: 'prior-1',
    type: 'configure',
    effective_at_ms: START_MS + HOUR_MS,
    settings: {
      prior: { policy, theta: definition.featureNames.map((name) => entries[name] ?? 0), vectors: vectorFingerprint(definition) },
    },
  });
  // Sixty of them are from before it.
  await appendStretch(embedded, { ...WORLD, decisions: 1_060, fromMs: START_MS, ...stretch });
  await embedded.catchUp();
  const paths = [0, 1].map((partition) => embedded.statePath(partition));
  return { embedded, paths };
}

/** Of the tip that was served, by what the record says of it. */
function naive({ scored, feedback }: History, guess: (isOverdue: number) => number) {
  const actions = new Map(feedback.map(({ event }) => [event.tip_id, event.action]));
  const found = scored
    .filter(({ event }) => event.profile.as_of_ms >= START_MS + HOUR_MS)
    .sort((a, b) => b.event.profile.as_of_ms - a.event.profile.as_of_ms)
    .slice(0, 1_000)
    .map(({ event }) => ({
      r: actions.get(event.chosen_tip_id) === 'done' ? 1 : 0,
      overdue: event.features.vectors[event.chosen_tip_id]![1]!,
    }));
  const mean = found.reduce((sum, { r }) => sum + r, 0) / found.length;
  const square = (of: (one: (typeof found)[number]) => number) => found.reduce((sum, one) => sum + of(one) ** 2, 0) / found.length;
  return { n: found.length, error: square(({ r, overdue }) => r - guess(overdue)), constant: square(({ r }) => r - mean) };
}

it('a prior that is right is better than a constant, also in vectors of a policy that has not decided', async () => {
  const { embedded } = await withPrior('egreedy-v3', { bias: 0.3, is_overdue: 0.5 });
  const { n, error, constant } = naive(await readHistory(embedded), (overdue) => 0.3 + 0.5 * overdue);
  const document = await embedded.service.policies();
  expect(policiesSchema.parse(document)).toEqual(document);
  const [prior] = document.priors;
  expect(prior).toMatchObject({
    policy: 'egreedy-v3',
    control_id: 'prior-1',
    stale: false,
    watch: { rewards: 1_000, rewards_needed: 1_000, worse: false },
  });
  expect(n).toBe(1_000);
  expect(error).toBeLessThan(constant);
  expect(prior!.watch!.error).toBeCloseTo(error, 12);
  expect(prior!.watch!.constant_error).toBeCloseTo(constant, 12);
  const metrics = samples(await embedded.service.metrics());
  expect(metrics.get('tipstream_prior_error{policy="egreedy-v3",by="prior"}')).toBeCloseTo(error, 12);
  expect(metrics.get('tipstream_prior_worse{policy="egreedy-v3"}')).toBe(0);
});

it('of one that is wrong the log has one warning, and another line once it is right again', async () => {
  const { embedded, paths } = await withPrior('egreedy-v1', { bias: 0.8, is_overdue: -0.5 });
  const expected = naive(await readHistory(embedded), (overdue) => 0.8 - 0.5 * overdue);
  const [prior] = await watchedPriors(paths, NOW_MS, signal);
  expect(prior).toMatchObject({ policy: 'egreedy-v1', controlId: 'prior-1', isWorse: true });
  expect(prior!.error).toBeCloseTo(expected.error, 12);
  // Answers are used again for a while: here each look counts.
  const counting = vi
    .spyOn(Recount.prototype, 'get')
    .mockImplementation(async (files) => ({ value: await watchedPriors(files, NOW_MS, signal), countedAtMs: NOW_MS }));
  onTestFinished(() => counting.mockRestore());
  const { logger, lines } = loggedLines();
  const watch = new PriorWatch(logger, () => NOW_MS);
  await watch.look(paths);
  await watch.look(paths);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 40,
    policy: 'egreedy-v1',
    prior: 'prior-1',
    msg: expect.stringMatching(/^the prior of egreedy-v1 predicts newcomers' rewards worse than a constant: /) as string,
  });
  // People now do what is not overdue.
  await appendStretch(embedded, {
    ...WORLD,
    chances: { overdue: 0.3, other: 0.8 },
    decisions: 1_000,
    fromMs: START_MS + 20 * HOUR_MS,
    seed: 2,
  });
  await embedded.catchUp();
  await watch.look(paths);
  expect(lines[1]).toMatchObject({ level: 30, msg: "the prior of egreedy-v1 predicts newcomers' rewards better than a constant again" });
});

it('counts newcomers alone, and says nothing before it is in effect', async () => {
  const { embedded, paths } = await withPrior('egreedy-v1', {}, { decisions: 100, updates: 20 });
  await appendStretch(embedded, { ...WORLD, decisions: 7, fromMs: START_MS + 9 * HOUR_MS, seed: 2, updates: 19 });
  await embedded.catchUp();
  expect(await watchedPriors(paths, NOW_MS, signal)).toMatchObject([{ rewards: 7, isWorse: null }]);
  expect(await watchedPriors(paths, START_MS, signal)).toEqual([]);
  expect(await watchedPriors([], NOW_MS, signal)).toEqual([]);
});
