import { describe, expect, it } from 'vitest';
import type { RedriveJob } from '../../../src/service/application.js';
import { confirmed, changesOf, chosenText, isOver, numberGiven, remarksOf, stepOf } from '../../../src/web/state/redrive.js';
import { REDRIVE } from '../../support/fake-letters.js';

const result = REDRIVE.result!;
const job = (over: Partial<RedriveJob>): RedriveJob => ({ ...REDRIVE, ...over });
const sending = (over: Partial<RedriveJob>) =>
  job({ dry_run: false, state: 'running', result: undefined, progress: { step: 'sending', done: 5, total: 20 }, redriven: 5, ...over });

describe('the step of a redrive', () => {
  it.each<[string, RedriveJob, object]>([
    [
      'a check under way',
      job({ state: 'running', result: undefined }),
      { kind: 'running', isStopping: false, share: 1, text: 'Checking the source topics: 4,816 of 4,816 offsets' },
    ],
    [
      'one that has just begun',
      job({ state: 'running', progress: { step: 'looking', done: 0, total: null } }),
      { share: null, text: 'Checking the source topics' },
    ],
    [
      'a redrive that looks',
      sending({ progress: { step: 'looking', done: 0, total: 10 } }),
      { share: 0, text: 'Looking at what was put back before: 0 of 10 offsets' },
    ],
    ['a redrive that sends', sending({}), { kind: 'running', share: 0.25, text: 'Putting back: 5 of 20 records' }],
    ['one that is told to stop', sending({ state: 'stopping' }), { kind: 'running', isStopping: true }],
    [
      'one that was stopped',
      sending({ state: 'stopped' }),
      {
        kind: 'stopped',
        mayGoOn: true,
        text: 'Stopped. 5 records were put back and stay there; to go on sends the others, and none twice.',
      },
    ],
    [
      'a check that was stopped',
      job({ state: 'stopped', result: undefined }),
      { kind: 'stopped', mayGoOn: false, text: 'The check was stopped. Nothing was sent.' },
    ],
    ['a check that found some', job({}), { kind: 'shown', text: '2 records would be put back: 1 would be accepted, and 1 refused again.' }],
    [
      'a check that found one',
      job({ result: { ...result, redriven: 1, would_be_refused: 0 } }),
      { text: '1 record would be put back, and it would be accepted.' },
    ],
    [
      'a check whose records are all bad',
      job({ result: { ...result, would_be_refused: 2 } }),
      { text: '2 records would be put back, and all would be refused again.' },
    ],
    [
      'a check that found nothing to send',
      job({ result: { ...result, redriven: 0 } }),
      { kind: 'nothing', text: 'There is nothing to put back.' },
    ],
    [
      'a check that found nothing at all',
      job({ result: { ...result, redriven: 0, matching: 0 } }),
      { kind: 'nothing', text: 'No dead letter matches.' },
    ],
    ['sent', job({ dry_run: false, redriven: 1, result: { ...result, dry_run: false } }), { kind: 'sent', text: '1 record was put back.' }],
    [
      'failed',
      sending({ state: 'failed', error: { code: 'log_unavailable', message: 'm', hint: 'h' } }),
      { kind: 'failed', code: 'log_unavailable', hint: 'h', redriven: 5 },
    ],
    ['failed without saying why', sending({ state: 'failed' }), { kind: 'failed', code: 'internal' }],
  ])('%s', (_, of, step) => {
    expect(stepOf(of)).toMatchObject(step);
    expect(isOver(of)).toBe(!['running', 'stopping'].includes(of.state));
  });

  it('says before the confirmation what it will do, and that it cannot be taken back', () => {
    expect(stepOf(job({ request: { dry_run: true, rate: 5 } }))).toMatchObject({
      confirm:
        'This appends 2 records to tip.served as they were refused, 5 records a second at most. ' +
        'The log keeps what is appended: it cannot be taken back. The dead letters stay.',
    });
    const one = { ...result, redriven: 1, records: result.records.slice(0, 1) };
    expect(stepOf(job({ request: { dry_run: true, dead_letter: 'a/0/1', value: '{}' }, result: one }))).toMatchObject({
      confirm:
        'This appends 1 record to tip.served with the corrected value. ' +
        'The log keeps what is appended: it cannot be taken back. The dead letter stays.',
    });
    expect(stepOf(job({ result: { ...result, records_omitted: 1 } }))).toMatchObject({
      confirm: expect.stringContaining('to their topics') as string,
    });
  });

  it('sends no more than was shown, or than was left when it stopped', () => {
    expect(confirmed(job({}))).toEqual({ topic: 'tip.served', max: 2, dry_run: false });
    const tooLarge = { ...result, skipped: { ...result.skipped, too_large: 3 } };
    expect(confirmed(job({ request: { max: 100, rate: 5, dry_run: true }, result: tooLarge }))).toEqual({
      max: 5,
      rate: 5,
      dry_run: false,
    });
    expect(confirmed(sending({ state: 'stopped', request: { max: 20, dry_run: false } }))).toEqual({ max: 15, dry_run: false });
    expect(confirmed(sending({ state: 'stopped', request: { dry_run: false } }))).toEqual({ dry_run: false });
  });

  it('has remarks on what is left out and not known', () => {
    expect(remarksOf(result)).toEqual(['Left out: 1 put back before.']);
    expect(
      remarksOf({
        ...result,
        skipped: { redriven: 0, failed_again: 2, unknown_source: 1, bytes_missing: 1, too_large: 1 },
        left: 1,
        records_omitted: 2,
        profiles: { ...result.profiles!, users_omitted: 1, users_elsewhere: 3 },
        notes: ['tip.served partition 0 begins at offset 5'],
      }),
    ).toEqual([
      'Left out: 2 put back before and refused again.',
      'Left out: 1 that do not say where their records lay.',
      'Left out: 1 whose bytes neither the dead letter nor the log has any more.',
      'Left out: 1 that with the headers of a redrive would be larger than their topic takes.',
      '1 more matches: the next redrive takes them.',
      '2 more records are not in the table.',
      'The profiles of 3 users are not here: what would change there is not known.',
      '1 further user is not in the comparison.',
      'Tip.served partition 0 begins at offset 5.',
    ]);
  });

  it('shows changed values, and tells none from not known', () => {
    expect(changesOf(result)).toEqual([{ user: 'user-1', feature: 'tip_volume_30d', before: '4', after: '5' }]);
    expect(changesOf({ ...result, profiles: undefined })).toBeUndefined();
    const users = [{ user_id: 'u', before: null, after: { snooze_rate_30d: null }, changed: ['snooze_rate_30d'] }];
    expect(changesOf({ ...result, profiles: { ...result.profiles!, users } })).toEqual([
      { user: 'u', feature: 'snooze_rate_30d', before: 'not known', after: 'null' },
    ]);
  });
});

describe('what somebody asks for', () => {
  const time = (ms: number) => `T${ms}`;
  it.each([
    [{}, 'all dead letters'],
    [{ again: true }, 'all dead letters, also those refused again'],
    [{ topic: 'tip.served', code: 'not_json', since_ms: 7 }, 'the dead letters refused as not_json of tip.served since T7'],
    [{ since_ms: 7 }, 'the dead letters since T7'],
    [{ dead_letter: 'a/0/1' }, 'the dead letter a/0/1'],
  ] as const)('%j is %s', (request, text) => {
    expect(chosenText(request, time)).toBe(text);
  });

  it.each(['0', '11', '1.5', '-1', 'x', '1e1'])('%s is no number up to 10', (text) => {
    expect(numberGiven(text, 10)).toEqual({ wrong: 'Give a whole number from 1 to 10, or nothing.' });
  });

  it('nothing is no number, and no mistake', () => {
    expect([numberGiven('', 10), numberGiven(' 7 ', 10)]).toEqual([{}, { number: 7 }]);
  });
});
