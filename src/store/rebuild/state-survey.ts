/** What one can tell of a state file without trusting it: whether it is whole, what it was made for, and what its rows still hold. */
import { TipstreamError } from '../../errors.js';
import type { Definitions } from '../../projections/definitions.js';
import { otherOptions, type Acceptance, type OtherOption } from '../tables/acceptance.js';
import { readDefinitions } from '../tables/definitions.js';
import { PruneReader } from '../tables/prunes.js';
import { checkPages, compareIdentity, guarded, openStateForReading, readIdentity, type StateIdentity } from '../state-file.js';

export interface WholeState {
  readonly kind: 'whole';
  readonly identity: StateIdentity;
  /** undefined: the file does not say. */
  readonly definitions: Definitions | undefined;
  /** Columns of the tip table. */
  readonly tipColumns: ReadonlySet<string>;
  /** Whether it keeps rows beside tips. */
  readonly hasRows: boolean;
  /** Options by which records are accepted that the file was folded with otherwise. */
  readonly otherOptions: readonly OtherOption[];
  /** The horizon of the last prune, Unix ms; null: nothing was ever pruned. */
  readonly horizonMs: number | null;
}

export type StateSurvey =
  | { readonly kind: 'missing' }
  /** Damaged, or of a schema that this tipstream does not read; the error says which. */
  | { readonly kind: 'unusable'; readonly error: TipstreamError }
  | WholeState;

/** SQLite says these of files that may be whole: nobody could reach them just now. */
const OUT_OF_REACH = /^SQLITE_(CANTOPEN|READONLY|PERM|AUTH|BUSY|LOCKED|NOMEM|FULL)|^E(ACCES|PERM|MFILE|NOENT)$/;

/**
 * Reads all of the file, page by page. Throws what opening it throws where the file is whole and belongs elsewhere (another log,
 * prefix, partition or count of partitions), or could not be read for a reason outside of it.
 */
export function surveyState(
  path: string,
  identity: Partial<Omit<StateIdentity, 'featureSet'>>,
  accepts: Partial<Acceptance> = {},
): StateSurvey {
  try {
    return guarded(path, () => survey(path, identity, accepts));
  } catch (error) {
    if (!(error instanceof TipstreamError)) throw error;
    if (error.code === 'no_data') return { kind: 'missing' };
    const sqlite = error.details?.sqlite;
    if (error.code === 'state_corrupt' && !(typeof sqlite === 'string' && OUT_OF_REACH.test(sqlite))) return { kind: 'unusable', error };
    if (error.code === 'state_newer' || (error.code === 'state_mismatch' && error.details?.schema_version !== undefined))
      return { kind: 'unusable', error };
    throw error;
  }
}

function survey(path: string, identity: Partial<StateIdentity>, accepts: Partial<Acceptance>): WholeState {
  const db = openStateForReading(path);
  try {
    checkPages(db, path);
    compareIdentity(db, path, identity);
    return {
      kind: 'whole',
      identity: readIdentity(db),
      definitions: readDefinitions(db),
      tipColumns: new Set(db.prepare<[], string>("SELECT name FROM pragma_table_info('tip')").pluck().all()),
      otherOptions: otherOptions(db, accepts),
      hasRows: db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'row_aggregate'").get() !== undefined,
      horizonMs: new PruneReader(db).horizonMs(),
    };
  } finally {
    db.close();
  }
}
