import { harmWord } from '../../evaluation/segments.js';
import type { CardEvaluation, CardSimulation } from '../documents.js';
import { estimated, plain, range, shown, table } from '../markdown.js';
import { isMissing, type Missing } from '../missing.js';

/** Whom the policy serves better and whom worse: by simulated persona, and by segment of the logged decisions. */
export function fairnessSection(policy: string, simulation: CardSimulation | Missing, evaluation: CardEvaluation | Missing): string {
  const parts = [...(isMissing(simulation) ? [] : byPersona(policy, simulation)), ...(isMissing(evaluation) ? [] : bySegment(evaluation))];
  return parts.length === 0 ? 'Nothing was given to judge it by.' : parts.join('\n\n');
}

function byPersona(policy: string, { personas, policies, comparisons }: CardSimulation): string[] {
  const rows = personas.map(({ persona, policies: results }) => {
    const own = results.find((one) => one.policy === policy);
    const difference = comparisons.find((one) => one.policy === policy && one.persona === persona);
    return [
      plain(persona),
      own === undefined ? '-' : estimated(own.reward),
      own === undefined ? '-' : estimated(own.regret),
      difference === undefined ? '-' : estimated(difference),
    ];
  });
  return [
    'By simulated persona, as chances of a done per decision:',
    table(['persona', 'reward', 'regret', `difference to ${policies[0]!.policy}`], rows),
  ];
}

function bySegment({ segments, worst_segment: worst }: CardEvaluation): string[] {
  if (segments.length === 0) return ['The logged decisions fall into no segments.'];
  return [
    'By segment of the logged decisions, the difference new - logged. The intervals hold for all segments together.\n' +
      'Small segments are judged together, as "others".',
    table(
      ['dimension', 'segment', 'n', 'effective sample', 'difference', 'interval', ''],
      segments.map((one) => [
        plain(one.dimension),
        one.segment === '' ? '(empty)' : plain(one.segment),
        String(one.n),
        shown(one.ess),
        shown(one.difference),
        range(one),
        harmWord(one),
      ]),
    ),
    ...(worst === null
      ? []
      : [
          `Worst${worst.judged ? '' : ', although too few to judge'}: ${plain(worst.dimension)} = ` +
            `${plain(worst.segment)}, ${shown(worst.difference)} (${range(worst)}).`,
        ]),
  ];
}
