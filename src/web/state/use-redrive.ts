/** A redrive of dead letters. */
import type { RedriveJob, RedriveRequest } from '../../service/application.js';
import { isOver } from './redrive.js';
import { useJob, type WatchedJob } from './use-job.js';

const PATH = '/v1/dead-letters/redrive';

export interface Redriving extends Omit<WatchedJob<RedriveJob>, 'begin'> {
  readonly begin: (request: RedriveRequest) => Promise<void>;
}

export function useRedrive(): Redriving {
  const watched = useJob<RedriveJob>({ parameter: 'redrive', pathOf: (jobId) => `${PATH}/${jobId}`, isOver });
  return { ...watched, begin: (request) => watched.begin(PATH, request) };
}
