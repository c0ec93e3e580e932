/**
 * Which users a promote covers. A rollout's id is the control_id of its first promote. It salts the split: a raised percentage only adds
 * users, and another rollout draws others. A promote without rollout_id, as earlier versions wrote it, places users by their id alone.
 */
import { createHash } from 'node:crypto';
import type { ControlEvent } from '../topics.js';
import { digestOf, uniformOf } from './draw.js';

/** What of a promote says whom it covers. */
export type Coverage = Pick<ControlEvent, 'percent' | 'rollout_id' | 'holdout'>;

/** What places a user in a rollout: see digestOf. */
export function rolloutDigest(rolloutId: string, userId: string): string {
  return digestOf(`${rolloutId}|${userId}`);
}

/** A user's place in a rollout, in [0, 1), a multiple of 2^-53: those below P / 100 are the first P percent. */
export function rolloutPlace(rolloutId: string, userId: string): number {
  return uniformOf(rolloutDigest(rolloutId, userId));
}

/** Where a user stands in [0, 100) for every promote without rollout_id. */
export function userPercentile(userId: string): number {
  return (createHash('sha256').update(userId, 'utf8').digest().readUInt32BE(0) / 2 ** 32) * 100;
}

/** Percent of the users that a promote covers, 0 to 100: at 100 percent all but its hold-out. */
export function reachOf({ percent, holdout }: Coverage): number {
  const asked = percent ?? 100;
  return asked < 100 ? asked : 100 - (holdout ?? 0);
}

/** Promotes with the same split cover the same users first; users' places in two splits are independent. */
export function splitOf({ rollout_id: rolloutId }: Coverage): string | null {
  return rolloutId ?? null;
}

export function covers(promote: Coverage, userId: string): boolean {
  const [split, reach] = [splitOf(promote), reachOf(promote)];
  if (reach >= 100) return true;
  return split === null ? userPercentile(userId) < reach : rolloutPlace(split, userId) < reach / 100;
}
