/** The model cards of this deployment. Each is rendered when somebody opens it. */
import { useState } from 'preact/hooks';
import type { PolicyEntry } from '../../../service/application.js';
import { useFilter } from '../../state/use-filter.js';
import { LazyMarkdown } from '../../view/lazy-markdown.js';
import { Card } from '../../view/small.js';

export function Cards({ policies }: { readonly policies: readonly PolicyEntry[] }) {
  return (
    <Card title="Model cards">
      {policies.map(({ policy, card }) => (
        <ModelCard key={policy} policy={policy} card={card} />
      ))}
    </Card>
  );
}

function ModelCard({ policy, card }: Pick<PolicyEntry, 'policy' | 'card'>) {
  const { values, set } = useFilter(['card']);
  const [isOpen, setOpen] = useState(values.card === policy);
  return (
    <details
      open={isOpen}
      onToggle={(event) => {
        const { open } = event.currentTarget;
        if (open === isOpen) return;
        setOpen(open);
        set({ card: open ? policy : undefined });
      }}
    >
      <summary>{policy}</summary>
      {isOpen ? <LazyMarkdown text={card} /> : null}
    </details>
  );
}
