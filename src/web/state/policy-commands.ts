/** Commands that change who is live, made for who is live now. Pure. */
import type { PoliciesDocument } from '../../service/application.js';

export interface ShellCommand {
  readonly text: string;
  readonly does: string;
}

const TRIAL_PERCENT = 10;

export function policyCommands({ policies, settings, history }: PoliciesDocument): readonly ShellCommand[] {
  const live = policies.filter(({ live_percent: share }) => share > 0).sort((a, b) => b.live_percent - a.live_percent)[0]?.policy;
  const next = settings.shadow ?? policies.find(({ policy, live_percent: share }) => share === 0 && policy !== live)?.policy;
  const isPromoted = history.some(({ type, effect }) => type === 'promote' && effect !== 'taken_back');
  const commands: ShellCommand[] = [];
  if (next !== undefined)
    commands.push(
      { text: `npx tipstream evaluate --policy ${next} --json > verdict.json`, does: `Ask the gate whether ${next} may be promoted.` },
      {
        text: `npx tipstream promote ${next} --evidence verdict.json --percent ${TRIAL_PERCENT}`,
        does: `Promote it for ${TRIAL_PERCENT} percent of the users.`,
      },
      { text: `npx tipstream promote ${next} --evidence verdict.json`, does: 'Promote it for everybody.' },
    );
  if (isPromoted) commands.push({ text: 'npx tipstream rollback', does: 'Take the newest promotion back.' });
  commands.push(
    { text: 'npx tipstream policies history', does: 'Show everything that was promoted and taken back.' },
    ...(live === undefined
      ? []
      : [{ text: `npx tipstream policies card ${live}`, does: `Make the model card of ${live} from what is here.` }]),
  );
  return commands;
}
