import { describe, expect, it } from 'vitest';
import type { RebuildJob } from '../../../src/service/application.js';
import { stepOf } from '../../../src/web/state/rebuild.js';
import { REBUILD } from '../../support/fake-application.js';

const job = (over: Partial<RebuildJob>): RebuildJob => ({ ...REBUILD, ...over });
const changes = [{ name: 'tip_volume_30d', before: '47', after: '48' }];

describe('the step of a rebuild', () => {
  it.each<[string, RebuildJob, object]>([
    ['under way', job({ state: 'running', progress: { done: 1, total: 4 } }), { kind: 'running', share: 0.25, isDryRun: false }],
    ['under way, the log not known yet', job({ state: 'running', progress: { done: 0, total: null } }), { kind: 'running', share: null }],
    ['under way in an empty log', job({ state: 'running', progress: { done: 0, total: 0 } }), { kind: 'running', share: 1 }],
    ['beyond a log that grew', job({ state: 'running', progress: { done: 5, total: 4 } }), { kind: 'running', share: 1 }],
    ['a check that found something', job({ dry_run: true }), { kind: 'differs', changes, replayed: 96 }],
    ['a check that found nothing', job({ dry_run: true, result: { ...REBUILD.result!, changed: [] } }), { kind: 'same' }],
    ['put right', job({}), { kind: 'rebuilt', changes }],
    ['cancelled', job({ state: 'cancelled', dry_run: true }), { kind: 'cancelled', isDryRun: true }],
    [
      'failed',
      job({ state: 'failed', error: { code: 'timeout', message: 'm', hint: 'h' } }),
      { kind: 'failed', code: 'timeout', hint: 'h' },
    ],
    ['failed without saying why', job({ state: 'failed' }), { kind: 'failed', code: 'internal' }],
  ])('%s', (_, of, step) => {
    expect(stepOf(of)).toMatchObject(step);
  });

  it('tells an empty feature from a user who was not known', () => {
    const result = { ...REBUILD.result!, before: null, after: { snooze_rate_30d: null }, changed: ['snooze_rate_30d'] };
    expect(stepOf(job({ dry_run: true, result }))).toMatchObject({ changes: [{ before: 'not known', after: 'null' }] });
  });
});
