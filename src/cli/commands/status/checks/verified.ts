/** Whether the state was proven, and what has happened to it since. */
import type { Config } from '../../../../config.js';
import type { Verified } from '../../../../store/directory/verified-note.js';
import { counted } from '../../../output/words.js';
import { nextCommand } from '../../../output/next-command.js';
import { ageText, type Check } from '../check.js';

export interface VerifiedFacts {
  readonly note: Verified | undefined;
  /** The live generation; undefined: there is none. */
  readonly generation: string | undefined;
  /** partition -> topic -> next offset, of the files that can be read. */
  readonly applied: ReadonlyMap<number, ReadonlyMap<string, number>>;
  readonly nowMs: number;
}

export function verifiedCheck(config: Config, { note, generation, applied, nowMs }: VerifiedFacts): Check {
  const next = { next: nextCommand('verify', config) };
  const unknown = (summary: string, facts: object = {}): Check => ({
    name: 'verified',
    status: 'could_not_tell',
    summary,
    ...next,
    ...facts,
  });
  if (note === undefined && applied.size === 0)
    return { name: 'verified', status: 'could_not_tell', summary: 'there is no state to verify', verified_at_ms: null };
  if (note === undefined) return unknown('never verified here', { verified_at_ms: null });
  const moves = [...applied].flatMap(([partition, topics]) =>
    [...topics].map(([topic, offset]) => offset - (note.positions[topic]?.[partition] ?? 0)),
  );
  const since = moves.reduce((sum, records) => sum + Math.max(0, records), 0);
  const facts = {
    verified_at_ms: note.verified_at_ms,
    outcome: note.outcome,
    as_of_ms: note.as_of_ms,
    positions: note.positions,
    partitions_missing: note.partitions_missing,
    sample_users: note.sample_users,
    difference_count: note.difference_count,
    could_not_tell_count: note.could_not_tell_count,
    applied_since: since,
  };
  const ago = `${ageText(nowMs - note.verified_at_ms)} ago`;
  if (note.generation !== generation) return unknown(`the state was rebuilt since it was verified ${ago}`, facts);
  if (moves.some((records) => records < 0)) return unknown(`the state is older than what was verified ${ago}`, facts);
  const of = note.sample_users === null ? counted(note.verified_users, 'user') : `a sample of ${counted(note.verified_users, 'user')}`;
  const part = note.partitions_missing.length === 0 ? '' : `, without ${counted(note.partitions_missing.length, 'partition')}`;
  const later = since === 0 ? 'nothing was applied since' : `${counted(since, 'record was', 'records were')} applied since`;
  if (note.outcome === 'differs')
    return {
      name: 'verified',
      status: 'attention',
      summary: `${counted(note.difference_count, 'difference')} in ${of}${part}, ${ago}; ${later}`,
      ...next,
      ...facts,
    };
  const untold = note.could_not_tell_count === 0 ? '' : `, ${counted(note.could_not_tell_count, 'thing')} could not be told`;
  return { name: 'verified', status: 'ok', summary: `equal in ${of}${part}${untold}, ${ago}; ${later}`, ...facts };
}
