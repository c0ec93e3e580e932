import { writeFileSync } from 'node:fs';
import type { LoggedEvaluation } from '../../analysts/evaluate/evaluate-logged.js';
import { modelCard } from '../../cards/model-card.js';
import { TipstreamError } from '../../errors.js';
import { outputFile } from '../../export/output-file.js';
import { policyNamed } from '../../policies/registry.js';
import { historyOf } from '../../policies/rollout.js';
import type { SimulationResult } from '../../simulation/simulate.js';
import type { ControlEvent } from '../../topics.js';
import { defineCommand } from '../command.js';
import { openControlLog } from '../control-log.js';
import { isObject, readJson } from '../input-file.js';

interface CardOptions {
  readonly simulation?: string;
  readonly evaluation?: string;
  readonly rollout?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

export const cardCommand = defineCommand<CardOptions>({
  name: 'card',
  arguments: '<policy>',
  summary: "Write a policy's model card: inputs, simulation, evaluation, fairness and rollout",
  details: 'Markdown. What is not given is said to be missing. The cards in docs/models were made from a simulation alone, because the repository has no users.',
  examples: [
    ['tipstream policies card egreedy-v2 --simulation simulation.json --evaluation verdict.json --rollout --out egreedy-v2.md', 'with all the evidence'],
    ['tipstream policies card linucb', 'the definition'],
  ],
  groups: ['log', 'kafka', 'events'],
  options: [
    { flags: '--simulation <file>', help: 'what `tipstream simulate --json` printed' },
    { flags: '--evaluation <file>', help: 'what `tipstream evaluate --policy NAME --json` printed' },
    { flags: '--rollout', help: 'with the history from policy.control' },
    { flags: '--out <file>', help: 'write there instead of to stdout' },
    { flags: '--force', help: 'replace the file of --out if there is one' },
  ],
  async run({ args: [name], options, config, output }) {
    const policy = policyNamed(name!);
    const evaluation = options.evaluation === undefined ? undefined : documentIn<LoggedEvaluation>(options.evaluation, 'verdict');
    if (evaluation !== undefined && evaluation.policy !== policy.name) throw new TipstreamError('invalid_argument', `${options.evaluation} is about ${evaluation.policy}`, { hint: `make it: tipstream evaluate --policy ${policy.name} --json` });
    let history: readonly ControlEvent[] | undefined;
    if (options.rollout === true) {
      const control = await openControlLog(config);
      history = historyOf(control.controls);
      await control.close();
    }
    const card = modelCard({ policy, simulation: options.simulation === undefined ? undefined : documentIn<SimulationResult>(options.simulation, 'comparisons'), evaluation, history });
    if (options.out === undefined) return output.write(card);
    const file = outputFile(options.out, options.force === true);
    writeFileSync(file.temporary, card);
    file.publish();
  },
});

/** A document that an earlier command printed, told by one of its members. */
function documentIn<T>(path: string, member: keyof T & string): T {
  const { json, wrong } = readJson(path, { hint: 'give the whole document that --json printed' });
  if (!isObject(json) || !(member in json)) throw wrong(`has no ${member}`);
  return json as T;
}
