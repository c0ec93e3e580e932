/** What changes who is live, to be copied into a shell: nothing here changes it by a click. */
import type { PoliciesDocument } from '../../../service/application.js';
import { policyCommands } from '../../state/policy-commands.js';
import { Card } from '../../view/small.js';
import { Command } from '../../view/command.js';

export function Commands({ document }: { readonly document: PoliciesDocument }) {
  return (
    <Card title="Commands">
      <ul class="commands">
        {policyCommands(document).map(({ text, does }) => (
          <Command key={text} text={text} does={does} />
        ))}
      </ul>
      <p class="hint">
        promote and rollback append to policy.control, and hold from then on; the others change nothing. Run them with the options of the
        service: the same data directory, the same log.
      </p>
    </Card>
  );
}
