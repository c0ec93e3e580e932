import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../../src/errors.js';
import { jobError, KeptJobs } from '../../../src/service/jobs/kept-jobs.js';

describe('jobs that are kept', () => {
  it('are those that run, however many, and the last of those that are over', () => {
    const over = new Set<string>();
    const missing = (id: string) => ({ message: `no job ${id}`, hint: 'ask sooner' });
    const jobs = new KeptJobs<string>({ most: 2, isOver: (job) => over.has(job), missing });
    for (const id of ['a', 'b', 'c', 'd']) jobs.add(id, id);
    for (const id of ['a', 'c', 'd']) over.add(id);
    jobs.dropOldest();
    expect([...jobs.all()]).toEqual(['b', 'c', 'd']);
    expect(jobs.get('b')).toBe('b');
    expect(() => jobs.get('a')).toThrow(
      expect.objectContaining({ code: 'not_found', message: 'no job a', hint: 'ask sooner', details: { job_id: 'a' } }) as Error,
    );
  });

  it('say what failed', () => {
    expect(jobError(new TipstreamError('timeout', 'too late', { hint: 'again' }), 'the rebuild')).toEqual({
      code: 'timeout',
      message: 'too late',
      hint: 'again',
    });
    expect(jobError(new TipstreamError('timeout', 'too late'), 'the rebuild')).toEqual({ code: 'timeout', message: 'too late' });
    expect(jobError(new TypeError('x is undefined'), 'the rebuild')).toEqual({
      code: 'internal',
      message: 'the rebuild failed: x is undefined',
    });
  });
});
