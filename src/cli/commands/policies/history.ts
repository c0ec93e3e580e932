import { historyOf, type HistoricControl } from '../../../policies/controls/rollout.js';
import { defineCommand } from '../../command.js';
import { openControlLog } from '../../control-log.js';

export const historyCommand = defineCommand({
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
