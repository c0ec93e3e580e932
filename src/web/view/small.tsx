/** Small things that every view is made of. */
import type { ComponentChildren } from 'preact';
import { iso, timeText, type Zone } from '../format/times.js';
import type { ApiError } from '../state/api-error.js';
import { useNavigation } from '../state/location.js';
import type { Polled } from '../state/polling.js';
import { Prose } from './prose.js';

export type Tone = 'good' | 'wait' | 'bad' | 'plain';

export function Pill({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>;
}

export function Card(props: { readonly title: string; readonly aside?: ComponentChildren; readonly children: ComponentChildren }) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

export function useZone(): Zone {
  return useNavigation().address.query['time'] === 'utc' ? 'utc' : 'local';
}

/** Of this machine or of UTC, as chosen; the other on hover. */
export function Time({ ms }: { readonly ms: number }) {
  const zone = useZone();
  const nowMs = Date.now();
  return (
    <time dateTime={iso(ms)} title={zone === 'utc' ? `${timeText(ms, -1, 'local')} local time` : iso(ms)}>
      {timeText(ms, nowMs, zone)}
    </time>
  );
}

/** What went wrong, and what to do. */
export function Problem({
  error,
  children,
}: {
  readonly error: Pick<ApiError, 'message' | 'code' | 'hint'>;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="problem">
      <p>
        {sentence(error.message)} <code>{error.code}</code>
      </p>
      {error.hint === undefined ? null : (
        <p class="hint">
          <Prose text={error.hint} />
        </p>
      )}
      {children}
    </div>
  );
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export interface AnswerProps<T> {
  readonly of: Polled<T>;
  readonly children: (document: T) => ComponentChildren;
  /** In place of the box with the error, where there was no answer before. */
  readonly instead?: (error: ApiError) => ComponentChildren;
}

/** What was answered, with what is wrong with it above: that it is old, or that there is nothing yet. */
export function Answer<T>({ of: { document, error, answeredAtMs }, children, instead }: AnswerProps<T>) {
  const isOld = error !== undefined && document !== undefined;
  // Of the whole service the head of the page says it.
  const isSaid = isOld && error.code === 'unreachable';
  return (
    <>
      {error === undefined || isSaid
        ? null
        : (document === undefined && instead?.(error)) || (
            <Problem error={error}>
              {isOld ? (
                <p class="hint">
                  What is shown is from <Time ms={answeredAtMs!} />.
                </p>
              ) : null}
            </Problem>
          )}
      {document === undefined ? error === undefined ? <p class="hint">Waiting for the service.</p> : null : children(document)}
    </>
  );
}
