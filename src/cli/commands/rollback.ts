import { randomUUID } from 'node:crypto';
import { TipstreamError } from '../../errors.js';
import { DEFAULT_POLICY } from '../../policies/registry.js';
import { rolloutAt } from '../../policies/rollout.js';
import { defineCommand } from '../command.js';
import { openControlLog, settingsOf } from '../control-log.js';

export const rollbackCommand = defineCommand<{ reason?: string }>({
  name: 'rollback',
  summary: 'Take the last promote back, at once',
  details: 'Appends a rollback to policy.control: decisions requested from now on are made by whoever was live before. Nothing is asked and nothing is checked, because there may be no time. The policy that was taken back becomes the shadow when it had been live for all.',
  examples: [
    ['tipstream rollback', 'now'],
    ['tipstream rollback --reason "dismissals doubled"', 'with a reason, which is recorded'],
  ],
  groups: ['log', 'kafka', 'events', 'policy'],
  options: [{ flags: '--reason <text>', help: 'recorded with the rollback' }],
  json: 'document',
  async run({ options: { reason }, config, output, json }) {
    const control = await openControlLog(config);
    try {
      const nowMs = Date.now();
      const [newest] = rolloutAt(control.controls, nowMs, DEFAULT_POLICY, settingsOf(config)).shares;
      if (newest!.controlId === null) throw new TipstreamError('invalid_argument', `there is nothing to roll back: ${newest!.policy} is live from the start`, { hint: 'tipstream policies history shows what was promoted' });
      const controlId = `rollback-${randomUUID()}`;
      await control.producer.send('policy.control', { control_id: controlId, type: 'rollback', effective_at_ms: nowMs, ...(reason === undefined ? {} : { reason }) });
      const shadow = newest!.percent === 100 ? newest!.policy : null;
      if (shadow !== null) await control.producer.send('policy.control', { control_id: `${controlId}-shadow`, type: 'configure', effective_at_ms: nowMs, settings: { shadow }, reason: 'shadow from its rollback on' });
      const [live] = rolloutAt([...control.controls, { control_id: controlId, type: 'rollback', effective_at_ms: nowMs }], nowMs, DEFAULT_POLICY, settingsOf(config)).shares;
      const document = { control_id: controlId, rolled_back: newest!.policy, promote: newest!.controlId, live: live!.policy, effective_at_ms: nowMs };
      if (json) return await output.document(document);
      await output.write(`${newest!.policy} is rolled back; ${live!.policy} decides from ${new Date(nowMs).toISOString()} on\n`);
    } finally {
      await control.close();
    }
  },
});
