/** A job of the service, whose id is in the address, so that it is found again after a reload. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api-error.js';
import { cancel, get, post, type Answered } from './api.js';
import { useNavigation } from './location.js';
import { useRefresh } from './refresh.js';

const WATCHED_EVERY_MS = 500;

interface AnyJob {
  readonly job_id: string;
}

export interface JobOptions<Job> {
  /** Of the address. */
  readonly parameter: string;
  /** Of the job, which GET watches and DELETE ends. */
  readonly pathOf: (jobId: string) => string;
  readonly isOver: (job: Job) => boolean;
}

export interface WatchedJob<Job> {
  readonly job: Job | undefined;
  readonly error: ApiError | undefined;
  /** A question is under way. */
  readonly isBusy: boolean;
  readonly begin: (path: string, body?: object) => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly forget: () => void;
  /** Another one, whoever began it. */
  readonly watch: (jobId: string) => void;
}

export function useJob<Job extends AnyJob>({ parameter, pathOf, isOver }: JobOptions<Job>): WatchedJob<Job> {
  const { address, change } = useNavigation();
  const { onUnauthorized } = useRefresh();
  const [job, setJob] = useState<Job | undefined>();
  const [error, setError] = useState<ApiError | undefined>();
  const [isBusy, setBusy] = useState(false);
  const isHere = useRef(true);
  useEffect(() => () => void (isHere.current = false), []);
  const jobId = address.query[parameter];
  const known = job?.job_id === jobId ? job : undefined;
  const point = (to: string | undefined) => change({ [parameter]: to });

  const asked = async (question: () => Promise<Answered<Job>>): Promise<Job | undefined> => {
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
      // A service that was started anew, or has had many more, does not know the job any more.
      else if (problem.code === 'not_found') point(undefined);
      else setError(problem);
      return undefined;
    }
  };
  const busily = async (question: () => Promise<Answered<Job>>) => {
    setBusy(true);
    const answer = await asked(question);
    if (!isHere.current) return;
    setBusy(false);
    if (answer !== undefined) point(answer.job_id);
  };

  const isEnded = known !== undefined && isOver(known);
  useEffect(() => {
    if (jobId === undefined || isEnded) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;
    const watch = async () => {
      await asked(() => get<Job>(pathOf(encodeURIComponent(jobId))));
      if (!isLeft) timer = setTimeout(() => void watch(), WATCHED_EVERY_MS);
    };
    void watch();
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [jobId, isEnded]);

  return {
    job: known,
    error,
    isBusy,
    begin: (path, body) => busily(() => post<Job>(path, body)),
    stop: () => busily(() => cancel<Job>(pathOf(encodeURIComponent(jobId!)))),
    forget: () => point(undefined),
    watch: (other) => {
      setError(undefined);
      point(other);
    },
  };
}
