/**
 * Where the state of a partition comes from when it is made anew for a set of feature definitions: from the tip rows that the live
 * file keeps, where they are all that the definitions read and can be trusted to be, else from the log.
 */
import { TipstreamError } from '../errors.js';
import { changesBetween, type DefinitionChanges, describeChanges } from '../projections/definitions.js';
import type { Registry } from '../projections/registry.js';
import { DAY_MS } from '../projections/window.js';
import type { Acceptance, OtherOption } from '../store/tables/acceptance.js';
import type { StateIdentity } from '../store/state-file.js';
import { surveyState, type WholeState } from '../store/rebuild/state-survey.js';

export interface PlannedSource {
  readonly source: 'tips' | 'log';
  /** In words: `partition 3: from the log, because REASON`. */
  readonly reason: string;
  /**
   * Whether the new state can be compared with the live one: `same` by counters (PartitionReader), `previous` by the SQL that the live
   * file was folded with (PreviousProfiles), `none` not at all.
   */
  readonly comparison: 'same' | 'previous' | 'none';
  /** What is new against the definitions that the live file was folded with; null where it does not say, or cannot be read. */
  readonly changes: DefinitionChanges | null;
  /** From the log: whether to repeat the prunes that the live file records. Not where they took what the definitions read as of now. */
  readonly repeatPrunes: boolean;
  /** Options by which records are accepted that the live file was folded with otherwise: then the state is made from the log. */
  readonly otherOptions: readonly OtherOption[];
}

export interface PlanOptions {
  /** By which records are accepted from now on. */
  readonly accepts?: Acceptance | undefined;
  /** What the live file must be of; one that is whole and of something else is an error. */
  readonly identity?: Partial<Omit<StateIdentity, 'featureSet'>>;
  /** Unix ms. */
  readonly nowMs: number;
}

/**
 * Reads all of the live file, to know whether it is whole. Throws state_mismatch and partition_count_changed for one of another log,
 * prefix, partition or count of partitions, data_in_use for one that is locked.
 */
export function planSource(livePath: string, registry: Registry, { identity = {}, accepts, nowMs }: PlanOptions): PlannedSource {
  const found = surveyState(livePath, identity, accepts);
  switch (found.kind) {
    case 'missing':
      return { ...fromLog('there is no state file of it'), comparison: 'none', changes: null, otherOptions: [] };
    case 'unusable':
      return { ...fromLog(withoutPath(found.error, livePath)), comparison: 'none', changes: null, otherOptions: [] };
    case 'whole':
      return planFor(found, registry, nowMs);
  }
}

function planFor(found: WholeState, registry: Registry, nowMs: number): PlannedSource {
  const { definitions, identity, horizonMs, tipColumns, hasRows, otherOptions } = found;
  if (identity.featureSet === registry.featureSet) {
    return {
      ...fromLog('the definitions are the same: what is asked for is the proof that a replay gives'),
      comparison: 'same',
      changes: changesBetween(registry.definitions, registry.definitions),
      otherOptions,
    };
  }
  const changes = definitions === undefined ? null : changesBetween(definitions, registry.definitions);
  const planned = (plan: SourceAndReason): PlannedSource => ({ ...plan, comparison: 'previous', changes, otherOptions });

  if (otherOptions.length > 0)
    return planned(fromLog(`it was folded with ${otherOptions.map(({ option, stored }) => `${option} ${stored}`).join(' ')}`));
  if (changes === null)
    return planned(fromLog('its file does not say which definitions it was folded with, nor by which rules tips were counted'));
  if (changes.semantics !== undefined) {
    return planned(
      fromLog(`what is kept of tips follows other rules since (version ${changes.semantics.from} -> ${changes.semantics.to})`),
    );
  }
  if (hasRows || registry.kinds.length > 0)
    return planned(
      fromLog('the previous definitions or these have features of other rows than tips, and those are made from the log alone'),
    );
  const unkept = registry.definitions.features.find(({ reads }) => reads.some((column) => !tipColumns.has(column)));
  if (unkept !== undefined)
    return planned(
      fromLog(`${unkept.name} reads ${unkept.reads.find((column) => !tipColumns.has(column))!}, which its tip rows do not have`),
    );

  const longestMs = registry.windowsMs.at(-1)!;
  if (horizonMs !== null && nowMs - longestMs < horizonMs) {
    return planned(
      fromLog(
        `tips older than ${new Date(horizonMs).toISOString()} have been pruned, and the definitions ` +
          `look back ${longestMs / DAY_MS} days from now`,
        false,
      ),
    );
  }
  return planned({
    source: 'tips',
    reason: `the tip rows that are kept hold all that the new definitions read (${describeChanges(changes)})`,
    repeatPrunes: true,
  });
}

type SourceAndReason = Pick<PlannedSource, 'source' | 'reason' | 'repeatPrunes'>;

function fromLog(reason: string, repeatPrunes = true): SourceAndReason {
  return { source: 'log', reason, repeatPrunes };
}

function withoutPath(error: TipstreamError, path: string): string {
  return error.message.replace(`state file ${path} `, 'its file ');
}

/** What `rebuild` says when the process that runs on the data directory has other definitions than the rebuilt state is of. */
export function ownerHasPreviousDefinitions(dataDirectory: string, { featureSet }: Registry, changes: DefinitionChanges): TipstreamError {
  return new TipstreamError(
    'state_mismatch',
    `a service with the previous definitions runs on ${dataDirectory}; the rebuilt state is of others ` +
      `(feature set ${featureSet}: ${describeChanges(changes)})`,
    {
      hint:
        'Stop the service that runs the previous definitions, then run `tipstream rebuild` again: it ' +
        'resumes. After that, start the service with the new ones.',
      details: { path: dataDirectory, feature_set: featureSet, ...changes },
    },
  );
}

/** As ownerHasPreviousDefinitions, of the options by which records are accepted. */
export function ownerHasPreviousOptions(
  dataDirectory: string,
  options: readonly { readonly option: string; readonly live: string; readonly rebuilt: string }[],
): TipstreamError {
  const listed = (of: 'live' | 'rebuilt') => options.map((one) => `${one.option} ${one[of]}`).join(' ');
  return new TipstreamError(
    'state_mismatch',
    `a service with ${listed('live')} runs on ${dataDirectory}; the rebuilt state is of ${listed('rebuilt')}`,
    {
      hint: `Stop that service, then run \`tipstream rebuild\` again: it resumes. After that, start the service with ${listed('rebuilt')}.`,
      details: { path: dataDirectory, options },
    },
  );
}

/** Whether `changes` says that anything is different. */
export function isChanged(changes: DefinitionChanges | null): changes is DefinitionChanges {
  return (
    changes !== null &&
    (changes.added.length > 0 || changes.changed.length > 0 || changes.removed.length > 0 || changes.semantics !== undefined)
  );
}
