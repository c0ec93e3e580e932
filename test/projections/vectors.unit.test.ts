/** The worked examples of the contract: the oracle and the core each give every digest and every profile exactly. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareCodePoints } from '../../src/events/strings.js';
import { isKnown } from '../../src/projections/aggregate.js';
import { aggregateAt } from '../../src/projections/as-of.js';
import { ProfileDigester } from '../../src/projections/digest.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { oracleDigest, type OracleEvent, oracleProfiles } from '../oracle/profile.js';
import { UserTips } from '../support/user-tips.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const events = fixture('profile-events.ndjson')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as OracleEvent);
const expected = JSON.parse(fixture('profile-expected.json')) as {
  as_of: Record<string, { digest: string; users: number }>;
  profiles: Record<string, Record<string, number | string | null>>;
  profiles_as_of_ms: number;
};
const asOfTimes = Object.keys(expected.as_of).map(Number);

describe('the naive oracle', () => {
  it.each(asOfTimes)('gives the digest as of %i', (asOfMs) => {
    const profiles = oracleProfiles(events, asOfMs);
    expect({ digest: oracleDigest(profiles), users: profiles.size }).toEqual(expected.as_of[asOfMs]);
  });

  it('gives every profile', () => {
    expect(Object.fromEntries(oracleProfiles(events, expected.profiles_as_of_ms))).toEqual(expected.profiles);
  });
});

describe.each(['all tips', 'the time index'])('the core, from %s', (way) => {
  const nowMs = asOfTimes[0]!;
  const users = new Map<string, UserTips>();
  for (const event of events) {
    const user = users.get(event.value.user_id) ?? new UserTips();
    users.set(event.value.user_id, user);
    user.fold(event, nowMs);
  }
  const inOrder = [...users].sort(([a], [b]) => compareCodePoints(a, b));
  const aggregatesAt = (asOfMs: number) =>
    inOrder
      .map(([userId, user]) => ({
        userId,
        aggregate: aggregateAt(coreRegistry, asOfMs, way === 'all tips' ? user.source() : user.indexedSource(), user.aggregate),
      }))
      .filter(({ aggregate }) => isKnown(aggregate));

  it.each(asOfTimes)('gives the digest as of %i', (asOfMs) => {
    const digester = new ProfileDigester();
    for (const { userId, aggregate } of aggregatesAt(asOfMs)) digester.add(userId, coreRegistry.values(aggregate));
    expect(digester.finish()).toEqual(expected.as_of[asOfMs]);
  });

  it('gives every profile', () => {
    const profiles = aggregatesAt(expected.profiles_as_of_ms).map(({ userId, aggregate }) => [userId, coreRegistry.values(aggregate)]);
    expect(Object.fromEntries(profiles)).toEqual(expected.profiles);
  });
});
