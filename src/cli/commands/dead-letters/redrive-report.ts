/** What a redrive did, or would do, for people. */
import type { FeatureValue } from '../../../projections/feature.js';
import { scalarOf } from '../../../projections/object-value.js';
import type { ProfileChanges } from '../../../redrive/preview.js';
import { SKIP_REASONS, type SkipReason } from '../../../redrive/plan.js';
import type { RedriveDocument } from '../../../redrive/redrive.js';
import type { Output } from '../../output/output.js';
import { cut } from '../../output/words.js';

const LEFT_OUT: Readonly<Record<SkipReason, string>> = {
  redriven: 'redriven before',
  failed_again: 'redriven before and refused again; --again redrives them once more',
  unknown_source: 'do not say where their records lay',
  bytes_missing: 'too large for their topic, and no longer in the log; see the folder dead-letters and `produce --raw`',
  too_large: 'would be larger, with the headers of a redrive, than their topic takes; raise its max.message.bytes',
};
const MESSAGE_WIDTH = 70;

export async function printRedrive(output: Output, document: RedriveDocument): Promise<void> {
  const { dry_run: dryRun, redriven, records, profiles, notes, skipped, left } = document;
  if (records.length > 0) {
    await output.table(
      ['DEAD LETTER', dryRun ? 'WOULD GO TO' : 'IS NOW', 'CODE', dryRun ? 'WOULD BE' : 'REDRIVES'],
      records.map(({ dead_letter: letter, to, code, redrive_count: count, refused }) => [
        letter,
        `${to.topic}/${to.partition}${to.offset === undefined ? '' : `/${to.offset}`}`,
        code,
        refused === undefined ? count : refused === null ? 'accepted' : cut(`refused: ${refused.code}: ${refused.message}`, MESSAGE_WIDTH),
      ]),
    );
  }
  if (document.records_omitted > 0) output.note(`${document.records_omitted} more records are not in this table`);
  if (profiles !== undefined && redriven > 0) await printProfiles(output, profiles);
  else if (dryRun && redriven > 0) output.note('there is no state here: what would change in profiles is not known');
  output.note(summary(document));
  for (const reason of SKIP_REASONS) if (skipped[reason] > 0) output.note(`left out: ${skipped[reason]} ${LEFT_OUT[reason]}`);
  if (left > 0) output.note(`${left} more match; run it again for the next ones`);
  for (const note of notes) output.note(note);
}

function summary({ dry_run: dryRun, redriven, would_be_refused: refused = 0, stopped }: RedriveDocument): string {
  if (dryRun) return `${redriven} would be redriven, of which ${refused} would be refused again; nothing was sent`;
  return `${redriven} redriven${stopped ? '; stopped before the end, and the same command goes on' : ''}`;
}

async function printProfiles(output: Output, { users, users_elsewhere: elsewhere, users_omitted: omitted }: ProfileChanges): Promise<void> {
  const rows = users.flatMap(({ user_id: user, before, after, changed }) =>
    changed.map((name) => [user, name, shown(before?.[name]), shown(after?.[name])]),
  );
  if (rows.length > 0) await output.table(['USER', 'FEATURE', 'NOW', 'THEN'], rows);
  else output.note('no profile would change as of now');
  if (elsewhere > 0) output.note(`the profiles of ${elsewhere} users are not in this data directory: what would change there is not known`);
  if (omitted > 0) output.note(`${omitted} events of further users are not in this comparison; --max takes fewer records`);
}

const shown = (value: FeatureValue | undefined): string | null => (value == null ? null : String(scalarOf(value)));
