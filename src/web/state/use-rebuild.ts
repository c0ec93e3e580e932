/** The rebuild of one user. */
import type { RebuildJob } from '../../service/application.js';
import { useJob, type WatchedJob } from './use-job.js';

export interface UserRebuild extends Omit<WatchedJob<RebuildJob>, 'begin'> {
  readonly begin: (isDryRun: boolean) => Promise<void>;
}

export function useRebuild(userId: string): UserRebuild {
  const watched = useJob<RebuildJob>({
    parameter: 'rebuild',
    pathOf: (jobId) => `/v1/rebuilds/${jobId}`,
    isOver: ({ state }) => state !== 'running',
  });
  const profile = `/v1/profiles/${encodeURIComponent(userId)}/rebuild`;
  return { ...watched, begin: (isDryRun) => watched.begin(isDryRun ? `${profile}?dry_run=true` : profile) };
}
