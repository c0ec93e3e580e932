/** The redrive of dead letters: what it would do is shown first, and nothing is sent before somebody confirms it. */
import { counted, percent } from '../../format/numbers.js';
import { iso } from '../../format/times.js';
import { chosenText, confirmed, stepOf } from '../../state/redrive.js';
import { useRedrive } from '../../state/use-redrive.js';
import { Card, Problem } from '../../view/small.js';
import { RedriveAsk, type RedriveProps } from './redrive-ask.js';
import { Changes, Records, Remarks } from './redrive-result.js';

export function Redrive({ of, running = null, ...about }: RedriveProps) {
  const redriving = useRedrive();
  const { job, error, isBusy, begin, stop, forget, watch } = redriving;
  const step = job === undefined ? undefined : stepOf(job);
  return (
    <Card title="Redrive">
      {error === undefined ? null : (
        <Problem error={error}>
          {error.jobId === undefined ? null : (
            <p class="actions">
              <button type="button" onClick={() => watch(error.jobId!)}>
                Show that redrive
              </button>
            </p>
          )}
        </Problem>
      )}
      {running === null || running === job?.job_id ? null : (
        <p class="actions">
          A redrive is running.
          <button type="button" onClick={() => watch(running)}>
            Show it
          </button>
        </p>
      )}
      {job === undefined || step === undefined ? (
        <RedriveAsk of={of} {...about} isBusy={isBusy} onCheck={(request) => void begin({ ...request, dry_run: true })} />
      ) : (
        <>
          <p class="hint">
            {job.dry_run ? 'A check' : 'A redrive'} of {chosenText(job.request, iso)}.
          </p>
          <Step step={step} isBusy={isBusy} onStop={() => void stop()} onConfirm={() => void begin(confirmed(job))} onForget={forget} />
        </>
      )}
    </Card>
  );
}

interface StepProps {
  readonly step: ReturnType<typeof stepOf>;
  readonly isBusy: boolean;
  readonly onStop: () => void;
  /** The same request, and not only a check. */
  readonly onConfirm: () => void;
  readonly onForget: () => void;
}

function Step({ step, isBusy, onStop, onConfirm, onForget }: StepProps) {
  const back = (text: string) => (
    <button type="button" onClick={onForget}>
      {text}
    </button>
  );
  switch (step.kind) {
    case 'running':
      return (
        <>
          <label for="redrive-progress">
            {step.text}
            {step.share === null ? '' : ` (${percent(Math.round(step.share * 100) / 100)})`}
          </label>
          <progress id="redrive-progress" {...(step.share === null ? {} : { value: step.share })} max={1} />
          <p class="actions">
            <button type="button" disabled={isBusy || step.isStopping} onClick={onStop}>
              {step.isStopping ? 'Stopping' : 'Stop'}
            </button>
          </p>
        </>
      );
    case 'nothing':
      return (
        <>
          <p role="status">{step.text}</p>
          <Remarks of={step.result} />
          <p class="actions">{back('Back')}</p>
        </>
      );
    case 'shown':
      return (
        <>
          <p role="status">{step.text}</p>
          <Remarks of={step.result} />
          <Records rows={step.result.records} />
          <Changes of={step.result} />
          <p class="notice plain">{step.confirm}</p>
          <p class="actions">
            <button type="button" class="danger" disabled={isBusy} onClick={onConfirm}>
              Put {counted(step.result.redriven, 'record')} back
            </button>
            {back('Leave it')}
          </p>
        </>
      );
    case 'sent':
      return (
        <>
          <p role="status">{step.text}</p>
          <Remarks of={step.result} />
          <Records rows={step.result.records} />
          <p class="actions">{back('Done')}</p>
        </>
      );
    case 'stopped':
      return (
        <>
          <p role="status">{step.text}</p>
          <p class="actions">
            {step.mayGoOn ? (
              <button type="button" disabled={isBusy} onClick={onConfirm}>
                Go on
              </button>
            ) : null}
            {back('Leave it')}
          </p>
        </>
      );
    case 'failed':
      return (
        <>
          <Problem error={step}>
            {step.redriven === 0 ? null : <p>{counted(step.redriven, 'record')} had been put back by then, and none is sent twice.</p>}
          </Problem>
          <p class="actions">{back('Back')}</p>
        </>
      );
  }
}
