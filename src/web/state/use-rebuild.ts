/** The rebuild of one user, whose job is in the address, so that it is found again after a reload. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RebuildJob } from '../../service/application.js';
import { ApiError } from './api-error.js';
import { cancel, get, post, type Answered } from './api.js';
import { useNavigation } from './location.js';
import { useRefresh } from './refresh.js';

const WATCHED_EVERY_MS = 500;

export interface UserRebuild {
  readonly job: RebuildJob | undefined;
  readonly error: ApiError | undefined;
  /** A question is under way. */
  readonly isBusy: boolean;
  readonly begin: (isDryRun: boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly forget: () => void;
}

export function useRebuild(userId: string): UserRebuild {
  const { address, change } = useNavigation();
  const { onUnauthorized } = useRefresh();
  const [job, setJob] = useState<RebuildJob | undefined>();
  const [error, setError] = useState<ApiError | undefined>();
  const [isBusy, setBusy] = useState(false);
  const isHere = useRef(true);
  useEffect(() => () => void (isHere.current = false), []);
  const jobId = address.query['rebuild'];
  const known = job?.job_id === jobId ? job : undefined;

  const asked = async (question: () => Promise<Answered<RebuildJob>>): Promise<RebuildJob | undefined> => {
    try {
      const { document } = await question();
      if (!isHere.current) return undefined;
      setError(undefined);
      setJob(document);
      return document;
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (!isHere.current) return undefined;
      if (problem.code === 'unauthorized') onUnauthorized();
      // A service that was started anew, or has had 200 more, does not know the job any more.
      else if (problem.code === 'not_found') change({ rebuild: undefined });
      else setError(problem);
      return undefined;
    }
  };
  const busily = async (question: () => Promise<Answered<RebuildJob>>) => {
    setBusy(true);
    const answer = await asked(question);
    if (!isHere.current) return;
    setBusy(false);
    if (answer !== undefined) change({ rebuild: answer.job_id });
  };

  const isOver = known !== undefined && known.state !== 'running';
  useEffect(() => {
    if (jobId === undefined || isOver) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;
    const watch = async () => {
      await asked(() => get<RebuildJob>(`/v1/rebuilds/${encodeURIComponent(jobId)}`));
      if (!isLeft) timer = setTimeout(() => void watch(), WATCHED_EVERY_MS);
    };
    void watch();
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [jobId, isOver]);

  const profile = `/v1/profiles/${encodeURIComponent(userId)}/rebuild`;
  return {
    job: known,
    error,
    isBusy,
    begin: (isDryRun) => busily(() => post<RebuildJob>(isDryRun ? `${profile}?dry_run=true` : profile)),
    stop: () => busily(() => cancel<RebuildJob>(`/v1/rebuilds/${encodeURIComponent(jobId!)}`)),
    forget: () => change({ rebuild: undefined }),
  };
}
