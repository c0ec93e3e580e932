/** Whether all is well, on every page; that what is shown is old, and since when. */
import { useService } from '../state/use-service.js';
import { troublesOf, verdictOf } from '../state/troubles.js';
import { Link } from '../view/link.js';
import { Pill, Time } from '../view/small.js';

export function ServiceState({ isPaused }: { readonly isPaused: boolean }) {
  const { status, lag, quality } = useService();
  const { document, error, answeredAtMs } = status;
  const verdict = document === undefined ? undefined : verdictOf(troublesOf(document, lag.document, quality.document));
  // Only what changes is read aloud, and a refresh changes nothing here as long as things stay as they are.
  return (
    <div class="service-state">
      <p role="status">
        {error !== undefined ? (
          <Pill tone="bad">{error.code === 'unreachable' ? 'Unreachable' : 'Failing'}</Pill>
        ) : verdict === undefined ? (
          <Pill tone="plain">Connecting</Pill>
        ) : (
          <Pill tone={document?.ready ? 'good' : verdict.tone}>{document?.ready ? 'Ready' : 'Not ready'}</Pill>
        )}
        {error === undefined ? null : (
          <span class="stale">
            {error.message} {error.hint ?? ''}
            {answeredAtMs === undefined ? '' : ' What is shown is from '}
            {answeredAtMs === undefined ? null : <Time ms={answeredAtMs} />}
            {answeredAtMs === undefined ? '' : '.'}
          </span>
        )}
        {error !== undefined || verdict === undefined || verdict.tone === 'good' ? null : <Link to="/">{verdict.text}</Link>}
      </p>
      {answeredAtMs === undefined || error !== undefined ? null : (
        <p class="updated">
          {isPaused ? 'Paused. As of ' : 'Updated '}
          <Time ms={answeredAtMs} />
        </p>
      )}
    </div>
  );
}
