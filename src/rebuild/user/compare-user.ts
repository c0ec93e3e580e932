/** Compares a user's live profile with the one that a replay gives. */
import { TipstreamError } from '../../errors.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import { isSameValue } from '../../projections/object-value.js';
import { type KeptOfUser, profileOf } from '../../projections/kept/user-rows.js';
import type { PartitionReader, ReadProfile } from '../../store/queries/partition-reader.js';
import type { RebuiltProfile } from './rebuilt-profile.js';

/** Neither the state nor the log has anything of the user. */
export function nothingOf(userId: string): TipstreamError {
  return new TipstreamError(
    'user_not_found',
    `user ${JSON.stringify(userId)} is not known: neither the state nor the log has a tip of theirs`,
    {
      hint: 'Check the id. Nothing was changed.',
      details: { user_id: userId },
    },
  );
}

/** Of a state that stands where the replay ended, before it is changed. */
export function compareUser(
  reader: PartitionReader,
  registry: Registry,
  userId: string,
  kept: KeptOfUser,
  nowMs: number,
): Pick<RebuiltProfile, 'before' | 'after' | 'changed'> {
  const { before, fromTips } = reader.snapshot(() => ({
    before: knownFeatures(reader.profile(userId, nowMs)),
    fromTips: knownFeatures(reader.profileFromTips(userId, nowMs)),
  }));
  const after = profileOf(registry, kept, nowMs);
  const changed = registry.names.filter((name) =>
    [before, fromTips].some((features) => !isSameValue(features?.[name] ?? null, after?.[name] ?? null)),
  );
  return { before, after, changed };
}

function knownFeatures(profile: ReadProfile | undefined): FeatureValues | null {
  return profile?.known ? profile.features : null;
}
