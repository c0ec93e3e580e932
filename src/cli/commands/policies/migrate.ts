import { randomUUID } from 'node:crypto';
import { migrationReport, type MigratedUser, type MigrationReport } from '../../../analysts/migration-report.js';
import type { Config } from '../../../config.js';
import { TipstreamError, UsageError } from '../../../errors.js';
import { outputFile, type OutputFile } from '../../../export/output-file.js';
import { canMigrate, migrationRefusal } from '../../../policies/controls/migration.js';
import type { PolicyDefinition } from '../../../policies/policy.js';
import type { PolicySettings } from '../../../policies/controls/control.js';
import { DEFAULT_POLICY, policyNamed } from '../../../policies/registry.js';
import { refuseBackDated } from '../../../producer/back-dated.js';
import { rolloutAt } from '../../../policies/controls/rollout.js';
import { completeControls, missingRecords } from '../../../producer/control-completion.js';
import { fullTopicName, type ControlEvent } from '../../../topics.js';
import { defineCommand } from '../../command.js';
import { openControlLog, readAllControls } from '../../control-log.js';
import { planMigration } from '../../migration-plan.js';
import type { Output } from '../../output/output.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';
import { parseUserId } from '../../option-parsers.js';
import { timeOption } from '../../time-argument.js';

interface MigrateOptions {
  readonly trainFromReplay?: boolean;
  readonly undo?: boolean;
  readonly user?: string;
  readonly effectiveAt?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly force?: boolean;
}

