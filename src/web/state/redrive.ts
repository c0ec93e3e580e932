/** The steps of a redrive as the page takes them: what it would do first, then the confirmation, then what was done. Pure. */
import { comparedText } from '../format/features.js';
import type { RedriveDocument, RedriveJob, RedriveRequest } from '../../service/application.js';
import { count, counted } from '../format/numbers.js';

/** Which dead letters, and how. */
export type RedriveChoice = Omit<RedriveRequest, 'dry_run'>;

export interface ChangedValue {
  readonly user: string;
  readonly feature: string;
  readonly before: string;
  readonly after: string;
}

/** What the user may do next. */
export type RedriveStep =
  /** Under way: to be watched, and stopped. */
  | { readonly kind: 'running'; readonly isStopping: boolean; readonly text: string; readonly share: number | null }
  /** A check that found records to send: to be confirmed. */
  | { readonly kind: 'shown'; readonly result: RedriveDocument; readonly text: string; readonly confirm: string }
  /** A check that found none. */
  | { readonly kind: 'nothing'; readonly result: RedriveDocument; readonly text: string }
  | { readonly kind: 'sent'; readonly result: RedriveDocument; readonly text: string }
  /** `mayGoOn`: records were being sent, and the same request sends the rest. */
  | { readonly kind: 'stopped'; readonly text: string; readonly mayGoOn: boolean }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
      readonly redriven: number;
    };

export const isOver = ({ state }: Pick<RedriveJob, 'state'>): boolean => state !== 'running' && state !== 'stopping';

export function stepOf(job: RedriveJob): RedriveStep {
  const { state, dry_run: isDryRun, redriven, result, error } = job;
  if (!isOver(job)) return running(job);
  if (state === 'stopped')
    return {
      kind: 'stopped',
      mayGoOn: !isDryRun,
      text: isDryRun
        ? 'The check was stopped. Nothing was sent.'
        : `Stopped. ${were(redriven)} put back and ${redriven === 1 ? 'stays' : 'stay'} there; to go on sends the others, and none twice.`,
    };
  if (state === 'failed' || result === undefined)
    return {
      kind: 'failed',
      code: error?.code ?? 'internal',
      message: error?.message ?? 'the job ended without a result',
      hint: error?.hint,
      redriven,
    };
  if (!isDryRun) return { kind: 'sent', result, text: `${were(redriven)} put back.` };
  if (result.redriven === 0)
    return { kind: 'nothing', result, text: result.matching === 0 ? 'No dead letter matches.' : 'There is nothing to put back.' };
  return { kind: 'shown', result, text: shownText(result), confirm: confirmText(job.request, result) };
}

/**
 * The request that a confirmation or going on makes of a job: no more records than were shown, or than are left, whatever has been refused
 * since.
 */
export function confirmed({ request, dry_run: isDryRun, redriven, result }: RedriveJob): RedriveRequest {
  const { max } = request;
  const most = isDryRun
    ? result && result.redriven + result.skipped.too_large
    : max === undefined
      ? undefined
      : Math.max(1, max - redriven);
  return { ...request, ...(most === undefined ? {} : { max: most }), dry_run: false };
}

function running({ state, dry_run: isDryRun, progress: { step, done, total } }: RedriveJob): RedriveStep {
  const of = total === null ? '' : `: ${count(done)} of ${count(total)} ${step === 'looking' ? 'offsets' : 'records'}`;
  const what = step === 'sending' ? 'Putting back' : isDryRun ? 'Checking the source topics' : 'Looking at what was put back before';
  const share = total === null ? null : total === 0 ? 1 : Math.min(1, done / total);
  return { kind: 'running', isStopping: state === 'stopping', text: `${what}${of}`, share };
}

function shownText({ redriven, would_be_refused: refused = 0 }: RedriveDocument): string {
  const would = `${counted(redriven, 'record')} would be put back`;
  if (refused === 0) return `${would}, and ${redriven === 1 ? 'it would be accepted' : 'all would be accepted'}.`;
  if (refused === redriven) return `${would}, and ${redriven === 1 ? 'it' : 'all'} would be refused again.`;
  return `${would}: ${count(redriven - refused)} would be accepted, and ${count(refused)} refused again.`;
}

