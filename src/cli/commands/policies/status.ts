import type { RolloutEvaluation } from '../../../analysts/evaluate-rollout.js';
import type { RewardsDocument } from '../../../policies/controls/reward-rules.js';
import { defineCommand } from '../../command.js';
import { policyStatus, type PolicyStatus, type UsedVerdict } from '../../evaluation/policy-status.js';
import type { GivenVerdict } from '../../evaluation/next-step.js';
import { ARM_HEADINGS, armRow } from '../../evaluation/rollout-table.js';
import { EXIT } from '../../failure.js';
import type { Output } from '../../output/output.js';
import { ageText } from '../status/check.js';
import { shown } from '../../../evaluation/shown.js';

interface StatusOptions {
  readonly evidence?: readonly string[];
}

export const statusCommand = defineCommand<StatusOptions>({
  name: 'status',
  summary: 'Say who is live, how rollouts compare, what verdicts are worth now, and the command for the next step',
  details: [
    'Goes by policy.control as the log has it and by the state files of --data. It changes nothing, needs no running service, and ' +
      'says what it could not tell.',
    'The arms of a rollout are compared as `tipstream evaluate --rollout` does. The guardrail looks at the same times: P is how often ' +
      'chance alone looks as harmful at the last look, and it acts about at the P that alpha leaves to that look.',
    'A document that `tipstream evaluate --json` printed can be named with --evidence: its age, whether it was used, and whether ' +
      'promote takes it now.',
    'Exit code 0: it is said. 2: the users of a rollout have less reward, and it is to be taken back. 1: neither the log nor the ' +
      'state says anything.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies status', 'where things stand, and what to do next'],
    ['tipstream policies status --evidence verdict.json', 'and whether that verdict still holds'],
    ["tipstream policies status --json | jq -r '.next.commands[]'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  options: [{ flags: '--evidence <file>', help: 'what evaluate --json printed; may be given several times', repeatable: true }],
  json: 'document',
  async run({ options: { evidence = [] }, config, output, json, signal }) {
    const status = await policyStatus({ config, documents: evidence, output, signal });
    if (json) await output.document(status);
    else await print(status, output);
    return status.rollouts.some(({ shown }) => shown === 'loss') ? EXIT.differs : EXIT.ok;
  },
});

async function print(status: PolicyStatus, output: Output): Promise<void> {
  const { live, rollouts, verdicts, documents, next, at_ms: nowMs } = status;
  for (const { policy, percent, holdout, since_ms: sinceMs, rollout_id: id } of live) {
    const of = [
      ...(sinceMs === null ? [] : [`since ${moment(sinceMs)}`]),
      ...(id === null ? [] : [`rollout ${id}`]),
      ...(holdout === null ? [] : [holdout === 0 ? 'nobody is held out' : `${holdout} % are held out`]),
    ];
    const whom = percent === 100 ? 'everybody' : `${percent} % of the users`;
    await output.write(`${[`${policy} is live for ${whom}`, ...of].join(', ')}\n`);
  }
  await output.write(`${settingsLine(status)}\n${shadowLine(status)}\n`);
  for (const { policy, lambda, stale, control_id: id } of status.priors)
    await output.write(
      stale
        ? `the prior of ${policy}, ${id}, is stale: it was fitted for other rewards than those in effect, and decisions do without it\n`
        : `${policy} starts from a prior, ${id}, with lambda ${lambda}\n`,
    );
  for (const rollout of rollouts) {
    await output.write(`\nrollout ${rollout.rollout_id}: ${rollout.policy} for ${rollout.percent} % since ${moment(rollout.since_ms)}\n`);
    if (rollout.everybody !== null) await output.table(ARM_HEADINGS, [rollout.everybody.treated, rollout.everybody.control].map(armRow));
    await output.write(`${guardrailLine(rollout, status.service_runs)}\n`);
    await output.write(`evaluate --rollout says ${rollout.verdict}: ${rollout.reasons.join('; ')}\n`);
  }
  if (verdicts.length > 0) {
    await output.write('\n');
    await output.table(
      ['PROMOTED', 'PERCENT', 'WENT BY', 'MADE', 'NOW', 'PROMOTE'],
      verdicts.map((one) => verdictRow(one, nowMs)),
    );
  }
  if (documents.length > 0) await output.write('\n');
  for (const one of documents) await output.write(`${documentLine(one)}\n`);
  await output.write(`\nnext: ${next.what}\n`);
  for (const one of next.missing) await output.write(`- ${one}\n`);
  for (const one of next.commands) await output.write(`  ${one}\n`);
  if (status.could_not_tell.length > 0)
    await output.write(`\ncould not tell:\n${status.could_not_tell.map((one) => `- ${one}\n`).join('')}`);
}

function settingsLine({ settings, changed_at_ms: changedMs }: PolicyStatus): string {
  const { epsilon, epsilon_decay: decay, epsilon_min: min, salt, rewards } = settings;
  const exploring = decay === null ? `epsilon ${epsilon}` : `epsilon ${epsilon}, decaying by ${decay} to ${min ?? 0}`;
  return (
    `${exploring}, salt ${salt}; rewards: ${rewardsText(rewards)}; ` +
    (changedMs === 0 ? 'so from the beginning' : `the newest change was at ${moment(changedMs)}`)
  );
}

function rewardsText({ done, dismiss, snooze, window_ms: windowMs }: RewardsDocument): string {
  return `done ${done}, dismiss ${dismiss}, snooze ${snooze} within ${Number((windowMs / 86_400_000).toFixed(3))} days`;
}

function shadowLine({ settings: { shadow }, shadow_agreement: agreement, could_not_tell: untold }: PolicyStatus): string {
  if (shadow === null) return untold.some((one) => one.startsWith('the shadow')) ? 'the shadow is what start was given' : 'no shadow';
  if (agreement === null || agreement.compared === 0) return `${shadow} is in the shadow, and no decision of it is here`;
  const { compared, agreed } = agreement;
  return `${shadow} is in the shadow; shadows chose what was live in ${((100 * agreed) / compared).toFixed(1)} % of ${compared} decisions`;
}

function guardrailLine({ everybody, next_look_ms: nextMs }: RolloutEvaluation, serviceRuns: boolean | null): string {
  const next = nextMs === null ? 'there is no further look' : `the next look is due when events have come to ${moment(nextMs)}`;
  const nobody = serviceRuns === false ? '; no service runs on this data, so nobody acts' : '';
  if (everybody === null) return `guardrail: no look yet; ${next}${nobody}`;
  const { at_ms: atMs, harm_p: p, acts_at_p: actsAt } = everybody;
  const seen = p === null ? 'decides nothing' : `P ${shown(p)}, and it acts about at ${shown(actsAt)}`;
  return `guardrail: the look of ${moment(atMs)}: ${seen}; ${next}${nobody}`;
}

function verdictRow(of: UsedVerdict, nowMs: number): (string | number | null)[] {
  const by = of.rollout_id !== null ? 'the rollout' : of.hash !== null ? 'decisions before' : null;
  const now = { stands: 'stands', repeats: 'repeats another', taken_back: 'taken back', takes_back: null, nothing: null }[of.effect];
  return [
    of.policy,
    of.percent,
    `${by ?? 'no evidence'}${of.forced ? ', forced' : ''}`,
    of.evaluated_at_ms === null ? null : `${ageText(nowMs - of.evaluated_at_ms)} ago, used`,
    now,
    of.control_id,
  ];
}

function documentLine({ file, policy, verdict, age_ms: ageMs, used_by: usedBy, accepted, why }: GivenVerdict): string {
  const used = usedBy === null ? 'not used' : `used by ${usedBy}`;
  return `${file}: ${verdict} on ${policy}, ${ageText(ageMs)} old, ${used}; promote ${accepted ? 'takes it' : `does not take it: ${why!}`}`;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
