/** A user forgotten by a service that runs in the test's own process. */
import type { ForgetJob, ForgetOptions } from '../../src/forgetting/job.js';
import type { Application } from '../../src/service/application.js';

/** The job when it is over, however it ended. */
export async function forgottenBy(
  service: Pick<Application, 'forgetUser' | 'forgetJob'>,
  userId: string,
  { dryRun = false, ...options }: Partial<ForgetOptions> = {},
): Promise<ForgetJob> {
  let job = await service.forgetUser(userId, { dryRun, ...options });
  while (job.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 5));
    job = service.forgetJob(job.job_id);
  }
  return job;
}