/** What the button does, before somebody presses it. */
function confirmText({ rate, value }: RedriveRequest, { redriven, records, records_omitted: omitted }: RedriveDocument): string {
  const topics = [...new Set(records.map(({ to }) => to.topic))];
  const where = omitted > 0 ? 'their topics' : topics.join(' and ');
  const pace = rate === undefined ? '' : `, ${counted(rate, 'record')} a second at most`;
  const asBefore = redriven === 1 ? 'as it was refused' : 'as they were refused';
  return (
    `This appends ${counted(redriven, 'record')} to ${where} ${value === undefined ? asBefore : 'with the corrected value'}${pace}. ` +
    `The log keeps what is appended: it cannot be taken back. The dead ${redriven === 1 ? 'letter stays' : 'letters stay'}.`
  );
}

const were = (redriven: number): string => `${counted(redriven, 'record')} ${redriven === 1 ? 'was' : 'were'}`;

const LEFT_OUT: readonly (readonly [keyof RedriveDocument['skipped'], string])[] = [
  ['redriven', 'put back before'],
  ['failed_again', 'put back before and refused again'],
  ['unknown_source', 'that do not say where their records lay'],
  ['bytes_missing', 'whose bytes neither the dead letter nor the log has any more'],
  ['too_large', 'that with the headers of a redrive would be larger than their topic takes'],
];

/** Sentences on what is not sent, and on what is not known. */
export function remarksOf({ skipped, left, notes, records_omitted: omitted, profiles }: RedriveDocument): readonly string[] {
  const remarks = LEFT_OUT.filter(([reason]) => skipped[reason] > 0).map(
    ([reason, text]) => `Left out: ${count(skipped[reason])} ${text}.`,
  );
  if (left > 0) remarks.push(`${counted(left, 'more matches', 'more match')}: the next redrive takes them.`);
  if (omitted > 0) remarks.push(`${counted(omitted, 'more record is', 'more records are')} not in the table.`);
  if (profiles !== undefined && profiles.users_elsewhere > 0)
    remarks.push(`The profiles of ${counted(profiles.users_elsewhere, 'user')} are not here: what would change there is not known.`);
  if (profiles !== undefined && profiles.users_omitted > 0)
    remarks.push(`${counted(profiles.users_omitted, 'further user is', 'further users are')} not in the comparison.`);
  return [...remarks, ...notes.map((note) => `${note[0]!.toUpperCase()}${note.slice(1)}.`)];
}

/** Of a check; undefined: there is no state to compare with. */
export function changesOf({ profiles }: RedriveDocument): readonly ChangedValue[] | undefined {
  return profiles?.users.flatMap(({ user_id: user, before, after, changed }) =>
    changed.map((feature) => ({ user, feature, before: comparedText(before?.[feature]), after: comparedText(after?.[feature]) })),
  );
}

/** Which dead letters a request chooses, as the end of a sentence. */
export function chosenText(
  { topic, code, since_ms: sinceMs, dead_letter: address, again }: RedriveChoice,
  timeText: (ms: number) => string,
): string {
  if (address !== undefined) return `the dead letter ${address}`;
  const parts = [
    code === undefined ? '' : ` refused as ${code}`,
    topic === undefined ? '' : ` of ${topic}`,
    sinceMs === undefined ? '' : ` since ${timeText(sinceMs)}`,
    again === true ? ', also those refused again' : '',
  ].join('');
  return `${topic === undefined && code === undefined && sinceMs === undefined ? 'all dead letters' : 'the dead letters'}${parts}`;
}

/** A number that somebody typed; undefined: none, and `wrong` says what is to be typed. */
export function numberGiven(text: string, most: number): { readonly number?: number; readonly wrong?: string } {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  const number = Number(trimmed);
  return /^\d+$/.test(trimmed) && number >= 1 && number <= most
    ? { number }
    : { wrong: `Give a whole number from 1 to ${count(most)}, or nothing.` };
}
