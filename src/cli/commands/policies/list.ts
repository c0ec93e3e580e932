import { settingsDocument } from '../../../policies/controls/control.js';
import { DEFAULT_POLICY, POLICIES } from '../../../policies/registry.js';
import { rolloutAt } from '../../../policies/controls/rollout.js';
import { defineCommand } from '../../command.js';
import { priorDocuments, type PriorDocument } from '../../../policies/controls/prior-settings.js';
import { rewardRulesAt, rewardsDocument } from '../../../policies/controls/reward-rules.js';
import { openControlLog } from '../../control-log.js';
import { settingsOf } from '../../policy-settings.js';

export const listCommand = defineCommand({
  name: 'list',
  summary: 'The policies, and who is live for which share of the users',
  examples: [
    ['tipstream policies list', 'now'],
    ["tipstream policies list --json | jq '.shares'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  json: 'document',
  async run({ config, output, json }) {
    const control = await openControlLog(config, { readOnly: true });
    try {
      const { shares, settings } = rolloutAt(control.controls, Date.now(), DEFAULT_POLICY, settingsOf(config));
      const policies = POLICIES.map(({ name, dimension, hyperparameters, stateVersion }) => ({
        policy: name,
        dimension,
        hyperparameters,
        state_version: stateVersion,
        live_percent: shares.filter(({ policy }) => policy === name).reduce((sum, { percent }) => sum + percent, 0),
        shadow: settings.shadow === name,
      }));
      const priors = priorDocuments(control.controls, Date.now());
      if (json) {
        return await output.document({
          policies,
          shares: shares.map(({ policy, percent, controlId, effectiveAtMs, rolloutId, holdout }) => ({
            policy,
            percent,
            control_id: controlId,
            effective_at_ms: effectiveAtMs,
            rollout_id: rolloutId,
            holdout,
          })),
          priors,
          settings: { ...settingsDocument(settings), rewards: rewardsDocument(rewardRulesAt(control.controls, Date.now())) },
        });
      }
      await output.table(
        ['POLICY', 'D', 'LIVE FOR', 'SHADOW', 'PRIOR', 'HYPERPARAMETERS'],
        policies.map((one) => [
          one.policy,
          one.dimension,
          one.live_percent === 0 ? null : `${one.live_percent} %`,
          one.shadow ? 'yes' : null,
          priorOf(priors.find(({ policy }) => policy === one.policy)),
          Object.entries(one.hyperparameters)
            .map(([name, value]) => `${name} ${value}`)
            .join(', '),
        ]),
      );
    } finally {
      await control.close();
    }
  },
});

/** `lambda 10`; null: none. */
function priorOf(prior: PriorDocument | undefined): string | null {
  if (prior === undefined) return null;
  return prior.stale ? 'stale' : `lambda ${prior.lambda}`;
}
