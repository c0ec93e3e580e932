/** Asks for a document while a view shows it, and goes on doing so at the chosen rhythm while the tab can be seen. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api-error.js';
import { get } from './api.js';
import { NOTHING_ASKED, answered, failed, waitMs, type Polled } from './polling.js';
import { useRefresh } from './refresh.js';

export interface PolledOptions {
  /** Not more often than this, whatever rhythm is chosen. */
  readonly atLeastSeconds?: number;
  /** Answer of another path that is shown until this one's comes: a filter then does not blank the view. */
  readonly keepsFormer?: boolean;
}

interface Known<T> {
  readonly path: string | null;
  readonly polled: Polled<T>;
}

/** null as the path: nothing is asked. */
export function usePolled<T>(path: string | null, { atLeastSeconds = 0, keepsFormer = false }: PolledOptions = {}): Polled<T> {
  const { rhythm, turn, onUnauthorized } = useRefresh();
  const [known, setKnown] = useState<Known<T>>({ path, polled: NOTHING_ASKED });
  const wait = waitMs(rhythm, atLeastSeconds);
  /** What has an answer: a pause leaves it as it is. */
  const settled = useRef('');

  useEffect(() => {
    if (path === null) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    const question = `${turn} ${path}`;
    const change = (next: (state: Polled<T>) => Polled<T>) =>
      setKnown((before) => ({ path, polled: next(before.path === path || keepsFormer ? before.polled : NOTHING_ASKED) }));
    const ask = async () => {
      clearTimeout(timer);
      if (isAsking) return;
      isAsking = true;
      try {
        const answer = await get<T>(path, leaving.signal);
        if (!leaving.signal.aborted) change((state) => answered(state, answer, Date.now()));
      } catch (error) {
        if (leaving.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.code === 'unauthorized') return onUnauthorized();
        change((state) => failed(state, error));
      } finally {
        isAsking = false;
      }
      settled.current = question;
      if (wait !== undefined && !document.hidden && !leaving.signal.aborted) timer = setTimeout(() => void ask(), wait);
    };
    const onVisibility = () => {
      if (document.hidden) clearTimeout(timer);
      else if (wait !== undefined) void ask();
    };
    document.addEventListener('visibilitychange', onVisibility);
    if (wait !== undefined || settled.current !== question) void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, [path, wait, turn]);

  return known.path === path || keepsFormer ? known.polled : NOTHING_ASKED;
}
