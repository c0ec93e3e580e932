/** The rebuild of a profile from the log: what differs is shown first, and nothing is changed before somebody confirms it. */
import type { ComponentChildren } from 'preact';
import type { RebuildJob } from '../../../service/application.js';
import { counted, percent } from '../../format/numbers.js';
import { stepOf, type ChangedFeature } from '../../state/rebuild.js';
import { useRebuild } from '../../state/use-rebuild.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Card, Problem } from '../../view/small.js';

export function Rebuild({ userId }: { readonly userId: string }) {
  const { job, error, isBusy, begin, stop, forget } = useRebuild(userId);
  const button = (text: string, isDryRun: boolean) => (
    <button type="button" disabled={isBusy} onClick={() => void begin(isDryRun)}>
      {text}
    </button>
  );
  return (
    <Card title="Rebuild">
      {error === undefined ? null : <Problem error={error} />}
      {job === undefined ? (
        <>
          <p class="hint">
            Replays this user from the log and compares. The check changes nothing; what differs is shown before anything is put right.
          </p>
          <p class="actions">{button('Check against the log', true)}</p>
        </>
      ) : (
        <Step
          job={job}
          onStop={() => void stop()}
          isBusy={isBusy}
          confirm={button('Put it right', false)}
          again={button('Check again', true)}
          onForget={forget}
        />
      )}
    </Card>
  );
}

interface StepProps {
  readonly job: RebuildJob;
  readonly isBusy: boolean;
  readonly confirm: ComponentChildren;
  readonly again: ComponentChildren;
  readonly onStop: () => void;
  readonly onForget: () => void;
}

function Step({ job, isBusy, confirm, again, onStop, onForget }: StepProps) {
  const step = stepOf(job);
  switch (step.kind) {
    case 'running':
      return (
        <>
          <label for="rebuild-progress">
            {step.isDryRun ? 'Checking against the log' : 'Rebuilding'}: {step.share === null ? 'asking the log' : percent(step.share)}
          </label>
          <progress id="rebuild-progress" {...(step.share === null ? {} : { value: step.share })} max={1} />
          <p class="actions">
            <button type="button" disabled={isBusy} onClick={onStop}>
              Cancel
            </button>
          </p>
        </>
      );
    case 'same':
      return (
        <>
          <p role="status">Nothing differs: {counted(step.replayed, 'event')} replayed give the profile that is there.</p>
          <p class="actions">{again}</p>
        </>
      );
    case 'differs':
      return (
        <>
          <p role="status">
            {counted(step.changes.length, 'feature')} of the profile {step.changes.length === 1 ? 'differs' : 'differ'} from what{' '}
            {counted(step.replayed, 'event')} in the log give. To put it right replaces the tips of this user; events and decisions stay.
          </p>
          <Changes changes={step.changes} />
          <p class="actions">
            {confirm}
            <button type="button" onClick={onForget}>
              Leave it
            </button>
          </p>
        </>
      );
    case 'rebuilt':
      return (
        <>
          <p role="status">
            {step.changes.length === 0
              ? `Nothing had to be changed after ${counted(step.replayed, 'event')}.`
              : `Put right, from ${counted(step.replayed, 'event')} in the log.`}
          </p>
          {step.changes.length === 0 ? null : <Changes changes={step.changes} />}
          <p class="actions">{again}</p>
        </>
      );
    case 'cancelled':
      return (
        <>
          <p role="status">{step.isDryRun ? 'The check was cancelled.' : 'The rebuild was cancelled before it changed anything.'}</p>
          <p class="actions">{again}</p>
        </>
      );
    case 'failed':
      return (
        <>
          <Problem error={step} />
          <p class="actions">{again}</p>
        </>
      );
  }
}

const CHANGES: readonly Column<ChangedFeature>[] = [
  { name: 'name', title: 'Feature', isHeader: true, cell: ({ name }) => name },
  { name: 'before', title: 'Is', kind: 'number', cell: ({ before }) => before },
  { name: 'after', title: 'From the log', kind: 'number', cell: ({ after }) => after },
];

function Changes({ changes }: { readonly changes: readonly ChangedFeature[] }) {
  return <DataTable label="What differs" columns={CHANGES} rows={changes} keyOf={({ name }) => name} empty="Nothing differs." />;
}