export const migrateCommand = defineCommand<MigrateOptions>({
  name: 'migrate',
  arguments: '<from> <into>',
  summary: 'Let a policy with a longer vector continue from what another has learned',
  details: [
    'Appends a migrate to policy.control. It holds for decisions requested from its effective time on. From then on, ' +
      'the sums of INTO are those of FROM, padded with zeros for the entries that FROM does not have, and what INTO ' +
      'learns is added to them. At that moment INTO scores exactly as FROM does, if both have the same lambda and no prior. What INTO ' +
      'had learned before is set aside.',
    'With --train-from-replay, the logged decisions of FROM count with the vectors that INTO would have had. Then the ' +
      'new entries are learned too, nothing is set aside, and scores change.',
    'Nothing is copied, and FROM stays as it was. --undo takes the last migration back, and the one before it holds ' +
      'again. Asking for what holds already only completes a migration that was left half-written. The report says what ' +
      'the migration does to each user of the state in --data. --dry-run reports and appends nothing.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies migrate egreedy-v1 egreedy-v2 --dry-run', 'what it would do'],
    ['tipstream policies migrate egreedy-v1 egreedy-v2', 'egreedy-v2 continues where egreedy-v1 is'],
    [
      'tipstream policies migrate egreedy-v1 egreedy-v2 --train-from-replay --report users.ndjson',
      'with the new entries learned from the log, a line a user',
    ],
    ['tipstream policies migrate egreedy-v1 egreedy-v2 --user ana', 'for one user'],
    ['tipstream policies migrate egreedy-v1 egreedy-v2 --undo', 'taken back'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [
    { flags: '--train-from-replay', help: 'learn the new entries from the logged decisions' },
    { flags: '--undo', help: 'take back the last migration that stands' },
    { flags: '--user <id>', help: 'for this user alone', parse: parseUserId('--user') },
    { flags: '--effective-at <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--effective-at') },
    { flags: '--reason <text>', help: 'recorded with it' },
    { flags: '--dry-run', help: 'say what it would do, and append nothing' },
    { flags: '--report <file>', help: 'write what it does to each user, as NDJSON' },
    { flags: '--force', help: 'set aside what a live policy has learned; replace the file of --report if there is one' },
  ],
  json: 'document',
  check({ options: { undo, trainFromReplay } }) {
    if (undo === true && trainFromReplay === true)
      throw new UsageError('--undo takes back the last migration, trained or not: leave --train-from-replay out');
  },
  changes: ({ args: [from, into], options: { dryRun = false, undo = false, user, reason } }) =>
    dryRun
      ? undefined
      : {
          action: 'policy.migrate',
          target: { kind: 'policy', id: into! },
          details: { from, undo, ...(user === undefined ? {} : { user_id: user }), ...(reason === undefined ? {} : { reason }) },
        },
  async run({ args: [fromName, intoName], options, config, output, json, signal, changed }) {
    const [from, into] = [policyNamed(fromName!), policyNamed(intoName!)];
    const { dryRun = false, undo = false, report: reportFile, user } = options;
    const control = migrateEvent(from, into, options, Date.now());
    refuseBackDated(control, Date.now());
    if (!canMigrate(from, into))
      throw new UsageError(`${from.name} cannot be migrated to ${into.name}: ${migrationRefusal({ ...control, undo: false })!}`, {
        hint: 'Choose a policy whose vector begins with the same entries; `tipstream policies card NAME` shows them.',
      });
    const target = reportFile === undefined ? undefined : outputFile(reportFile, options.force === true);
    const log = await openControlLog(config, { readOnly: dryRun });
    try {
      const all = await readAllControls(log.log, config);
      const plan = planMigration(all, control, from, into);
      const event = plan.already?.event ?? control;
      const report = await reportOn({ config, controls: plan.controls, control: event, userId: user, from, into, target, output, signal });
      if (plan.already === undefined && losesLearning(log.controls, control) && (report?.before_updates ?? 0) > 0) {
        const loss =
          `${into.name} is live and would set aside what it has learned from ${report!.before_updates} rewarded decisions, ` +
          `to continue from ${from.name}, which has learned from ${report!.from_updates}`;
        const hint = 'Give --train-from-replay, which sets nothing aside, or --force if you mean it.';
        if (dryRun) output.note(`${loss}: that needs --force`);
        else if (options.force !== true) throw new TipstreamError('invalid_argument', loss, { hint });
      }
      const topic = fullTopicName(config.topicPrefix, 'policy.control');
      const completed = dryRun
        ? missingRecords(topic, plan.incomplete, all.partitions).length
        : await completeControls(log.log, topic, plan.incomplete, all.partitions);
      if (!dryRun && plan.already === undefined) await log.producer.send('policy.control', control);
      changed({ details: { control_ids: [event.control_id], already: plan.already !== undefined, completed_partitions: completed } });
      target?.publish();
      const document: Document = {
        control_id: dryRun && plan.already === undefined ? null : event.control_id,
        from: from.name,
        into: into.name,
        trained: (plan.undone?.trained ?? event.train_from_replay) === true,
        undo,
        user_id: user ?? null,
        effective_at_ms: event.effective_at_ms,
        dry_run: dryRun,
        already: plan.already !== undefined,
        completed_partitions: completed,
        report: report ?? null,
      };
      if (json) return await output.document(document);
      await output.write(summaryOf(document));
    } finally {
      output.progress('');
      target?.discard();
      await log.close();
    }
  },
});

/** Only who is live is looked at. */
const NO_SETTINGS: PolicySettings = { epsilon: 0, salt: '', shadow: null, shadowLearning: false };

/** Whether it sets aside what a policy that is live then has learned. */
function losesLearning(controls: readonly ControlEvent[], control: ControlEvent): boolean {
  if (control.undo === true || control.train_from_replay === true) return false;
  const { shares } = rolloutAt(controls, control.effective_at_ms, DEFAULT_POLICY, NO_SETTINGS);
  return shares.some(({ policy }) => policy === control.policy);
}

interface Document {
  /** null: nothing was written, and nothing like it had been. */
  readonly control_id: string | null;
  readonly from: string;
  readonly into: string;
  readonly trained: boolean;
  readonly undo: boolean;
  readonly user_id: string | null;
  readonly effective_at_ms: number;
  readonly dry_run: boolean;
  /** It held before. */
  readonly already: boolean;
  /** Records that a producer which died had not written, and are now; with dry_run: would be. */
  readonly completed_partitions: number;
  readonly report: MigrationReport | null;
}

