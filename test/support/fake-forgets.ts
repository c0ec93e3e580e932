/** Jobs that forget a user, as the application written by hand answers them. */
import { TipstreamError } from '../../src/errors.js';
import { userDigest } from '../../src/events/user-digest.js';
import type { ForgetJob } from '../../src/forgetting/job.js';
import type { Application } from '../../src/service/application.js';

export const FORGET_ID = '0b8e1a52-6d1c-4b55-9a60-3f3f0ce1a7aa';

export function fakeForgets(startedAtMs: number): Pick<Application, 'forgetUser' | 'forgetJob'> {
  const job: ForgetJob = {
    ...{ job_id: FORGET_ID, user_digest: userDigest('ana'), state: 'running', dry_run: false },
    progress: { done: 0, total: null },
    started_at_ms: startedAtMs,
  };
  return {
    forgetUser: async (userId, { dryRun }) => ({ ...job, user_digest: userDigest(userId), dry_run: dryRun }),
    forgetJob: (jobId) => {
      if (jobId !== FORGET_ID) throw new TipstreamError('not_found', `there is no job ${jobId} that forgets a user`);
      return { ...job, state: 'done' };
    },
  };
}
