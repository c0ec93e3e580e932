/** Whether priors hold, and how well those in effect predict newcomers' rewards. Gauges of the partitions held here. */
import type { Registry } from 'prom-client';
import type { PolicyFacts } from '../policies/policy-facts.js';
import type { WatchedPrior } from '../policies/prior-watch.js';
import { collectedGauge, type GaugeShape } from './collected-gauge.js';

export function priorMetrics(registry: Registry, facts: () => Promise<PolicyFacts | undefined>): void {
  const watched = <Label extends string>(
    gauge: GaugeShape<Label>,
    of: (prior: WatchedPrior) => readonly (readonly [labels: Record<Label, string>, value: number | null])[],
  ): void =>
    collectedGauge(registry, gauge, async (set) => {
      for (const prior of (await facts())?.priors ?? []) for (const [labels, value] of of(prior)) if (value !== null) set(labels, value);
    });
  watched(
    {
      name: 'tipstream_prior_error',
      help: "Mean squared error with which the prior in effect, and a constant, predict newcomers' newest rewards",
      labelNames: ['policy', 'by'],
    },
    ({ policy, error, constantError }) => [
      [{ policy, by: 'prior' }, error],
      [{ policy, by: 'constant' }, constantError],
    ],
  );
  watched(
    {
      name: 'tipstream_prior_worse',
      help: "1 while a constant predicts newcomers' rewards better than the prior in effect; absent while too few came to tell",
      labelNames: ['policy'],
    },
    ({ policy, isWorse }) => [[{ policy }, isWorse === null ? null : Number(isWorse)]],
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_prior_stale',
      help: '1 while the prior set for a policy does not hold, as reactions are worth something else than when it was fitted',
      labelNames: ['policy'],
    },
    async (set) => {
      for (const { policy, stale } of (await facts())?.setPriors ?? []) set({ policy }, Number(stale));
    },
  );
}
