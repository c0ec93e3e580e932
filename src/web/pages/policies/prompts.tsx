/** The prompt versions: the rewards of each, and how it differs from the one that is chosen. */
import { useEffect } from 'preact/hooks';
import type { PromptsDocument } from '../../../service/application.js';
import { count, difference, estimate, percent, type Interval } from '../../format/numbers.js';
import { isAddressable } from '../../state/address.js';
import { useFilter } from '../../state/use-filter.js';
import { usePolled } from '../../state/use-polled.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Answer, Card, Pill, Time } from '../../view/small.js';

type PromptEntry = PromptsDocument['prompts'][number];

export function Prompts({ atLeastSeconds }: { readonly atLeastSeconds: number }) {
  const { values, set, clear } = useFilter(['against']);
  const { against } = values;
  const path = against === undefined ? '/v1/prompts' : `/v1/prompts?against=${encodeURIComponent(against)}`;
  const prompts = usePolled<PromptsDocument>(path, { atLeastSeconds, keepsFormer: true });
  const isGone = prompts.error?.code === 'prompt_not_found' && against !== undefined;
  // The version that was chosen was served by nobody who is held here any more.
  useEffect(() => {
    if (isGone) clear();
  }, [isGone]);
  return (
    <Card title="Prompt versions">
      <Answer
        of={isGone ? { ...prompts, error: undefined } : prompts}
        instead={(error) =>
          error.code === 'not_ready' ? (
            <p class="hint">
              {error.message}. {error.hint}
            </p>
          ) : null
        }
      >
        {(document) => <Comparison document={document} onChoose={(version) => set({ against: version })} />}
      </Answer>
    </Card>
  );
}

interface ComparisonProps {
  readonly document: PromptsDocument;
  readonly onChoose: (version: string) => void;
}

function Comparison({ document, onChoose }: ComparisonProps) {
  const { against, alpha, prompts, counted_at_ms: countedAtMs } = document;
  const named = prompts.flatMap(({ prompt_version: version }) => (version === null ? [] : [version]));
  return (
    <>
      {named.length < 2 ? null : (
        <div class="compare">
          <label for="against">Compared with</label>
          <select id="against" value={against ?? ''} onChange={(event) => onChoose(event.currentTarget.value)}>
            {named.filter(isAddressable).map((version) => (
              <option key={version} value={version}>
                {shown(version)}
              </option>
            ))}
          </select>
        </div>
      )}
      <DataTable
        label="Prompt versions"
        columns={columns(against)}
        rows={prompts}
        keyOf={({ prompt_version: version }) => (version === null ? 'none' : `version ${version}`)}
        empty={
          'No decision was served yet under its decision_id. Put the decision_id and the prompt_version that POST /generate answers into ' +
          'tip.served: they are counted here from then on.'
        }
      />
      <p class="hint">
        Counted at <Time ms={countedAtMs} />, and again at most once a second: less often the longer it takes. The intervals hold with{' '}
        {percent(1 - alpha)}, those of the differences together. {prompts.length === 0 ? '' : advice(named)}
      </p>
    </>
  );
}

function advice(named: readonly string[]): string {
  if (named.length === 0)
    return 'No serving names a version: put the prompt_version that POST /generate answers, or a name of your own, into tip.served.';
  if (named.length === 1) return 'Only one version was served: with several in --tip-prompt-version, chance chooses between them.';
  return "A difference is the prompt's doing only where chance chose the version.";
}

const shown = (version: string | null): string => (version === null ? '(none)' : version === '' ? '(empty)' : version);

function columns(against: string | null): readonly Column<PromptEntry>[] {
  const less = against === null ? 'the reference' : shown(against);
  const differenceColumn = (name: 'reward' | 'missing_as_zero', title: string): Column<PromptEntry> => ({
    name: `less ${name}`,
    title: `${title} less ${less}`,
    cell: (one) =>
      one.difference !== null ? (
        <Difference of={one.difference[name]} />
      ) : one.prompt_version !== null && one.prompt_version === against ? (
        <span class="muted">the reference</span>
      ) : (
        ''
      ),
  });
  return [
    { name: 'version', title: 'Version', isHeader: true, kind: 'id', cell: ({ prompt_version: version }) => shown(version) },
    { name: 'served', title: 'Served', kind: 'number', cell: ({ served }) => count(served) },
    { name: 'rewarded', title: 'Rewarded', kind: 'number', cell: ({ rewarded }) => count(rewarded) },
    { name: 'reward', title: 'Mean reward', kind: 'nowrap', cell: ({ reward }) => estimate(reward) },
    { name: 'zero', title: 'Missing as 0', kind: 'nowrap', cell: ({ missing_as_zero: reward }) => estimate(reward) },
    differenceColumn('reward', 'Mean'),
    differenceColumn('missing_as_zero', 'Missing as 0'),
  ];
}

function Difference({ of }: { readonly of: Interval }) {
  const { text, verdict } = difference(of);
  return (
    <>
      {text} {verdict === undefined ? null : <Pill tone={verdict === 'more' ? 'good' : 'bad'}>surely {verdict}</Pill>}
    </>
  );
}
