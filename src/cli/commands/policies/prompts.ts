import { promptsDocument, servedPrompts } from '../../../service/policies/served-prompts.js';
import type { RewardEstimate } from '../../../evaluation/prompt-comparison.js';
import type { PromptsDocument } from '../../../service/application.js';
import { FIRST_PROMPT_VERSION } from '../../../prompts/registry.js';
import { stateFiles } from '../../../store/directory/state-files.js';
import { defineCommand } from '../../command.js';
import type { Output } from '../../output/output.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';

const SHOWN_EVERY = 5_000;

interface PromptsOptions {
  readonly against?: string;
}

export const promptsCommand = defineCommand<PromptsOptions>({
  name: 'prompts',
  summary: 'Compare the rewards of decisions under each prompt version',
  details: [
    'A decision counts for the prompt_version of the tip.served event from which its reward comes. Every mean comes ' +
      'with its 95% interval. The differences to --against hold together with 95%. They are the work of the prompt only ' +
      'where chance chose the version, as --tip-prompt-version does.',
    'Decisions without a reward are left out of REWARD, and counted as 0 in MISSING AS 0.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies prompts', 'all versions, each against v1'],
    ['tipstream policies prompts --against v2', 'each against v2'],
    ["tipstream policies prompts --json | jq '.prompts[].difference'", 'for programs'],
  ],
  groups: ['log'],
  options: [
    {
      flags: '--against <name>',
      help: `the version to compare the others with; default: ${FIRST_PROMPT_VERSION} where it was served, else the first by name`,
    },
  ],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    const { files, missing } = stateFiles(stateSource(config), registryFor(config));
    const countedAtMs = Date.now();
    let decisions = 0;
    const counts = await servedPrompts([...files.values()], signal, () => {
      if (++decisions % SHOWN_EVERY === 0) output.progress(`${decisions} decisions`);
    }).finally(() => output.progress(''));
    const comparison = promptsDocument(counts, countedAtMs, options.against);
    if (json) await output.document(comparison);
    else await print(comparison, output);
    noteMissing(output, missing);
  },
});

async function print({ against, prompts }: PromptsDocument, output: Output): Promise<void> {
  const span = ({ low, high }: { low: number; high: number }): string => `${shown(low)} to ${shown(high)}`;
  const mean = (one: RewardEstimate): (string | null)[] => (one.mean === null ? [null, null] : [shown(one.mean), span(one)]);
  const name = (version: string | null): string => version ?? '(none)';
  await output.table(
    ['PROMPT', 'SERVED', 'REWARDED', 'REWARD', '95%', 'MISSING AS 0', '95%'],
    prompts.map((one) => [name(one.prompt_version), one.served, one.rewarded, ...mean(one.reward), ...mean(one.missing_as_zero)]),
  );
  if (against === null || prompts.every(({ difference }) => difference === null)) return;
  await output.write('\n');
  await output.table(
    [`LESS ${against}`, 'REWARD', '95%', 'MISSING AS 0', '95%'],
    prompts.flatMap(({ prompt_version, difference }) =>
      difference === null
        ? []
        : [
            [
              name(prompt_version),
              ...[difference.reward, difference.missing_as_zero].flatMap((one) =>
                one.mean === null ? [null, null] : [shown(one.mean), span(one)],
              ),
            ],
          ],
    ),
  );
}

function shown(value: number): string {
  return value.toFixed(4);
}
