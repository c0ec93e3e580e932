/** Who is live and how it came to be so: rewards, the shadow's agreement, the guardrail, prompt versions, history, model cards. */
import type { PoliciesDocument, PolicyEntry } from '../../../service/application.js';
import { count, estimate, percent } from '../../format/numbers.js';
import { usePolled } from '../../state/use-polled.js';
import { useService } from '../../state/use-service.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Answer, Card, Time } from '../../view/small.js';
import { Cards } from './cards.js';
import { Commands } from './commands.js';
import { GuardrailCard } from './guardrail-card.js';
import { History } from './history.js';
import { Prompts } from './prompts.js';

/** An answer has every card in it, and counts every decision when it is time to. */
const COSTS_SECONDS = 2;

export default function Policies() {
  const policies = usePolled<PoliciesDocument>('/v1/policies', { atLeastSeconds: COSTS_SECONDS });
  return (
    <div class="stack">
      <Answer of={policies}>{(document) => <WhoIsLive document={document} />}</Answer>
      <Prompts atLeastSeconds={COSTS_SECONDS} />
      {policies.document === undefined ? null : (
        <>
          <GuardrailCard guardrail={policies.document.guardrail} history={policies.document.history} />
          <History history={policies.document.history} />
          <Commands document={policies.document} />
          <Cards policies={policies.document.policies} />
        </>
      )}
    </div>
  );
}

function WhoIsLive({ document: { policies, settings, priors, counted_at_ms: countedAtMs } }: { readonly document: PoliciesDocument }) {
  const { epsilon, epsilon_min: least, epsilon_decay: decay, shadow, shadow_learning: isLearning, rewards } = settings;
  return (
    <Card
      title="Who is live"
      aside={
        <p class="about">
          epsilon {epsilon}
          {decay === null ? '' : `, ${decay} / updates down to ${least}`}
          {shadow === null ? ', no shadow' : `, shadow ${shadow}${isLearning ? ' (learning)' : ''}`}
          {`, a done is worth ${rewards.done}, a dismiss ${rewards.dismiss}, a snooze ${rewards.snooze}`}
          <Agreement hasShadow={shadow !== null} />
        </p>
      }
    >
      <DataTable label="Policies" columns={COLUMNS} rows={policies} keyOf={({ policy }) => policy} empty="The registry holds no policy." />
      {priors.map((prior) => (
        <p class="hint" key={prior.policy}>
          {priorLine(prior)}
        </p>
      ))}
      <p class="hint">
        Decisions and rewards were counted at <Time ms={countedAtMs} />, and are again at most once a second: less often the longer it
        takes.
      </p>
    </Card>
  );
}

/** `Users without rewards start from a prior under egreedy-v3 (lambda 10).` */
function priorLine({ policy, lambda, stale, watch }: PoliciesDocument['priors'][number]): string {
  if (stale) return `The prior of ${policy} is stale: reactions are worth something else than when it was fitted, so it does not hold.`;
  const worse = watch?.worse === true ? " It predicts newcomers' rewards worse than a constant does: fit it again." : '';
  return `Users without rewards start from a prior under ${policy} (lambda ${lambda}).${worse}`;
}

function Agreement({ hasShadow }: { readonly hasShadow: boolean }) {
  const counts = useService().status.document?.counts;
  if (!hasShadow || counts === undefined) return null;
  const { shadow_agreed: agreed, shadow_compared: compared } = counts;
  return (
    <>
      {', '}
      {compared === 0 ? 'nothing compared yet' : `agrees in ${percent(agreed / compared)} of ${count(compared)} decisions`}
    </>
  );
}

const COLUMNS: readonly Column<PolicyEntry>[] = [
  { name: 'policy', title: 'Policy', isHeader: true, cell: ({ policy }) => policy },
  {
    name: 'live',
    title: 'Live for',
    kind: 'number',
    cell: ({ live_percent: share }) => (share === 0 ? '' : percent(share / 100)),
  },
  { name: 'shadow', title: 'Shadow', cell: ({ shadow }) => (shadow ? 'yes' : '') },
  { name: 'decisions', title: 'Decisions', kind: 'number', cell: ({ decisions }) => count(decisions) },
  { name: 'rewarded', title: 'Rewarded', kind: 'number', cell: ({ rewarded }) => count(rewarded) },
  {
    name: 'reward',
    title: 'Mean reward',
    kind: 'nowrap',
    cell: ({ mean_reward: reward }) => (reward === null ? '' : estimate(reward)),
  },
  {
    name: 'hyperparameters',
    title: 'Hyperparameters',
    cell: ({ hyperparameters }) =>
      Object.entries(hyperparameters)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
  },
];
