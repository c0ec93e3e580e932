/** A verdict on a rollout as tables and sentences. */
import type { RolloutArm, RolloutEvaluation, RolloutSegment } from '../../analysts/evaluate-rollout.js';
import type { Output } from '../output/output.js';
import { shown } from '../../evaluation/shown.js';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

/** As people read it. */
export async function printRollout(evaluation: RolloutEvaluation, output: Output): Promise<void> {
  const { policy, baseline, percent, rollout_id: id, look, arms, epoch, interval, difference, segments } = evaluation;
  await output.write(
    `${policy} for ${percent} % of the users since ${moment(evaluation.since_ms)}, ${baseline} for the others; rollout ${id}\n`,
  );
  await output.write(`${lookOf(evaluation)}\n`);
  if (arms !== null) {
    if (epoch > 1) await output.write('compared are those who are covered since then and were not before, with those who are not\n');
    await output.write('\n');
    await output.table(ARM_HEADINGS, [arms.treated, arms.control].map(armRow));
  }
  if (look !== null && interval !== null && difference !== null) {
    const confidence = Number((1 - evaluation.alpha).toPrecision(3));
    const found = `${shown(Math.abs(difference))} ${difference < 0 ? 'less' : 'more'}`;
    await output.write(
      `\nper decision the users of ${policy} have ${found}, after the adjustment for what users did before; the difference is between ` +
        `${shown(interval.low)} and ${shown(interval.high)} at all looks together (confidence ${confidence})\n` +
        (evaluation.could_find === null
          ? 'this look could find no difference of any size\n'
          : `this look could find ${points(evaluation.could_find)} in four of five rollouts\n`),
    );
  }
  await printSample(evaluation, output);
  if (segments.length > 0) {
    await output.write('\n');
    await output.table(['DIMENSION', 'SEGMENT', 'USERS', 'DIFFERENCE', 'INTERVAL, THIS LOOK', 'P OF HARM', ''], segments.map(segmentRow));
  }
  await output.write(
    `\n${evaluation.alpha_means}\nthresholds: ${Object.entries(evaluation.thresholds)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}\n\n${evaluation.verdict}\n`,
  );
  for (const reason of evaluation.reasons) await output.write(`- ${reason}\n`);
}

function lookOf({ look, since_ms: sinceMs, until_ms: untilMs, next_look_ms: nextMs, stream_time_ms: streamMs }: RolloutEvaluation): string {
  const next = nextMs === null ? 'there is no further look' : `the next look is due when events have come to ${moment(nextMs)}`;
  const come = streamMs === null ? 'how far they have come cannot be told' : `they have come to ${moment(streamMs)}`;
  if (look === null) return `${next}; ${come}`;
  const final = look.is_final ? ', the final one about a gain' : '';
  return (
    `look after ${duration(look.at_ms - sinceMs)}${final}: decisions up to ${moment(untilMs!)}, and rewards within ` +
    `${duration(look.age_ms)} of the request; ${next}`
  );
}

async function printSample({ sample_ratio: sample, policy, baseline }: RolloutEvaluation, output: Output): Promise<void> {
  if (sample === null) return;
  const { misplaced, returned, arrived, decisions_per_user: often } = sample;
  const word = (differ: boolean): string => (differ ? 'not as chance explains' : 'as chance explains');
  const share = ({ users, of }: { readonly users: number; readonly of: number }): string => `${users} of ${of}`;
  await output.write('\n');
  await output.table(
    ['ARE THE ARMS COMPARABLE?', policy, baseline, ''],
    [
      ['decisions by another policy than the placement says', misplaced, null, misplaced === 0 ? 'none' : 'a fault'],
      ['users who came back', share(returned.treated), share(returned.control), word(returned.differ)],
      [`users who arrived, ${shown(100 * arrived.expected_share)} % expected`, arrived.treated, arrived.control, word(arrived.differ)],
      ['decisions per user', shown(often.treated), shown(often.control), word(often.differ)],
    ],
  );
}

export const ARM_HEADINGS = ['USERS OF', 'USERS', 'DECISIONS', 'REWARD PER DECISION', 'REWARD PER USER'];

export function armRow({ policy, users, decisions, reward_per_decision: perDecision, reward_per_user: perUser }: RolloutArm) {
  return [policy, users, decisions, perDecision === null ? null : shown(perDecision), perUser === null ? null : shown(perUser)];
}

function segmentRow(of: RolloutSegment) {
  const { dimension, segments, treated_users: treated, control_users: control, difference, harm_p: p } = of;
  const missing = of.users_missing > 0 ? `cannot tell, ${of.users_missing} more users` : 'cannot tell';
  return [
    dimension,
    segments.join('+'),
    `${treated} and ${control}`,
    difference === null ? null : shown(difference),
    p === null ? null : `${shown(of.low)} to ${shown(of.high)}`,
    p === null ? null : shown(p),
    of.harmed ? 'harmed' : of.harm_excluded ? 'no harm' : missing,
  ];
}

function points(value: number): string {
  return `${Number((100 * value).toPrecision(2))} points (${shown(value)} per decision)`;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}

function duration(ms: number): string {
  const [count, unit] = ms < HOUR_MS ? [ms / 60_000, 'minute'] : ms < DAY_MS ? [ms / HOUR_MS, 'hour'] : [ms / DAY_MS, 'day'];
  return `${Number(count.toFixed(2))} ${unit}${count === 1 ? '' : 's'}`;
}