function migrateEvent(
  from: PolicyDefinition,
  into: PolicyDefinition,
  { trainFromReplay, undo, user, effectiveAt, reason }: MigrateOptions,
  nowMs: number,
): ControlEvent {
  return {
    control_id: `migrate-${randomUUID()}`,
    type: 'migrate',
    effective_at_ms: effectiveAt ?? nowMs,
    policy: into.name,
    ...(undo === true ? { undo } : { from: from.name, ...(trainFromReplay === true ? { train_from_replay: true } : {}) }),
    ...(user === undefined ? {} : { user_id: user }),
    ...(reason === undefined ? {} : { reason }),
  };
}

interface ReportOptions {
  readonly config: Config;
  readonly controls: readonly ControlEvent[];
  readonly control: ControlEvent;
  readonly userId: string | undefined;
  readonly from: PolicyDefinition;
  readonly into: PolicyDefinition;
  readonly target: OutputFile | undefined;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** undefined where there is no state to report on: the log is all that a migration needs. */
async function reportOn({ config, target, output, ...question }: ReportOptions): Promise<MigrationReport | undefined> {
  try {
    target?.write('');
    const report = await migrationReport({
      ...question,
      state: stateSource(config),
      registry: registryFor(config),
      onProgress: (done, total) => output.progress(`${done} of ${total} users`),
      ...(target === undefined ? {} : { onUser: (user: MigratedUser) => target.write(`${JSON.stringify(user)}\n`) }),
    });
    if (report.users === 0 && question.userId !== undefined)
      output.note(`no rewarded decision of ${JSON.stringify(question.userId)} in ${config.data}: is that the user's id?`);
    noteMissing(output, report.partitions_missing);
    return report;
  } catch (error) {
    if (!(error instanceof TipstreamError && error.code === 'no_data')) throw error;
    output.note(`no state in ${config.data}: there is nothing to report on`);
    return undefined;
  }
}

function summaryOf({
  from,
  into,
  trained,
  undo,
  user_id: user,
  effective_at_ms: atMs,
  dry_run: dry,
  already,
  completed_partitions: completed,
  report,
}: Document): string {
  const whom = user === null ? '' : ` for ${user}`;
  const when = new Date(atMs).toISOString();
  const what = undo
    ? `the last migration from ${from} to ${into}${whom} ${dry ? 'would be' : 'is'} taken back from ${when} on; one before it holds again`
    : `${into} ${dry && !already ? 'would continue' : 'continues'} from ${from}${trained ? ', trained from the log,' : ''}${whom} ` +
      `from ${when} on`;
  const completion =
    completed === 0 ? '' : `${dry ? 'would complete' : 'completed'} what was left half-written, in ${completed} partitions`;
  const state = completion !== '' ? `${completion}: ` : already ? 'nothing to do: ' : '';
  if (report === null) return `${state}${what}\n`;
  const {
    users,
    from_updates: examples,
    before_updates: before,
    after_updates: after,
    compared_decisions: compared,
    changed_choices: changed,
    max_score_difference: largest,
  } = report;
  const difference =
    largest === 0
      ? 'every score is the same'
      : `scores differ by ${Number(largest.toPrecision(3))} at most, and ${changed} have another best candidate`;
  return [
    `${state}${what}`,
    `${users} users: ${into} has learned from ${after} rewarded decisions then, instead of ${before}; ${from} from ${examples}`,
    compared === 0 ? 'no recorded decision to compare scores on' : `against ${from} on ${compared} recorded decisions: ${difference}`,
    ...(undo || dry
      ? []
      : [
          `back: tipstream policies migrate ${from} ${into} ` +
            `--undo${user === null ? '' : ` --user ${inShell(user)}`}${atMs > Date.now() ? ` --effective-at ${when}` : ''}`,
        ]),
    '',
  ].join('\n');
}

/** A word of a POSIX shell, quoted where it must be. */
function inShell(word: string): string {
  return /^[\w.@:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
