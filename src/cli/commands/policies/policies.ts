import { settingsDocument } from '../../../policies/controls/control.js';
import { DEFAULT_POLICY, POLICIES } from '../../../policies/registry.js';
import { historyOf, rolloutAt, type HistoricControl } from '../../../policies/controls/rollout.js';
import { defineCommand, type CommandFamily } from '../../command.js';
import { priorDocuments, type PriorDocument } from '../../../policies/controls/prior-settings.js';
import { rewardRulesAt, rewardsDocument } from '../../../policies/controls/reward-rules.js';
import { openControlLog } from '../../control-log.js';
import { settingsOf } from '../../policy-settings.js';
import { aaTestCommand } from './aa-test.js';
import { cardCommand } from './card.js';
import { configureCommand } from './configure.js';
import { migrateCommand } from './migrate.js';
import { powerCommand } from './power.js';
import { priorCommand } from './prior.js';
import { statusCommand } from './status.js';
import { promptsCommand } from './prompts.js';

const listCommand = defineCommand({
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

const historyCommand = defineCommand({
  name: 'history',
  summary: 'Every promotion, rollback, migration and change of settings for everybody, newest first',
  examples: [['tipstream policies history', 'all of them']],
  groups: ['log', 'kafka', 'events', 'registry'],
  json: 'document',
  async run({ config, output, json }) {
    const control = await openControlLog(config, { readOnly: true });
    try {
      const history = historyOf(control.controls);
      if (json) return await output.document(history);
      await output.table(
        ['EFFECTIVE AT', 'TYPE', 'POLICY', 'FROM', 'PERCENT', 'SETTINGS', 'EFFECT', 'REASON', 'CONTROL'],
        history.map((one) => [
          new Date(one.effective_at_ms).toISOString(),
          one.undo === true ? `undo ${one.type}` : one.type,
          one.policy ?? null,
          one.from == null ? null : `${one.from}${one.train_from_replay === true ? ', trained' : ''}`,
          one.percent ?? null,
          one.settings == null ? null : JSON.stringify(shownSettings(one.settings)),
          effectOf(one),
          one.reason ?? null,
          one.control_id,
        ]),
      );
    } finally {
      await control.close();
    }
  },
});

/** Without what only programs read: the entries of a prior, and where it was fitted. */
function shownSettings({ prior, ...rest }: NonNullable<HistoricControl['settings']>) {
  if (prior == null) return rest;
  return { ...rest, prior: prior.theta == null ? { policy: prior.policy, off: true } : { policy: prior.policy, lambda: prior.lambda } };
}

/** `taken back by rollback-1`; null of what is neither a promote nor a rollback. */
function effectOf({ effect, effect_of: other }: HistoricControl): string | null {
  if (effect === undefined) return null;
  if (effect === 'nothing') return 'changes nothing';
  return { stands: 'stands', repeats: `repeats ${other}`, taken_back: `taken back by ${other}`, takes_back: `takes back ${other}` }[effect];
}

export const policiesFamily: CommandFamily = {
  name: 'policies',
  summary: 'Policies: who is live, and how that came about',
  commands: [
    statusCommand,
    listCommand,
    historyCommand,
    configureCommand,
    migrateCommand,
    priorCommand,
    powerCommand,
    aaTestCommand,
    promptsCommand,
    cardCommand,
  ],
};
