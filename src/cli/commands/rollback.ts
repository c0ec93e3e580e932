import { randomUUID } from 'node:crypto';
import { TipstreamError } from '../../errors.js';
import { controlsInEffect } from '../../policies/controls/control.js';
import { effectsOf, standingPromotes } from '../../policies/controls/promotes.js';
import { DEFAULT_POLICY } from '../../policies/registry.js';
import { rolloutAt } from '../../policies/controls/rollout.js';
import { refuseBackDated } from '../../producer/back-dated.js';
import type { ControlEvent } from '../../topics.js';
import { defineCommand } from '../command.js';
import { openControlLog } from '../control-log.js';
import { settingsOf } from '../policy-settings.js';
import { timeOption } from '../time-argument.js';

interface RollbackOptions {
  readonly reason?: string;
  readonly all?: boolean;
  readonly effectiveAt?: number;
}

export const rollbackCommand = defineCommand<RollbackOptions>({
  name: 'rollback',
  summary: 'Take the last promote back, at once',
  details: [
    'Appends a rollback to policy.control: decisions requested from now on are made by whoever was live before. It ' +
      'asks nothing and checks nothing, because there may be no time.',
    'One rollback is one step: after 10 and then 100 percent, it returns to 10. --all takes back every promote that ' +
      'stands. A rollback names the promote that it takes back, so two at once are one step.',
    'A policy that had been live for all users and is live for nobody any more becomes the shadow. A promote that was ' +
      'made for a later time still comes: --effective-at with that time takes it back as it comes.',
  ].join('\n\n'),
  examples: [
    ['tipstream rollback', 'one step, now'],
    ['tipstream rollback --all', 'back to the policy that is live from the start'],
    ['tipstream rollback --effective-at 2026-12-01T06:00:00Z', 'the promote that was made for that time'],
    ['tipstream rollback --reason "dismissals doubled"', 'with a reason, which is recorded'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  options: [
    { flags: '--reason <text>', help: 'recorded with the rollback' },
    { flags: '--all', help: 'every promote that stands' },
    { flags: '--effective-at <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--effective-at') },
  ],
  json: 'document',
  changes: ({ options: { all = false, reason } }) => ({
    action: 'policy.rollback',
    details: { all, ...(reason === undefined ? {} : { reason }) },
  }),
  async run({ options: { reason, all = false, effectiveAt }, config, output, json, changed }) {
    refuseBackDated({ effective_at_ms: effectiveAt ?? Date.now(), reason }, Date.now());
    const control = await openControlLog(config);
    try {
      const nowMs = effectiveAt ?? Date.now();
      const controls = await control.read();
      const shares = () => rolloutAt(controls, nowMs, DEFAULT_POLICY, settingsOf(config)).shares;
      const [newest] = shares();
      const later = comingPromotes(controls, nowMs);
      const live = () => shares().map(({ policy, percent }) => ({ policy, percent }));
      const meanwhile = all || effectiveAt !== undefined ? undefined : rolledBackSince(controls, performance.timeOrigin);
      if (meanwhile !== undefined) {
        const { rollback, promote } = meanwhile;
        changed({ target: { kind: 'policy', id: promote.policy! }, details: { already: true, taken_back_by: rollback.control_id } });
        output.note(
          `${rollback.control_id} took ${promote.control_id} back at the same moment: nothing more is taken back. ` +
            'Run `tipstream rollback` again for the step before it.',
        );
        if (!json) return;
        return await output.document({
          control_id: rollback.control_id,
          control_ids: [],
          already: true,
          taken_back_by: rollback.control_id,
          rolled_back: promote.policy,
          promote: promote.control_id,
          live: newest!.policy,
          shares: live(),
          effective_at_ms: rollback.effective_at_ms,
        });
      }
      if (newest!.controlId === null) {
        throw new TipstreamError('not_found', `there is nothing to roll back: ${newest!.policy} is live from the start`, {
          hint: later[0] === undefined ? 'See what was promoted with `tipstream policies history`.' : cancelling(later[0]),
        });
      }
      const controlIds: string[] = [];
      const events: ControlEvent[] = [];
      do {
        const rollback = {
          control_id: `rollback-${randomUUID()}`,
          type: 'rollback' as const,
          effective_at_ms: nowMs,
          takes_back: shares()[0]!.controlId!,
          ...(reason === undefined ? {} : { reason }),
        };
        controls.push(rollback);
        events.push(rollback);
        controlIds.push(rollback.control_id);
      } while (all && shares()[0]!.controlId !== null);
      const now = shares();
      const shadow = newest!.holdout !== null && now.every(({ policy }) => policy !== newest!.policy) ? newest!.policy : null;
      if (shadow !== null)
        events.push({
          control_id: `${controlIds.at(-1)}-shadow`,
          type: 'configure',
          effective_at_ms: nowMs,
          settings: { shadow },
          reason: 'shadow from its rollback on',
        });
      await control.producer.sendAll(events.map((event) => ({ topic: 'policy.control', event })));
      changed({
        target: { kind: 'policy', id: newest!.policy },
        details: { control_ids: events.map(({ control_id: id }) => id), effective_at_ms: nowMs },
      });
      const takenBackBy = firstRollbackOf(newest!.controlId, await control.read());
      const already = takenBackBy !== controlIds[0];
      changed({ details: { already } });
      const document = {
        control_id: controlIds[0],
        control_ids: controlIds,
        already,
        taken_back_by: takenBackBy,
        rolled_back: newest!.policy,
        promote: newest!.controlId,
        live: now[0]!.policy,
        shares: live(),
        effective_at_ms: nowMs,
      };
      if (already) output.note(`${takenBackBy} took ${newest!.controlId} back at the same moment: this rollback changes nothing`);
      if (json) return await output.document(document);
      const decides = now
        .map(({ policy, percent }) => (percent === 100 ? policy : `${policy} for ${percent} percent of the users`))
        .join(', ');
      await output.write(`${newest!.policy} is rolled back; ${decides} decides from ${new Date(nowMs).toISOString()} on\n`);
      for (const promote of later) output.note(cancelling(promote));
      if (now[0]!.controlId !== null)
        output.note('promotes before it stand: tipstream rollback takes back the next, tipstream rollback --all takes back all');
    } finally {
      await control.close();
    }
  },
});

/**
 * The rollback that somebody else made after this command was started, and the promote that it took back: whoever started this one meant
 * that promote too.
 */
function rolledBackSince(
  controls: readonly ControlEvent[],
  startedMs: number,
): { readonly rollback: ControlEvent; readonly promote: ControlEvent } | undefined {
  const effects = effectsOf(controlsInEffect(controls, Infinity));
  for (const rollback of controls) {
    if (rollback.type !== 'rollback' || rollback.effective_at_ms < startedMs || rollback.effective_at_ms > Date.now()) continue;
    const { effect, effect_of: taken } = effects.get(rollback.control_id)!;
    const promote = effect === 'takes_back' ? controls.find(({ control_id: id }) => id === taken) : undefined;
    if (promote !== undefined) return { rollback, promote };
  }
  return undefined;
}

/** Of the rollbacks that name the promote, the one with the lowest offset. */
function firstRollbackOf(promoteId: string, inTheOrderOfTheLog: readonly ControlEvent[]): string | undefined {
  return inTheOrderOfTheLog.find(({ type, takes_back: named }) => type === 'rollback' && named === promoteId)?.control_id;
}

/** Promotes for later times that nothing takes back as they come, the next one first. */
function comingPromotes(controls: readonly ControlEvent[], nowMs: number): ControlEvent[] {
  return controls
    .filter(
      ({ type, control_id: id, effective_at_ms: atMs }) =>
        type === 'promote' &&
        atMs > nowMs &&
        standingPromotes(controlsInEffect(controls, atMs)).some(({ control_id: other }) => other === id),
    )
    .sort((a, b) => a.effective_at_ms - b.effective_at_ms);
}

const cancelling = ({ policy, effective_at_ms: atMs }: ControlEvent): string =>
  `${policy} goes live at ${new Date(atMs).toISOString()} all the same. Take that back with ` +
  `\`tipstream rollback --effective-at ${new Date(atMs).toISOString()}\`.`;
